"""A bad file or column taken back: what stands on it and which answers it changed. A recall is a run of its pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.errors import BadRequest, NotFound
from tidemill.ops import runs
from tidemill.ops.act import act, record
from tidemill.ops.looked import looked
from tidemill.ops.page import Before, Limit, Page
from tidemill.ops.rights.rectify import CORRECTS
from tidemill.ops.runs import OnEvent
from tidemill.ref import Ref
from tidemill.rights.recall.asked import RECALL, Recalled
from tidemill.rights.recall.named import What, named
from tidemill.rights.recall.standing import standing
from tidemill.scope.project import Project
from tidemill.store.artifacts.codecs import load
from tidemill.store.records import Edge, Run, Tx
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


@dataclass(frozen=True)
class Applied:
    """A file's rows are out of its dataset from this version on. ``models``: those that learned from it, ``serving`` of them that answer now."""

    recall: str
    dataset: str
    version: int
    rows: int
    models: list[str]
    serving: list[str]
    already: bool


@needs("data.recall")
def apply(project: Project, caller: Caller, recall: str) -> Applied:
    """Take the file of a dry run out of its dataset: a new version, known to every scorer; what stands on it is flagged.

    Raises NotFound, BadRequest for a column: the contract and tidemill.toml say which columns are learned from.
    """
    from tidemill.data.ingest.recalled import take_out

    what = show(project, recall).report.what
    if what.kind != "file":
        hint = f'leave it out: [model.NAME] inputs = {{ exclude = ["{what.name}"] }}; and bring its rows mended'
        raise BadRequest(f"a column is not taken out of versions: {what.name}", place=what.dataset, hint=hint)
    file = project.store.files.look_up(what.dataset, what.digest)
    if file is None:
        raise NotFound(f"{what.name} is no file of {what.dataset} any more", place=what.ref)
    asked = {"recall": recall, "dataset": what.dataset, "file": what.digest}
    act(project, caller, "data.recall", lambda tx: record(project, "recall_asked", asked, tx))
    on, done = standing(project, what), take_out(project, file)
    serving = [one.model for one in project.store.releases.list() if one.id in on.serving]
    version = str(Ref("dataset", what.dataset, done.version.version))
    told = {**asked, "version": done.version.version, "rows": done.rows, "models": on.models, "serving": serving}

    def work(tx: Tx) -> None:
        edges = [Edge(version, ref, CORRECTS, project.clock.now()) for ref in on.models]
        project.store.edges.add_new(edges, tx)
        record(project, "recalled", told, tx)

    act(project, caller, "data.recall", work)
    return Applied(recall, what.dataset, done.version.version, done.rows, on.models, serving, done.already)


class ToTell(NamedTuple):
    """Somebody who was answered otherwise. ``subject``: "" of an answer to nobody, or to one who was forgotten."""

    prediction: str
    endpoint: str
    environment: str
    at: Micros
    subject: str
    model: str
    shown: bool


@needs("person.read")
def whom_to_tell(project: Project, caller: Caller, recall: str) -> Iterator[ToTell]:
    """Whose answers are others without it, from the log as it is now: what is not kept any more is left out. Who asks is written down."""
    found = show(project, recall)
    looked(project, caller, "export", "", f"run:{found.run}")
    for one in found.report.changed:
        kept = project.live.predictions.look_up(one.id)
        if kept is not None:
            yield ToTell(one.id, one.endpoint, one.environment, kept.at, kept.subject, one.model, one.shown)


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
