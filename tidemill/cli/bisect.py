"""`tidemill bisect --good MODEL --bad MODEL | --alarm ID | ls | show`: what made a version worse."""

from __future__ import annotations

from typing import Any, get_args

import click

from tidemill.access.callers import local
from tidemill.cli.output import Answer, Column, Listing, Table, command, fields, listed, paged, wants_json
from tidemill.cli.run import steps_shown
from tidemill.errors import NOT_ALL_RIGHT
from tidemill.ops import bisects as verbs
from tidemill.ops.bisects import Asked, Bisect
from tidemill.rebuild.bisect.asked import By, most
from tidemill.rebuild.bisect.traced import share_of
from tidemill.scope.project import Project

RUNS: dict[str, Column] = {
    "bisect": "id",
    "good": lambda run: run.params["models"][0],
    "bad": lambda run: run.params["models"][1],
    "by": lambda run: run.params["by"],
    **fields("status", "started"),
}


class Tracing(Listing):
    """A group that looks for the cause where no command of it is named."""

    default = "trace"


@click.group(cls=Tracing)
def bisect() -> None:
    """What made a version worse: it is rebuilt without halves of what is between it and a better one, until one part is left."""


@command(bisect)
@click.option("--good", default="", help="The version that was better: number, alias or reference.")
@click.option("--bad", default="", help="The version that is worse.")
@click.option("--alarm", default="", help="Of an alarm of decay: its version, and the champion before it.")
@click.option("--by", type=click.Choice(get_args(By)), help="What is halved. Left out: files, where these differ.")
@click.option("--budget", default="10 minutes", show_default=True, help="How long all rebuilds may take.")
@click.option("--rebuilds", type=click.IntRange(1, 64), help=f"At most so many; sixty parts take {most(60)}.")
def trace(project: Project, **asked: Any) -> Answer:
    """Look for the cause. Killed, or with more budget, the same command goes on. Exit code 9: no single cause was found."""
    with steps_shown(wants_json()) as on_event:
        found = verbs.bisect(project, local(project), Asked(**asked), on_event)
    return _answer(found)


@command(bisect)
@paged(30)
def ls(project: Project, limit: int, before: str | None) -> Answer:
    """The latest bisects."""
    return listed(verbs.ls(project, limit, before), RUNS)


@command(bisect)
@click.argument("run")
def show(project: Project, run: str) -> Answer:
    """One of them: rebuild by rebuild, and the cause."""
    return _answer(verbs.show(project, run))


def _answer(found: Bisect) -> Answer:
    report = found.report
    facts = {"bisect": found.run, "good": report.models[0], "bad": report.models[1], "by": report.by}
    columns: dict[str, Column] = {
        "left out": lambda one: verbs.left_out(report, one),
        "recovered": "recovered",
        "gap made good": lambda one: "" if one["error"] else share_of(one),
        "still suspect": "left",
        "seconds": lambda one: f"{one['seconds']:.3g}",
        "": "error",
    }
    code = 0 if report.ended == "found" else NOT_ALL_RIGHT
    return Answer(found, [facts, "", Table(columns, report.rounds), "", *found.said], code)
