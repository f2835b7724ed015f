"""One turn of the wheel by hand: data, model and release pipelines, one after the other. `tidemill run`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from tidemill.data.pipeline import ingest
from tidemill.errors import DiskFull, LeaseLost, StoreBusy, TidemillError
from tidemill.model.pipeline import build_candidate
from tidemill.model.prepare import parameters
from tidemill.release.pipeline import cut_short, release_candidate
from tidemill.scope.project import Endpoint, Project
from tidemill.store.records import DatasetVersion, ModelVersion, Release
from tidemill.tasks.check import check_model
from tidemill.types import JsonObject

T = TypeVar("T")
OnEvent = Callable[[str, JsonObject], None]
"""Told what happens in the runs: (kind, {"run", "step", …})."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What one turn made, or found made already."""

    dataset: DatasetVersion
    model: ModelVersion
    release: Release


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
    """As `run_all` for every endpoint: one that fails holds up no other, and its error stands in its place."""

    def tell(event: Any) -> None:
        if on_event is not None:
            on_event(event.kind, {"run": event.run, "step": event.step, **event.data})

    broken: dict[str, TidemillError] = {}
    scopes = project.endpoints.values()
    for scope in scopes:
        _attempt(broken, scope.name, partial(check_model, scope.model))
    lacking, whole = ({s.model.dataset.name for s in scopes if (s.name in broken) == wrong} for wrong in (True, False))
    for name in [n for n in project.datasets if n in whole or n not in lacking]:  # rows that no model can use stay out
        _attempt(broken, f"dataset {name}", partial(ingest, project, name, on_event=tell))
    found: dict[str, RunSummary | TidemillError] = {}
    for scope in scopes:
        error = broken.get(scope.name) or broken.get(f"dataset {scope.model.dataset.name}")
        made = None if error else _attempt(broken, scope.name, partial(_turn, scope, tell, author))
        found[scope.name] = made or error or broken[scope.name]
    return found


def _attempt(broken: dict[str, TidemillError], name: str, work: Callable[[], T]) -> T | None:
    """What this gives; what is wrong with it, and not with the machine, is noted under its name."""
    try:
        return work()
    except (DiskFull, StoreBusy, LeaseLost):
        raise
    except TidemillError as exc:
        broken[name] = exc
        return None


def _turn(scope: Endpoint, tell: Callable[[Any], None], author: str) -> RunSummary:
    project = scope.project
    model = _on_its_way(scope) or build_candidate(project, endpoint=scope.name, on_event=tell)
    release = release_candidate(project, model.ref, endpoint=scope.name, author=author, on_event=tell)
    return RunSummary(scope.store.datasets.get(scope.model.dataset.name), model, release)


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
