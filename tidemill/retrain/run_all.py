"""One turn of the wheel by hand: data, model and release pipelines, one after the other. `tidemill run`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.scope.project import Project
    from tidemill.store.records import DatasetVersion, ModelVersion, Release

OnEvent = Callable[[str, JsonObject], None]
"""Told what happens in the runs: (kind, {"run", "step", …})."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What one turn made, or found made already."""

    dataset: DatasetVersion
    model: ModelVersion
    release: Release


def run_all(project: Project, on_event: OnEvent | None = None, *, author: str = "") -> RunSummary:
    """Ingest what is new, build a model, take it through its gates and start its release.

    Finished steps are reused: killed and called again it goes on where it was. Raises TidemillError.
    """
    from tidemill.data.pipeline import ingest
    from tidemill.model.pipeline import build_candidate
    from tidemill.release.pipeline import release_candidate
    from tidemill.tasks.check import check_roles

    def tell(event: Any) -> None:
        if on_event is not None:
            on_event(event.kind, {"run": event.run, "step": event.step, **event.data})

    for learns in project.models.values():
        check_roles(learns)
    for name in project.datasets:
        ingest(project, name, on_event=tell)
    model = _on_its_way(project) or build_candidate(project, on_event=tell)
    release = release_candidate(project, model.ref, author=author, on_event=tell)
    return RunSummary(project.store.datasets.get(project.model().dataset.name), model, release)


def _on_its_way(project: Project) -> ModelVersion | None:
    """The version whose release was killed, if it is what a training would be asked for now.

    A release may have been promoted just before the kill: a training would then take it for the incumbent, and be another.
    """
    from tidemill.model.prepare import parameters
    from tidemill.release.pipeline import cut_short

    ref = cut_short(project)
    if ref is None:
        return None
    model = project.store.models.get(ref)
    asked = project.store.runs.get(model.run).params if model.run else {}
    now = parameters(project, None, "")
    return model if {**asked, "incumbent": None} == {**now, "incumbent": None} else None
