"""`tidemill backtest MODEL | ls | show | compare`: what a model would have been worth in its own past."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import click

from tidemill.access.callers import local
from tidemill.backtest.course import STATIC, Figure
from tidemill.backtest.cuts import FIRST, Asked
from tidemill.backtest.lived import LOOP
from tidemill.cli.output import Answer, Column, Listing, Table, command, fields, listed, paged, wants_json
from tidemill.cli.run import steps_shown
from tidemill.ops import backtests as verbs
from tidemill.ops.backtests import Backtest
from tidemill.ops.text import minute
from tidemill.scope.project import Project
from tidemill.types import Micros

F = TypeVar("F", bound=Callable[..., Any])
RUNS: dict[str, Column] = {
    "backtest": "id",
    "model": lambda run: run.params["name"],
    "every": lambda run: run.params["every"],
    "recipe": lambda run: run.params["recipe_of"],
    **fields("status", "started"),
}


class Playing(Listing):
    """A group that plays where no command of it is named."""

    default = "play"


@click.group(cls=Playing)
def backtest() -> None:
    """A model's own past, played again: refitted as time goes on, beside its first fit left alone and the baselines."""


def walk_options(command: F) -> F:
    """What every walk through the past is asked: ``--every``, ``--since``, ``--recipe``, ``--loop`` and ``--endpoint``."""
    command = click.option("--endpoint", help="With --loop: whose policy, where several endpoints serve the model.")(
        command
    )
    said = "Under the loop's own policy, in a copy of the project: monitors, gates, rollout."
    command = click.option("--loop", is_flag=True, help=said)(command)
    said = "first: searched once, at the first cut; each: at every cut; or a version, such as champion."
    command = click.option("--recipe", default=FIRST, show_default=True, help=said)(command)
    said = "No cut before this moment. Left out: a third of the data is learned from first."
    command = click.option("--since", help=said)(command)
    return click.option("--every", default="30 days", show_default=True, help="How often it is fitted anew.")(command)


@command(backtest)
@click.argument("model", required=False)
@walk_options
def play(project: Project, model: str | None, **asked: Any) -> Answer:
    """Play the past of MODEL (the only one, if not said). Killed, the same command goes on."""
    with steps_shown(wants_json()) as on_event:
        found = verbs.play(project, local(project), Asked(model, **asked), on_event)
    return _answer(found)


@command(backtest)
@paged(30)
def ls(project: Project, limit: int, before: str | None) -> Answer:
    """The latest backtests."""
    return listed(verbs.ls(project, limit, before), RUNS)


@command(backtest)
@click.argument("run")
def show(project: Project, run: str) -> Answer:
    """One of them: by span, in sentences, and what it cost."""
    return _answer(verbs.show(project, run))


@command(backtest)
@click.argument("run")
@click.argument("other")
def compare(project: Project, run: str, other: str) -> Answer:
    """Two of one model side by side: by span or month, and the first against the second on the same requests."""
    found = verbs.compare(project, run, other)
    courses = [dict(play.course) for play in found.plays]
    columns: dict[str, Column] = {"middle": lambda at: minute(at)[:10]}
    columns |= {name: partial(_figure_at, course) for name, course in zip(("first", "second"), courses)}
    facts = {"model": found.model, "metric": f"{found.metric} ({found.better} is better)"}
    return Answer(
        found, [facts, "", Table(columns, sorted({at for course in courses for at in course})), "", *found.said]
    )


def _figure_at(course: Mapping[Micros, Figure | None], at: Micros) -> str:
    figure = course.get(at)
    return "" if figure is None else "{:.4g} ({:.4g} to {:.4g})".format(*figure)


def _answer(found: Backtest) -> Answer:
    facts = {"backtest": found.run, "model": found.model}
    if found.lived is not None:
        return Answer(found, [facts, "", Table(MONTHS, found.lived.months), "", *found.said])
    report, cost = found.report, found.cost
    assert report is not None and cost is not None
    columns: dict[str, Column] = {"from": lambda one: minute(one.start)[:10], "requests": "n", "method": "method"}
    columns |= {name: figure_of(name) for name in report.names}
    per = {} if cost.per_percent_s is None else {"CPU s for each percent gained": cost.per_percent_s}
    facts |= {"metric": f"{report.metric} ({report.better} is better)", "refits": str(cost.refits)}
    spent = {"CPU s a refit": cost.refit_s / cost.refits if cost.refits else None, **per}
    return Answer(found, [facts, spent, "", Table(columns, report.spans), "", *found.said])


def figure_of(arm: str) -> Column:
    """How good an arm was in a span or a month."""

    def shown(one: Any) -> str:
        if arm not in one.arms:
            return ""
        mean, low, high = one.arms[arm]
        return f"{mean:.4g} ({low:.4g} to {high:.4g})"

    return shown


def gained(one: Any) -> str | None:
    """One against the other, in percent."""
    return one.gain and f"{100 * one.gain.gain:+.1f} % ({100 * one.gain.low:+.1f} to {100 * one.gain.high:+.1f} %)"


MONTHS: dict[str, Column] = {
    "month": "month",
    "requests": "n",
    LOOP: figure_of(LOOP),
    STATIC: figure_of(STATIC),
    "gain": gained,
}
