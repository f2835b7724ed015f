"""A project's own past, played again: play it, the list, one of them, two side by side. A backtest is a run of the pipeline `backtest`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.backtest.course import REFIT, STATIC, Course, Figure, Gain, interval
from tidemill.backtest.cuts import WALK, Asked
from tidemill.backtest.lived import LOOP, Lived
from tidemill.backtest.lived import sentences as of_loop
from tidemill.backtest.said import sentences
from tidemill.errors import BadRequest, NotFound, TidemillError
from tidemill.learning.measures import measure
from tidemill.ops import runs
from tidemill.ops.page import Before, Limit, Page, walk
from tidemill.ops.runs import OnEvent
from tidemill.scope.project import Project
from tidemill.store.artifacts.codecs import load
from tidemill.store.records import Run
from tidemill.types import JsonObject, Micros, parse_time, to_iso

if TYPE_CHECKING:
    from tidemill.backtest.beside import Walked


@dataclass(frozen=True)
class Cost:
    """CPU seconds: of the fits after the first one, of searches, of everything; and for each percent that refitting gained."""

    refits: int
    refit_s: float
    search_s: float
    whole_s: float
    per_percent_s: float | None


@dataclass(frozen=True)
class Backtest:
    """One walk through the past, or what the loop lived through in it. ``said``: what it shows, in sentences."""

    run: str
    model: str
    data: list[str]
    every: str
    recipe: str
    created: Micros
    said: list[str]
    report: Course | None = None
    cost: Cost | None = None
    lived: Lived | None = None

    @property
    def metric(self) -> str:
        found = self.report or self.lived
        return found.metric if found else ""

    @property
    def course(self) -> list[tuple[Micros, Figure | None]]:
        """How good it was over time: by the middle of each span the refit's figure, of a play of the loop by month the loop's."""
        if self.report is not None:
            return [((one.start + one.end) // 2, one.arms.get(REFIT)) for one in self.report.spans]
        months = self.lived.months if self.lived else []
        return [(parse_time(f"{one.month}-15"), one.arms.get(LOOP)) for one in months]

    @property
    def words(self) -> str:
        """What it is, in short: how often it was fitted, by whose recipe, from when on."""
        found = self.report.spans[0] if self.report and self.report.spans else self.lived
        since = f", from {to_iso(found.start)[:10]}" if found else ""
        policy = "under the loop's policy" if self.lived else f"refitted every {self.every}, recipe {self.recipe}"
        return f"{policy}{since}, on {', '.join(self.data)}"


@dataclass(frozen=True)
class Beside:
    """Two backtests of one model. ``gain``: the first against the second where both are walks that answered the same requests."""

    model: str
    metric: str
    better: str
    plays: tuple[Backtest, Backtest]
    gain: Gain | None
    said: list[str]


@needs("backtest.start")
def play(project: Project, caller: Caller, asked: Asked, on_event: OnEvent) -> Backtest:
    """Play the past of a model (the only one, if not said). Killed and called again it goes on.

    Raises NotFound, NotTemporalSplit, NotEnoughData, ConfigError, BadRequest, ModelError.
    """
    from tidemill.backtest.walk import parameters, walk_pipeline

    return show(project, runs.run_pipeline(project, walk_pipeline, parameters(project, asked), on_event).id)


def ls(project: Project, limit: Limit = 50, before: Before = None) -> Page[Run]:
    """Backtests, the latest first."""
    return runs.ls(project, WALK, None, limit, before)


def show(project: Project, backtest: str) -> Backtest:
    """One that is done, by its run. Raises NotFound."""
    run = runs.show(project, backtest)
    if (run.pipeline, run.status) != (WALK, "done"):
        raise NotFound(
            f"{run.id} is no backtest that is done: {run.pipeline}, {run.status}", hint="tidemill backtest ls"
        )
    found, asked = load(project.artifacts.plain, run.outputs["report"], "json"), run.params
    shown = Backtest(run.id, asked["name"], asked["data"], asked["every"], asked["recipe_of"], run.started, [])
    if asked["loop"] is not None:
        lived = msgspec.convert(found, Lived)
        return replace(shown, lived=lived, said=of_loop(lived))
    report = msgspec.convert(found, Course)
    said = sentences(report, asked["every"], asked["recipe_of"])
    return replace(shown, report=report, cost=_cost(project, run, report), said=said)


def _cost(project: Project, run: Run, report: Course) -> Cost:
    spent = {step.name: runs.cpu_of(project, step) for step in project.store.steps.list(run=run.id)}
    refits = [seconds for name, seconds in spent.items() if name.startswith("fit ")][1:]
    search = sum(seconds for name, seconds in spent.items() if name.startswith("search "))
    gained = report.against[STATIC].gain * 100 if STATIC in report.against else 0.0
    per = sum(refits) / gained if gained > 0 else None
    return Cost(len(refits), sum(refits), search, sum(spent.values()), per)


def of_model(project: Project, model: str, limit: int = 20) -> list[Run]:
    """The latest backtests of a model that are done, newest first."""
    found = walk(partial(project.store.runs.page, pipeline=WALK, status="done"))
    return list(islice((run for run in found if run.params["name"] == model), limit))


def newest_walk(project: Project, model: str) -> Backtest | None:
    """The newest walk through the past of a model; None where there is none, or its bytes are gone: `doctor` says so."""
    run = next((run for run in of_model(project, model) if run.params["loop"] is None), None)
    try:
        return show(project, run.id) if run else None
    except TidemillError:
        return None


def compare(project: Project, first: str, second: str) -> Beside:
    """Two backtests of one model side by side. Raises NotFound, BadRequest where they are not of one model and metric."""
    one, other = show(project, first), show(project, second)
    for name, of in (("model", (one.model, other.model)), ("metric", (one.metric, other.metric))):
        if of[0] != of[1]:
            hint = "compare two plays of one model: tidemill backtest ls"
            raise BadRequest(f"one is of the {name} {of[0]}, the other of {of[1]}", place=other.run, hint=hint)
    gain = _between(project, one, other)
    said = [
        *(f"{name}: {play.words}" for name, play in zip(("first", "second"), (one, other))),
        _gained(one, other, gain),
    ]
    return Beside(one.model, one.metric, measure(one.metric).better, (one, other), gain, said)


def _between(project: Project, one: Backtest, other: Backtest) -> Gain | None:
    from tidemill.backtest.beside import between

    if one.report is None or other.report is None:
        return None
    try:
        return between(_walked(project, one, one.report), _walked(project, other, other.report))
    except TidemillError:  # the bytes are gone: `gc` keeps the answers of the newest run alone
        return None


def _walked(project: Project, found: Backtest, report: Course) -> Walked:
    """With what its fits answered, in the order of its spans."""
    from tidemill.backtest.beside import Walked

    steps = [s for s in project.store.steps.list(run=found.run) if s.name.startswith("answer ")]
    kept: list[JsonObject] = [s.outputs["answers"] for s in sorted(steps, key=lambda s: s.position)]
    return Walked(report, [load(project.artifacts.plain, one["digest"], one["codec"]) for one in kept])


def _gained(one: Backtest, other: Backtest, gain: Gain | None) -> str:
    if gain is None:
        if one.lived or other.lived:
            return "a play of the loop keeps figures by month: look whether the intervals overlap"
        return "they did not answer the same requests, or what they answered is not kept: look whether the intervals overlap"
    mine, theirs = (measure(one.metric).text(figure) for figure in gain.figures)
    return (
        f"first against second on the same {gain.requests:,} requests: {one.metric} {mine} against {theirs}, "
        f"{interval(gain)}: {gain.verdict}"
    )
