"""How a demo is told on a terminal: year one's steps, the timeline, and the table with and without the loop."""

from __future__ import annotations

import sys
from typing import Any

from tidemill.types import JsonObject, to_iso

WORDS = {
    "alarm": ("alarm", "yellow"),
    "retrain": ("retrain", "cyan"),
    "refused": ("refused", "magenta"),
    "canary": ("canary", "cyan"),
    "promoted": ("promoted", "green"),
    "rolled_back": ("rolled back", "bold red"),
    "override": ("override", "bold red"),
    "failed": ("failed", "red"),
    "damaged": ("damaged", "red"),
}
PIPELINES = {
    "data": "rows ingested, checked, profiled",
    "model": "searched, trained, measured",
    "release": "through its gates, signed",
}


class Teller:
    """Prints the story: one live bar under a timeline on a terminal, plain lines elsewhere. Nothing of the bar stays."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        tty = sys.stdout.isatty()
        self.console = Console(highlight=False, stderr=False, width=None if tty else 400)
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(None),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
            disable=not self.console.is_terminal,
            transient=True,
            expand=True,
        )
        self._bars: dict[str, Any] = {}
        self._steps: list[str] = []

    def __enter__(self) -> Teller:
        self.progress.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.progress.stop()

    def __call__(self, what: str, facts: JsonObject) -> None:
        if what == "stage":
            from rich.text import Text

            self.console.print(Text(str(facts["text"]), style="bold"))
        elif what == "progress":
            self._progress(facts)
        elif what == "event":
            self._event(facts)
        elif what == "day":
            text = f"{to_iso(facts['at'])[:10]}  {facts['requests']:,} requests"
            self._bar("day", text, facts["day"], facts["of"])

    def _progress(self, facts: JsonObject) -> None:
        """A step under way is the bar; a finished run is a line with its steps."""
        what, step = facts["what"], str(facts.get("step") or "")
        if what == "started":
            self._bar("step", f"  {step}", 0, None)
        elif what == "progress":
            self._bar("step", f"  {step}: {facts['text'] or ''}", facts["done"], facts["total"])
        elif what in ("finished", "cached"):
            self._steps.append(step if what == "finished" else f"{step} (reused)")
        elif what == "run_finished":
            self._end("step")
            pipeline, steps = str(facts["pipeline"]), ", ".join(self._steps)
            self._line("", "green", pipeline, f"{PIPELINES.get(pipeline, '')}: {steps}", wide=7)
            self._steps.clear()

    def _bar(self, name: str, text: str, done: float, total: float | None) -> None:
        from rich.markup import escape

        text = escape(text if len(text) <= 40 else text[:39] + "…")
        if name not in self._bars:
            self._bars[name] = self.progress.add_task(text, total=total)
        self.progress.update(self._bars[name], completed=done, total=total, description=text)

    def _end(self, name: str) -> None:
        if name in self._bars:
            self.progress.remove_task(self._bars.pop(name))

    def _event(self, facts: JsonObject) -> None:
        word, colour = WORDS.get(str(facts["kind"]), ("", ""))
        if word:
            name = _name(str(facts.get("model") or facts["subject"]))
            self._line(to_iso(facts["at"])[:10], colour, word, _words(facts), name)

    def _line(self, first: str, colour: str, word: str, text: str, name: str | None = None, wide: int = 11) -> None:
        """Columns, so that what does not fit goes on below its own column."""
        from rich.table import Table
        from rich.text import Text

        cells = [Text(first), Text(word, style=colour), *([Text(name, style="bold")] if name is not None else [])]
        widths = [10 if first else 0, wide, *([7] if name is not None else [])]
        line = Table.grid(padding=(0, 2, 0, 0))
        for width in widths:
            line.add_column(width=width, no_wrap=True)
        line.add_column(overflow="fold")
        line.add_row(*cells, Text(text))
        self.console.print(line)


def _name(ref: str) -> str:
    return "" if ref.startswith("decision:") else ref.removeprefix("model:").removeprefix("endpoint:")


def _words(facts: JsonObject) -> str:
    """What a person reads of an event."""
    if facts["kind"] == "alarm":
        hurts = facts.get("hurts") or {}
        return f"{', '.join(facts.get('what') or [])}; quality affected: {hurts.get('answer', '')}"
    if facts["kind"] == "canary":
        return f"serves {facts.get('share', 0):.0%} of the customers"
    if facts["kind"] == "promoted":
        return "serves 100 %"
    text = str(facts.get("reason") or facts.get("text") or facts.get("message") or "").split(";")[0]
    return f"past the gates, by hand: “{text}”" if facts["kind"] == "override" else text


def show_summary(console: Any, summary: JsonObject) -> None:
    """What ends the demo: quality with and without the loop, what was overridden and taken back, and the counts."""
    from tidemill.recipes.recommend.summary import ARMS

    console.print()
    console.print(_by_month(summary["months"]))
    for arm, words in ARMS.items():
        console.print(f"  {arm.replace('_', '-'):<10}  {words}", style="dim")
    console.print()
    for name, words in (
        ("loop_static", "the loop less its own first model"),
        ("loop_buy_again", "the loop less buy-again"),
    ):
        mean, low, high = summary["difference"][name]
        console.print(f"{words}: {mean:+.4f} (95 %: {low:+.4f} to {high:+.4f}, by customer)")
    for back in summary["rollbacks"]:
        console.print(_taken_back(back), markup=False)
    console.print(
        f"{_count(len(summary['alarms']), 'alarm')}, {_count(summary['retrains'], 'retrain')}: {summary['promoted']} promoted, "
        f"{summary['refused']} refused, {summary['rolled_back']} rolled back"
    )
    latency = summary["latency_ms"]
    console.print(
        f"{_count(summary['requests'], 'request')}, {_count(summary['outcomes'], 'outcome')}, {summary['lost']} lost; "
        f"scored in {latency['p50']:.2f} ms (p50), {latency['p99']:.2f} ms (p99); "
        f"{_count(summary['days'], 'day')} in {summary['seconds']:.0f} s"
    )


def _by_month(months: list[JsonObject]) -> Any:
    from rich.table import Table

    from tidemill.recipes.recommend.summary import ARMS

    drawn = Table(title="recall@20 by month", box=None, pad_edge=False, title_justify="left", header_style="bold")
    for heading in ("month", "requests", *ARMS):
        drawn.add_column(heading.replace("_", "-"), justify="left" if heading == "month" else "right")
    for month in months:
        recalls = month["recall@20"]
        drawn.add_row(month["month"], str(month["requests"]), *(f"{recalls[arm]:.3f}" for arm in ARMS))
    requests = sum(month["requests"] for month in months)
    if requests:
        means = (sum(m["requests"] * m["recall@20"][arm] for m in months) / requests for arm in ARMS)
        drawn.add_row("all", f"{requests:,}", *(f"{mean:.3f}" for mean in means), style="bold")
    return drawn


def _taken_back(back: JsonObject) -> str:
    model, why = _name(back["model"]), f"rolled back on {back['at'][:10]}: {back['reason'].split(';')[0]}"
    override = back["override"]
    return (
        f"{model}, forced past the gates by hand on {override['at'][:10]}, was {why}"
        if override
        else f"{model} was {why}"
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
