"""`tidemill verify MODEL | ls | show`: a version built again from its record, and held against it."""

from __future__ import annotations

import click

from tidemill.access.callers import local
from tidemill.cli.output import Answer, Column, Listing, Part, Table, command, fields, listed, paged, wants_json
from tidemill.cli.run import steps_shown
from tidemill.errors import NOT_ALL_RIGHT
from tidemill.ops import rebuilds as verbs
from tidemill.ops.rebuilds import Rebuild
from tidemill.rebuild.report import ENVIRONMENTS
from tidemill.scope.project import Project

RUNS: dict[str, Column] = {
    "rebuild": "id",
    "model": lambda run: run.params["model"],
    "environment": lambda run: run.params["environment"],
    **fields("status", "started"),
}
STEPS: dict[str, Column] = {
    "step": "step",
    "": lambda one: "the same" if one.same else "DIFFERS",
    "recorded": lambda one: one.recorded[:19],
    "rebuilt": lambda one: one.rebuilt[:19],
    "what differs": lambda one: "; ".join(one.differs[:2]),
}


class Verifying(Listing):
    """A group that builds again where no command of it is named."""

    default = "rebuild"


@click.group(cls=Verifying)
def verify() -> None:
    """A version built again in a clean process from its recorded commit, data, parameters and pins, and held against its record."""


@command(verify)
@click.argument("model")
@click.option(
    "--environment",
    type=click.Choice(ENVIRONMENTS),
    default="same",
    show_default=True,
    help="same: this one, which must be as recorded; fresh: a new one, with the recorded pins installed by pip.",
)
def rebuild(project: Project, model: str, environment: str) -> Answer:
    """Build MODEL again (number, alias or reference). Exit code 9: it is another one, or it cannot be built."""
    with steps_shown(wants_json()) as on_event:
        found = verbs.verify(project, local(project), model, environment, on_event)
    return _answer(found)


@command(verify)
@paged(30)
def ls(project: Project, limit: int, before: str | None) -> Answer:
    """The latest rebuilds."""
    return listed(verbs.ls(project, limit, before), RUNS)


@command(verify)
@click.argument("run")
def show(project: Project, run: str) -> Answer:
    """One of them, its signature verified: step by step."""
    return _answer(verbs.show(project, run))


def _answer(found: Rebuild) -> Answer:
    report = found.report
    facts = {
        "rebuild": found.run,
        "model": found.model,
        "verdict": found.verdict,
        "code": report.code.get("commit") or "in no repository",
        "data": [one.dataset for one in report.data],
        "seed": report.seed,
        "pins": f"{report.pinned} held, {len(report.pins)} differ ({report.environment} environment)",
        "signed": found.signed,
    }
    steps: list[Part] = ["", Table(STEPS, report.held.steps)] if report.held else []
    hints = [f"hint: {hint}" for hint in dict.fromkeys(why.hint for why in report.why if why.hint)]
    return Answer(found, [facts, *steps, "", *found.said, *hints], 0 if report.passes else NOT_ALL_RIGHT)
