"""A file's rows taken out of a dataset: its next version, in which they are not. The versions before go on reading them.

The rows of one file came with one version: the files of that version that hold some are written anew without them. Scorers know it by the feed of
the histories. The file is not taken in again, also not under another name; a mended one is another file, whose rows are new.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from tidemill.data.ingest.events import Commit, FileSummary
from tidemill.data.ingest.register import Target, catch_up, register
from tidemill.data.tables.tables import ORIGIN, SPAN
from tidemill.errors import BadRequest, NotFound
from tidemill.scope.project import Project
from tidemill.store.lineage import RECALLED
from tidemill.store.records import DatasetVersion, IngestedFile
from tidemill.types import digest, named_id


@dataclass(frozen=True)
class TakenOut:
    """``version``: the dataset's from which on the rows are not in it; ``rows``: how many were taken out, now or by an earlier call."""

    version: DatasetVersion
    rows: int
    already: bool


def take_out(project: Project, file: IngestedFile) -> TakenOut:
    """The same again changes nothing; a kill anywhere is made good from the table's own log. Raises NotFound, BadRequest, StoreBusy."""
    into = Target.of(project, file.dataset)
    if into.contract.revised:
        hint = "bring its rows again: of these the newest word counts"
        raise BadRequest(f"rows of {file.dataset} stand for what is true now", place=file.dataset, hint=hint)
    with into.tables.lock(file.dataset):
        catch_up(into)
        name = named_id("ing", "recall", file.dataset, file.digest)
        earlier = project.store.files.look_up(file.dataset, _mark(file))
        if earlier is not None:
            version = project.store.datasets.get(file.dataset, earlier.version)
            return TakenOut(version, -earlier.rows, already=True)
        return _taken(into, file, name)


def _mark(file: IngestedFile) -> str:
    """The digest by which the dataset's files tell that this one was recalled: nothing that could come has it."""
    return digest(f"recalled {file.digest}".encode())


def _taken(into: Target, file: IngestedFile, name: str) -> TakenOut:
    tables, dataset = into.tables, into.dataset
    theirs, replaced, spans, n = pl.col("_file") == file.digest, dict[str, pl.DataFrame](), list[int](), 0
    for standing in tables.standing(dataset, file.version):
        rows = tables.scan(dataset, [standing]).collect()
        out = rows.filter(theirs)
        if out.height:
            replaced[standing], n = rows.filter(~theirs), n + out.height
            spans += _moments(out, into.contract.time)
    if not replaced:
        raise NotFound(f"no row of {file.name} is in {dataset}", place=f"file:{file.digest}")
    summary = FileSummary(digest=_mark(file), name=RECALLED, rows=-n, quarantined=0, notes=(file.digest,))
    commit = Commit((summary,), into.project.clock.now(), None, into.contract.digest)
    into.project.artifacts.put(into.contract.text.encode())
    meta = commit.meta | ({SPAN: [min(spans), max(spans)]} if spans else {})
    none, fence = pl.DataFrame(schema=into.contract.stored | ORIGIN), into.project.store.fence
    number = tables.append(dataset, none, ingest=name, at=commit.at, meta=meta, replaced=replaced, fence=fence)
    return TakenOut(register(into, number, []), n, already=False)


def _moments(rows: pl.DataFrame, time: str | None) -> list[int]:
    if time is None:
        return []
    at = rows.select(pl.col(time).cast(pl.Datetime("us")).dt.epoch("us")).to_series().drop_nulls()
    return [int(at.min()), int(at.max())] if len(at) else []  # type: ignore[arg-type]
