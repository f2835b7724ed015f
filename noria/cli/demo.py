"""`noria demo`: two years of a real shop, told as it happens."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from noria.types import JsonObject, to_iso

if TYPE_CHECKING:
    from noria.project import Project
    from noria.serve.client import Client


@click.command()
@click.option("--once", is_flag=True, help="Exit at the end instead of leaving the server up to look at.")
@click.option("--days", type=click.IntRange(1, 374), help="Play fewer days; up to there it is the same story.")
@click.option("--seed", default=0, show_default=True, help="Another story: canaries and bootstraps are drawn from it.")
@click.option("--fresh", is_flag=True, help="Start anew; without it a replay that is there goes on.")
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the summary here.")
@click.option(
    "--log", "log_file", type=click.Path(path_type=Path, dir_okay=False), help="Write a Parquet row a request here."
)
@click.option("--folder", type=click.Path(path_type=Path), default=Path("shop"), show_default=True)
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0: any free port.")
@click.option("--shuffle-customers", is_flag=True, hidden=True)
def demo(
    once: bool,
    days: int | None,
    seed: int,
    fresh: bool,
    json_file: Path | None,
    log_file: Path | None,
    folder: Path,
    port: int,
    shuffle_customers: bool,
) -> None:
    """Two years of a real shop in a few minutes: build, release, serve, watch, retrain, roll back."""
    from noria.recipes.recommend.demo import Story, run_demo

    story = Story(folder.resolve(), days, seed, shuffle_customers)
    teller = Teller()
    with teller:
        run_demo(
            story,
            fresh=fresh,
            port=port,
            json_file=json_file,
            log_file=log_file,
            tell=teller,
            afterwards=lambda project, client, summary: _afterwards(teller, project, client, summary, once),
        )


WORDS = {
    "alarm": ("alarm", "yellow"),
    "retrain": ("retrain", "cyan"),
    "refused": ("refused", "magenta"),
    "canary": ("canary", "cyan"),
    "promoted": ("promoted", "green"),
    "rolled_back": ("rolled back", "red"),
    "forced": ("forced", "red"),
    "failed": ("failed", "red"),
    "damaged": ("damaged", "red"),
}


class Teller:
    """Prints the story: a progress bar and a timeline on a terminal, plain lines elsewhere."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self.console = Console(highlight=False, stderr=False, width=None if sys.stdout.isatty() else 150)
        self.progress = Progress(
            TextColumn("{task.description:<28}"),
            BarColumn(40),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
            disable=not self.console.is_terminal,
        )
        self._bars: dict[str, Any] = {}

    def __enter__(self) -> Teller:
        self.progress.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.progress.stop()

    def __call__(self, what: str, facts: JsonObject) -> None:
        if what == "stage":
            self.console.print(f"[bold]{facts['text']}[/]")
        elif what == "progress":
            self._step(facts)
        elif what == "event":
            self._event(facts)
        elif what == "day":
            self._bar("day", f"{to_iso(facts['at'])[:10]}  {facts['requests']} requests", facts["day"], facts["of"])

    def _step(self, facts: JsonObject) -> None:
        total = facts.get("total")
        if total:
            self._bar(
                str(facts.get("step")), f"  {facts.get('text') or facts.get('step')}", facts.get("done", 0), total
            )
        elif facts.get("what") in ("finished", "cached", "done"):
            self.console.print(f"  [dim]{facts.get('pipeline', '')}[/] {facts.get('step', '')} [dim]{facts['what']}[/]")

    def _bar(self, name: str, text: str, done: float, total: float) -> None:
        if name not in self._bars:
            self._bars[name] = self.progress.add_task(text, total=total)
        self.progress.update(self._bars[name], completed=done, total=total, description=text)
        if done >= total and name != "day":
            self.progress.remove_task(self._bars.pop(name))

    def _event(self, facts: JsonObject) -> None:
        word, colour = WORDS.get(str(facts["kind"]), ("", ""))
        if word:
            name = _name(str(facts.get("model") or facts["subject"]))
            text = _words(facts)
            self.console.print(
                f"{to_iso(facts['at'])[:10]}  [{colour}]{word:<12}[/] [bold]{name:<10}[/] {text}", soft_wrap=True
            )


def _name(ref: str) -> str:
    return "" if ref.startswith("decision:") else ref.removeprefix("model:").removeprefix("endpoint:")


def _words(facts: JsonObject) -> str:
    """What a person reads of an event."""
    if facts["kind"] == "alarm":
        hurts = facts.get("hurts") or {}
        return f"{', '.join(facts.get('what') or [])}; does it hurt? {hurts.get('answer', '')}"
    if facts["kind"] == "canary":
        return f"answers {facts.get('share', 0):.0%} of the customers"
    return str(facts.get("reason") or facts.get("text") or facts.get("message") or "").split(";")[0]


def _afterwards(teller: Teller, project: Project, client: Client, summary: JsonObject, once: bool) -> None:
    teller.progress.stop()
    show_summary(teller.console, summary)
    if once:
        return
    from noria.cli.up import login_address

    teller.console.print(f"\nlook at all of it:  [bold]{login_address(project)}[/]\n(Ctrl-C ends the server)")
    import signal

    try:
        signal.pause()
    except KeyboardInterrupt:
        teller.console.print("stopped; the same command shows it again")


def show_summary(console: Any, summary: JsonObject) -> None:
    """The table that ends the demo: quality with and without the loop."""
    from rich.table import Table

    drawn = Table(title="recall@20 by month", box=None, pad_edge=False, title_justify="left", header_style="bold")
    arms = ("loop", "static", "buy_again", "popularity")
    for heading in ("month", "requests", *arms):
        drawn.add_column(heading.replace("_", "-"), justify="left" if heading == "month" else "right")
    for month in summary["months"]:
        recalls = month["recall@20"]
        drawn.add_row(month["month"], str(month["requests"]), *(f"{recalls[arm]:.3f}" for arm in arms))
    console.print()
    console.print(drawn)
    for name, words in (
        ("loop_static", "the loop less its own first model"),
        ("loop_buy_again", "the loop less buy-again"),
    ):
        mean, low, high = summary["difference"][name]
        console.print(f"{words}: {mean:+.4f} (95 %: {low:+.4f} to {high:+.4f}, by customer)")
    latency = summary["latency_ms"]
    console.print(
        f"{summary['requests']:,} requests, {summary['outcomes']:,} outcomes, {summary['lost']} lost; "
        f"scored in {latency['p50']:.2f} ms (p50), {latency['p99']:.2f} ms (p99)"
    )
    console.print(
        f"{len(summary['alarms'])} alarms, {summary['retrains']} retrains: {summary['promoted']} promoted, {summary['refused']} refused, "
        f"{summary['rolled_back']} rolled back; {summary['days']} days in {summary['seconds']:.0f} s"
    )
