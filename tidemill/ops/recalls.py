"""A bad file or column taken back: what stands on it and which answers it changed. A recall is a run of its pipeline."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.errors import NotFound
from tidemill.ops import runs
from tidemill.ops.page import Before, Limit, Page
from tidemill.ops.runs import OnEvent
from tidemill.rights.recall.asked import RECALL, Recalled
from tidemill.rights.recall.named import What, named
from tidemill.scope.project import Project
from tidemill.store.artifacts.codecs import load
from tidemill.store.records import Run
from tidemill.types import JsonObject, Micros


@dataclass(frozen=True)
class Looked:
    """What a dry run found. ``run``: it, by which it is shown again."""

    run: str
    created: Micros
    report: Recalled


@needs("data.recall")
def look(project: Project, caller: Caller, dataset: str, ref: str, on_event: OnEvent) -> Looked:
    """What stands on a file or a column, and every answer that is another without it; nothing is changed. Killed, it goes on.

    Raises NotFound, BadRequest.
    """
    from tidemill.rights.recall.pipeline import parameters, recall_pipeline

    what = named(project, dataset, ref)
    params = _under_way(project, what) or parameters(project, what)
    return show(project, runs.run_pipeline(project, recall_pipeline, params, on_event).id)


def _under_way(project: Project, what: What) -> JsonObject | None:
    """The parameters of the last dry run of the same, where it did not come to its end: it is gone on with."""
    told = msgspec.to_builtins(what)
    last = next((run for run in project.store.runs.page(pipeline=RECALL, limit=1)), None)
    return last.params if last is not None and last.status != "done" and last.params["what"] == told else None


def ls(project: Project, limit: Limit = 50, before: Before = None) -> Page[Run]:
    """Dry runs, the latest first."""
    return runs.ls(project, RECALL, None, limit, before)


def show(project: Project, recall: str) -> Looked:
    """One that is done, by its run. Raises NotFound."""
    found = runs.show(project, recall)
    if (found.pipeline, found.status) != (RECALL, "done"):
        raise NotFound(
            f"{found.id} is no recall that is done: {found.pipeline}, {found.status}", hint="tidemill recall ls"
        )
    report = msgspec.convert(load(project.artifacts.plain, found.outputs["report"], "json"), Recalled)
    return Looked(found.id, found.started, report)
