"""`tidemill audition MODEL --incumbent FILE | ls | show`: the loop's year beside the present system's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tidemill.access.callers import local
from tidemill.backtest.compared import INCUMBENT
from tidemill.backtest.cuts import Asked
from tidemill.backtest.lived import LOOP
from tidemill.cli.backtest import Playing, figure_of, gained, walk_options
from tidemill.cli.output import Answer, Column, Part, Table, command, fields, listed, paged, wants_json
from tidemill.cli.run import steps_shown
from tidemill.ops import auditions as verbs
from tidemill.ops.auditions import Audition
from tidemill.scope.project import Project

RUNS: dict[str, Column] = {
    "audition": "id",
    "model": lambda run: run.params["name"],
    "incumbent": lambda run: run.params["file"]["name"],
    **fields("status", "started"),
}


@click.group(cls=Playing)
def audition() -> None:
    """What the present system predicted beside what the loop would have answered, on the same requests."""


@command(audition, "play")
@click.argument("model", required=False)
@click.option(
    "--incumbent",
    required=True,
    type=click.Path(path_type=Path),
    help="Its predictions: a table with the columns that name a row, and prediction, probability or items.",
)
@click.option("--out", type=click.Path(path_type=Path), help="A folder for the report: signed, and as Markdown.")
@walk_options
def play(project: Project, model: str | None, incumbent: Path, out: Path | None, **asked: Any) -> Answer:
    """Hold the predictions of FILE against those of MODEL (the only one, if not said). Killed, the same command goes on."""
    if out:
        verbs.checked(out)
    with steps_shown(wants_json()) as on_event:
        found = verbs.hold(project, local(project), Asked(model, **asked), incumbent, on_event)
    written = verbs.write(project, found, out) if out else []
    return _answer(found, [f"written: {path}" for path in written])


@command(audition)
@paged(30)
def ls(project: Project, limit: int, before: str | None) -> Answer:
    """The latest auditions."""
    return listed(verbs.ls(project, limit, before), RUNS)


@command(audition)
@click.argument("run")
@click.option("--out", type=click.Path(path_type=Path), help="A folder for the report: signed, and as Markdown.")
def show(project: Project, run: str, out: Path | None) -> Answer:
    """One of them, its signature verified: by month, the verdict, and what it cannot know."""
    found = verbs.show(project, run)
    written = verbs.write(project, found, out) if out else []
    return _answer(found, [f"written: {path}" for path in written])


def _answer(found: Audition, more: list[str]) -> Answer:
    report = found.report
    facts = {
        "audition": found.run,
        "model": found.model,
        "verdict": found.verdict,
        "metric": f"{report.metric} ({report.better} is better)",
        "signed": found.signed,
    }
    columns: dict[str, Column] = {
        "month": "month",
        "requests": "n",
        "loop": figure_of(LOOP),
        "present system": figure_of(INCUMBENT),
    }
    columns["gain"] = gained
    known = [f"not known: {line}" for line in report.cannot_know]
    parts: list[Part] = [facts, "", Table(columns, report.months), "", *found.said, *known, *more]
    return Answer(found, parts)
