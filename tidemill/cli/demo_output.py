"""A demo on a terminal: year one's steps, the timeline, and the table with and without the loop."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table as Grid
from rich.text import Text

from tidemill.cli.output import Column, Part, Table
from tidemill.cli.run import StepPrinter
from tidemill.ops.text import plural
from tidemill.recipes.recommend.summary import ARMS
from tidemill.ref import Ref, short_name
from tidemill.types import JsonObject, to_iso

STYLES = {
    "alarm": "yellow",
    "retrain": "cyan",
    "refused": "magenta",
    "shadow": "magenta",
    "look": "magenta",
    "canary": "cyan",
    "promoted": "green",
    "rolled_back": "bold red",
    "override": "bold red",
    "failed": "red",
    "damaged": "red",
}
"""The events that are printed, and how."""
DIFFERENCES = {"loop_static": "the loop less its own first model", "loop_buy_again": "the loop less buy-again"}


class DemoPrinter:
    """Prints the story: one live bar under a timeline on a terminal, plain lines elsewhere. Nothing of the bar stays."""

    def __init__(self) -> None:
        self.console = Console(highlight=False, stderr=False, width=None if sys.stdout.isatty() else 400)
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
        self._steps = StepPrinter(self.progress)
        self._day: TaskID | None = None

    def __call__(self, what: str, facts: JsonObject) -> None:
        if what == "stage":
            self.console.print(Text(str(facts["text"]), style="bold"))
        elif what == "progress":
            self._steps(facts["what"], facts)
        elif what == "event" and facts["kind"] in STYLES:
            self._event(facts)
        elif what == "day":
            text = f"{to_iso(facts['at'])[:10]}  {facts['requests']:,} requests"
            self._day = self.progress.add_task(text, total=facts["of"]) if self._day is None else self._day
            self.progress.update(self._day, completed=facts["day"], description=text)

    def _event(self, facts: JsonObject) -> None:
        kind = str(facts["kind"])
        name = _name(str(facts.get("model") or facts["subject"]))
        line = Grid.grid(padding=(0, 2, 0, 0))  # columns, so that what does not fit goes on below its own column
        for width in (10, 11, 7):
            line.add_column(width=width, no_wrap=True)
        line.add_column(overflow="fold")
        word = Text(kind.replace("_", " "), STYLES[kind])
        line.add_row(Text(to_iso(facts["at"])[:10]), word, Text(name, "bold"), Text(_event_text(facts)))
        self.console.print(line)


def _name(ref: str) -> str:
    return "" if Ref.parse(ref).kind == "decision" else short_name(ref)


def _event_text(facts: JsonObject) -> str:
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


def summary_parts(summary: JsonObject) -> list[Part]:
    """What ends the demo: quality with and without the loop, what was overridden and taken back, and the counts."""
    latency = summary["latency_ms"]
    return [
        "\nrecall@20 by month",
        Table({"month": "month", "requests": "requests:,", **MONTH}, _with_all(summary["months"])),
        *(f"  {arm.replace('_', '-'):<10}  {words}" for arm, words in ARMS.items()),
        "",
        *(_difference(words, *summary["difference"][name]) for name, words in DIFFERENCES.items()),
        *(_taken_back(back) for back in summary["rollbacks"]),
        f"{plural(len(summary['alarms']), 'alarm')}, {plural(summary['retrains'], 'retrain')}: "
        f"{summary['promoted']} promoted, {summary['refused']} refused, {summary['rolled_back']} rolled back",
        *_score(summary["score"], summary["alarms"]),
        f"{plural(summary['requests'], 'request')}, {plural(summary['outcomes'], 'outcome')}, {summary['lost']} lost; "
        f"scored in {latency['p50']:.2f} ms (p50), {latency['p99']:.2f} ms (p99); "
        f"{plural(summary['days'], 'day')} in {summary['seconds']:.0f} s",
    ]


def _score(score: JsonObject, alarms: list[JsonObject]) -> list[Part]:
    """Whether what the loop did was right, by the labels of the four weeks after it; each alarm with what came of it."""
    if not score["counts"]:
        return []
    rows = [{"was it right?": kind.replace("_", " "), **of} for kind, of in score["counts"].items()]
    came = {one["subject"]: one["explained"] for one in score["items"] if one["kind"] == "alarm"}
    told = [_explained(alarm, came.get(f"alarm:{alarm['alarm']}", "not settled yet")) for alarm in alarms]
    return ["", Table({name: name for name in rows[0]}, rows), f"{score['open']} not settled yet", *told, ""]


def _explained(alarm: JsonObject, came: str) -> str:
    """What an alarm saw and in how much, and what came of it."""
    n, whose = alarm.get("rows"), alarm.get("subjects")
    seen = f" ({plural(n, 'row')}{f' of {whose:,} customers' if whose else ''})" if n else ""
    return f"  {alarm['at'][:10]} {alarm['monitor']}: {', '.join(alarm['what'])}{seen}; {came}"


def _with_all(months: list[JsonObject]) -> list[JsonObject]:
    """The months, and all of them together, each weighted by its requests."""
    requests = sum(month["requests"] for month in months)
    means = {arm: sum(m["requests"] * m["recall@20"][arm] for m in months) / max(requests, 1) for arm in ARMS}
    return [*months, {"month": "all", "requests": requests, "recall@20": means}]


def _recall(arm: str) -> Column:
    return lambda month: f"{month['recall@20'][arm]:.3f}"


MONTH: dict[str, Column] = {arm.replace("_", "-"): _recall(arm) for arm in ARMS}


def _difference(words: str, mean: float, low: float, high: float) -> str:
    return f"{words}: {mean:+.4f} (95 %: {low:+.4f} to {high:+.4f}, by customer)"


def _taken_back(back: JsonObject) -> str:
    forced = back["override"] and f", forced past the gates by hand on {back['override']['at'][:10]},"
    return f"{_name(back['model'])}{forced or ''} was rolled back on {back['at'][:10]}: {back['reason'].split(';')[0]}"
