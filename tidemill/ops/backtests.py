"""A project's own past, played again: play it, the list, one of them. A backtest is a run of the pipeline `backtest`."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from tidemill.access.caller import Caller
from tidemill.backtest.course import STATIC, Course
from tidemill.backtest.cuts import WALK, Asked
from tidemill.backtest.lived import Lived
from tidemill.backtest.lived import sentences as of_loop
from tidemill.backtest.said import sentences
from tidemill.errors import NotFound
from tidemill.ops import runs
from tidemill.ops.page import Before, Limit, Page
from tidemill.ops.runs import OnEvent
from tidemill.scope.project import Project
from tidemill.store.artifacts.codecs import load
from tidemill.store.records import Run, Step
from tidemill.types import Micros


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


def play(project: Project, caller: Caller, asked: Asked, on_event: OnEvent) -> Backtest:
    """Play the past of a model (the only one, if not said). Killed and called again it goes on.

    Raises NotFound, NotTemporalSplit, NotEnoughData, ConfigError, BadRequest, ModelError.
    """
    from tidemill.backtest.walk import parameters, walk_pipeline

    caller.need("operate")
    made = project.engine().run(
        walk_pipeline,
        parameters(project, asked),
        on_event=lambda e: on_event(e.kind, {"run": e.run, "step": e.step, **e.data}),
    )
    return show(project, made.run.id)


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
    spent = {step.name: _cpu(project, step) for step in project.store.steps.list(run=run.id)}
    refits = [seconds for name, seconds in spent.items() if name.startswith("fit ")][1:]
    search = sum(seconds for name, seconds in spent.items() if name.startswith("search "))
    gained = report.against[STATIC].gain * 100 if STATIC in report.against else 0.0
    per = sum(refits) / gained if gained > 0 else None
    return Cost(len(refits), sum(refits), search, sum(spent.values()), per)


def _cpu(project: Project, step: Step) -> float:
    """What the step took; of one that was reused what it took where it ran."""
    made_by = next((str(output["from"]) for output in step.outputs.values() if "from" in output), None)
    if made_by is None:
        return step.cpu_us / 1e6
    same = [s for s in project.store.steps.list(run=made_by) if s.fingerprint == step.fingerprint]
    return max((s.cpu_us / 1e6 for s in same), default=0.0)
