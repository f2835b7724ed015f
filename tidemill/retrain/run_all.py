"""One turn of the wheel by hand: data, model and release pipelines, one after the other. `tidemill run`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ParamSpec, TypeVar

from tidemill.data.pipeline import ingest
from tidemill.errors import DataBlocked, DiskFull, LeaseLost, SourceError, StoreBusy, TidemillError
from tidemill.model.entities import is_due
from tidemill.model.pipeline import build_candidate
from tidemill.model.prepare import check_inputs, parameters
from tidemill.model.questions import hold
from tidemill.model.registry import verdicts_of
from tidemill.release.gates.quality import Baseline, Method
from tidemill.release.pipeline import cut_short, release_candidate
from tidemill.release.promotion import ready
from tidemill.retrain.mitigated import mitigated
from tidemill.scope.project import Endpoint, Project
from tidemill.store.records import DatasetVersion, ModelVersion, Release
from tidemill.types import JsonObject

P = ParamSpec("P")
T = TypeVar("T")
OnEvent = Callable[[str, JsonObject], None]
"""Told what happens in the runs: (kind, {"run", "step", …})."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What one turn made, or found made already."""

    dataset: DatasetVersion
    model: ModelVersion
    release: Release
    unread: TidemillError | None = None
    """Why some of the source was not taken in: the turn went on with the rows that are."""
    refused: Release | None = None
    """Of the candidate before, in whose place the best baseline was built: nothing served, and it was not shown to be better."""
    unfair: Release | None = None
    """Of the candidate before, beside which a mitigated one was built: it was refused for a gap between groups."""


def run_all(project: Project, on_event: OnEvent | None = None) -> RunSummary:
    """Ingest what is new, build the model of the only endpoint, take it through its gates and start its release.

    Finished steps are reused: killed and called again it goes on where it was. Raises TidemillError.
    """
    found = run_every(project, on_event)[project.endpoint().name]
    if isinstance(found, TidemillError):
        raise found
    return found


def run_every(
    project: Project, on_event: OnEvent | None = None, author: str = ""
) -> dict[str, RunSummary | TidemillError]:
    """As `run_all` for every endpoint: one that fails holds up no other, and its error stands in its place.

    A file that is refused holds up nothing either: the others are in, and `RunSummary.unread` says why it is not.
    """

    def tell(event: Any) -> None:
        if on_event is not None:
            on_event(event.kind, {"run": event.run, "step": event.step, **event.data})

    def one(scope: Endpoint) -> RunSummary | TidemillError:
        wrong, data = checked[scope.name], ingested.get(scope.model.dataset.name)
        if isinstance(wrong, TidemillError):
            return wrong
        if not isinstance(data, TidemillError):
            return _tried(_turn, scope, tell, author)
        if not _has_rows(scope, data):
            return data
        turned = _tried(_turn, scope, tell, author)
        return replace(turned, unread=data) if isinstance(turned, RunSummary) else data

    scopes = project.endpoints.values()
    checked = {scope.name: _tried(check_inputs, scope.model) for scope in scopes}
    whole, lacking = (
        {s.model.dataset.name for s in scopes if isinstance(checked[s.name], TidemillError) == wrong}
        for wrong in (False, True)
    )
    names = [name for name in project.datasets if name not in lacking - whole]  # rows that no model can use stay out
    ingested = {name: _tried(ingest, project, name, on_event=tell) for name in names}
    return {scope.name: one(scope) for scope in scopes}


def _has_rows(scope: Endpoint, error: TidemillError) -> bool:
    """Whether there is a version to go on with, where it is a file or the source that is wrong, not what is said of it."""
    refused = isinstance(error, DataBlocked | SourceError)
    return refused and scope.store.datasets.first(dataset=scope.model.dataset.name) is not None


def _tried(work: Callable[P, T], *args: P.args, **more: P.kwargs) -> T | TidemillError:
    """What this gives, or what is wrong with it; what is wrong with the machine is raised."""
    try:
        return work(*args, **more)
    except (DiskFull, StoreBusy, LeaseLost):
        raise
    except TidemillError as exc:
        return exc


def _turn(scope: Endpoint, tell: Callable[[Any], None], author: str) -> RunSummary:
    project = scope.project
    if scope.before is not None:
        return _promoted(scope, tell, author)
    model = _on_its_way(scope) or build_candidate(project, endpoint=scope.name, on_event=tell)
    release, refused = release_candidate(project, model.ref, endpoint=scope.name, author=author, on_event=tell), None
    if (simple := _best_baseline(scope, model, release)) is not None:
        refused, model = release, build_candidate(project, endpoint=scope.name, on_event=tell, only=simple)
        release = release_candidate(project, model.ref, endpoint=scope.name, author=author, on_event=tell)
    unfair = None
    if (recipe := mitigated(scope, release)) is not None:
        unfair, model = release, build_candidate(project, endpoint=scope.name, on_event=tell, only=recipe)
        release = release_candidate(project, model.ref, endpoint=scope.name, author=author, on_event=tell)
    _hold(scope)
    dataset = scope.store.datasets.get(scope.model.dataset.name)
    return RunSummary(dataset, model, release, refused=refused, unfair=unfair)


def _promoted(scope: Endpoint, tell: Callable[[Any], None], author: str) -> RunSummary:
    """What serves in the environment before, through this one's gates. Raises ReleaseError while its rules are not kept."""
    model = scope.store.models.get(ready(scope).model)
    release = release_candidate(scope.project, model.ref, endpoint=scope.name, author=author, on_event=tell)
    _hold(scope)
    return RunSummary(scope.store.datasets.get(scope.model.dataset.name), model, release)


def _hold(scope: Endpoint) -> None:
    """Of a model of entities what it would be asked about each now: a server that starts next answers by their names."""
    now = scope.clock.now()
    if is_due(scope, now):
        hold(scope.model, now)


def _best_baseline(scope: Endpoint, model: ModelVersion, release: Release) -> JsonObject | None:
    """The recipe of the best baseline, where nothing serves and all that stands against the candidate is that it is not better.

    The best simple model is what would serve: it is the first champion until something is shown to be better.
    """
    if release.status != "refused" or scope.champion() is not None:
        return None
    verdicts = verdicts_of(scope.project, release)
    if any(v.gate not in (Method.name, Baseline.name) for v in verdicts if not v.passed):
        return None
    recipe = next((v.evidence["recipe"] for v in verdicts if v.gate == Method.name and "recipe" in v.evidence), None)
    return recipe if recipe != model.recipe else None


def _on_its_way(scope: Endpoint) -> ModelVersion | None:
    """The version whose release was killed, if it is what a training would be asked for now.

    A release may have been promoted just before the kill: a training would then take it for the incumbent, and be another.
    """
    ref = cut_short(scope)
    if ref is None:
        return None
    model = scope.store.models.get(ref)
    asked = scope.store.runs.get(model.run).params if model.run else {}
    now = parameters(scope, None, "")
    return model if {**asked, "incumbent": None} == {**now, "incumbent": None} else None
