"""A row that says something wrong of a person says it right: a new version of the dataset, known to every scorer, its models flagged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.errors import TidemillError
from tidemill.ops.act import act, record
from tidemill.ops.rights.limits import Kind, Subject
from tidemill.ref import Ref
from tidemill.rights.limits.people import person
from tidemill.rights.rectify.apart import Corrected, correct
from tidemill.rights.requests import RECTIFY as ASKED
from tidemill.rights.requests import answer
from tidemill.scope.project import Project
from tidemill.store.records import Edge, Tx
from tidemill.types import new_id

RECTIFY = "subject.rectify"
Column = Annotated[str, Meta(max_length=256)]
Value = Annotated[str, Meta(max_length=10_000)]
Cells = Annotated[dict[Column, Value], Meta(max_length=64, description="By column, as a file would say it")]
CORRECTS = "corrected"
"""How a version that learned from a row is bound to the version of the dataset in which that says something else."""


@dataclass(frozen=True)
class Rectified:
    """``version``: of the dataset, the one before where nothing had to be changed; ``columns``: what was changed; ``models``: those that
    learned from the dataset as it was, ``serving`` those of them that answer now."""

    id: str
    dataset: str
    version: int
    columns: tuple[str, ...]
    models: tuple[str, ...]
    serving: tuple[str, ...]


@needs(RECTIFY)
def rectify(
    project: Project, caller: Caller, subject: Subject, dataset: str, key: Cells, said: Cells, of: Kind = ""
) -> Rectified:
    """Correct the person's row of this key. What would break the contract is refused, and nothing changes.

    That it was asked is an act of its own, so that it is known who did it wherever a kill comes. Raises NotFound, BadRequest, DataBlocked.
    """
    project.dataset(dataset)
    who, name = person(project, subject, of), new_id("rectify")
    told = {"rectify": name, "dataset": dataset, "columns": sorted(said)}
    act(project, caller, RECTIFY, lambda tx: record(project, "rectification_asked", told, tx))
    try:
        found = correct(project, who, dataset, key, said)
    except TidemillError as exc:
        refused = {"rectify": name, "dataset": dataset, "code": exc.code}
        act(project, caller, RECTIFY, lambda tx: record(project, "rectification_refused", refused, tx))
        raise

    def work(tx: Tx) -> Rectified:
        answer(project, who.mark, (ASKED,), "rectified", caller.by, tx)
        return _written(project, name, dataset, found, tx)

    return act(project, caller, RECTIFY, work)


def _written(project: Project, name: str, dataset: str, found: Corrected, tx: Tx) -> Rectified:
    """What stands on the row as it was is flagged, in the transaction in which it is told."""
    store, models, serving = project.store, list[str](), set[str]()
    if found.columns:
        models = [one.ref for one in store.models.list(tx=tx) if _learned(one.data, dataset, found.version)]
        answering = {
            one.model for one in store.releases.list(tx=tx) if one.status in ("champion", "canary", "arm", "holdout")
        }
        serving, at = answering & {*models}, project.clock.now()
        now = str(Ref("dataset", dataset, found.version))
        store.edges.add_new([Edge(now, ref, CORRECTS, at) for ref in models], tx)
    said = {"rectify": name, "dataset": dataset, "version": found.version, "columns": sorted(found.columns)}
    record(project, "rectified", {**said, "models": models, "serving": sorted(serving)}, tx)
    return Rectified(name, dataset, found.version, found.columns, tuple(models), tuple(sorted(serving)))


def _learned(data: tuple[str, ...], dataset: str, before: int) -> bool:
    refs = (Ref.versioned("dataset", ref) for ref in data)
    return any(name == dataset and version < before for name, version in refs)
