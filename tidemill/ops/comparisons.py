"""Which difference explains the metrics of two versions: measure it, the list, one of them. A comparison is a run of its pipeline."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import msgspec

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.errors import NotFound, StoreError
from tidemill.learning.measures import measure
from tidemill.model import registry
from tidemill.ops import runs
from tidemill.ops.page import Before, Limit, Page, walk
from tidemill.ops.runs import OnEvent
from tidemill.rebuild.bisect.asked import COMPARE, Compared
from tidemill.scope.project import Project
from tidemill.store.artifacts.codecs import load
from tidemill.store.records import Run
from tidemill.types import JsonObject, Micros

WORDS = {"window": "another test window"}


@dataclass(frozen=True)
class Comparison:
    """One that is done. ``said``: what it shows, in sentences."""

    run: str
    created: Micros
    report: Compared
    said: list[str]


@needs("model.examine")
def explain(project: Project, caller: Caller, one: str, other: str, on_event: OnEvent) -> Comparison:
    """Measure what data, parameters, code with environment, and the test window add to the difference of two versions' metric.

    At most four rebuilds, each found again. Raises NotFound, BadRequest.
    """
    from tidemill.rebuild.compare.explain import compare_pipeline, parameters

    params = parameters(project, registry.resolve(project, one), registry.resolve(project, other))
    return show(project, runs.run_pipeline(project, compare_pipeline, params, on_event).id)


def ls(project: Project, limit: Limit = 50, before: Before = None) -> Page[Run]:
    """Comparisons, the latest first."""
    return runs.ls(project, COMPARE, None, limit, before)


def show(project: Project, comparison: str) -> Comparison:
    """One that is done, by its run. Raises NotFound."""
    run = runs.show(project, comparison)
    if (run.pipeline, run.status) != (COMPARE, "done"):
        raise NotFound(
            f"{run.id} is no comparison that is done: {run.pipeline}, {run.status}", hint="compare --explain"
        )
    report = msgspec.convert(load(project.artifacts.plain, run.outputs["report"], "json"), Compared)
    return Comparison(run.id, run.started, report, sentences(report))


def of_model(project: Project, model: str) -> Comparison | None:
    """The last comparison that is done of which this version (a ref) is the later one; None without one, and where it is gone."""
    done = walk(partial(project.store.runs.page, pipeline=COMPARE, status="done"))
    run = next((run for run in done if run.params["models"][1] == model), None)
    with suppress(StoreError):
        return show(project, run.id) if run else None
    return None


def sentences(found: Compared) -> list[str]:
    """The figures, and what each kind adds, the greatest first."""
    metric = measure(found.metric)
    own, one, other = (metric.text(figure) for figure in found.figures)
    head = f"{found.models[0]} reached {found.metric} {own} on its own test and {one} on that of {found.models[1]}, which reached {other}"
    terms = sorted(found.terms, key=lambda term: -abs(term["adds"]))
    said = [f"{head} ({found.better} is better)", *(_of(term) for term in terms)]
    if found.not_measured:
        said.append(f"data and parameters cannot be told apart: {found.not_measured[0]}")
    return said if terms or found.not_measured else [*said, "nothing that was recorded differs"]


def _of(term: JsonObject) -> str:
    certain = "" if term["low"] > 0 or term["high"] < 0 else ", which may be chance"
    return f"{WORDS.get(term['kind'], term['kind'])}: {term['adds']:+.3g} ({term['low']:+.3g} to {term['high']:+.3g}){certain}"
