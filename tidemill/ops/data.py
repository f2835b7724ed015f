"""Datasets: what there is, one version whole, what changed between two, what an ingest would say, and what was put aside."""

from __future__ import annotations

import json
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.data.contract.items import item_table
from tidemill.data.ingest.refused import forget
from tidemill.errors import BadRequest, NotFound
from tidemill.ops.act import act, record
from tidemill.ops.page import Before, Limit, Page, page
from tidemill.scope.project import Project
from tidemill.store.records import DatasetVersion, IngestedFile, Tx
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.errors import DataError

Version = Annotated[int, Meta(ge=0, le=2**31 - 1)]
COMPARED = ("count", "nulls", "min", "max")
"""Of a column's profile: how many values are different is an estimate, and changes by itself."""

_MOST_BESIDE = 20


@dataclass(frozen=True)
class Dataset:
    """A dataset as it stands."""

    name: str
    source: str
    contract: str
    versions: int
    rows: int
    quarantined: int  # of all ingests together
    latest: DatasetVersion | None


@dataclass(frozen=True)
class Reason:
    """Why so many rows are in quarantine."""

    reason: str
    rows: int


@dataclass(frozen=True)
class VersionShown:
    """One version: the files that are in it, what its columns look like, and why rows of the dataset are in quarantine."""

    version: DatasetVersion
    profile: JsonObject
    files: list[IngestedFile]
    quarantine: list[Reason]
    changed: list[str]  # what was read otherwise than it was written, in sentences
    items: int | None = None  # of a table of items: how many are known now, by files and by programs


@dataclass(frozen=True)
class ColumnChange:
    """What a column's profile says in two versions."""

    column: str
    what: str  # count | nulls | min | max
    one: float | str | None
    other: float | str | None


@dataclass(frozen=True)
class DatasetDiff:
    """What changed between two versions of a dataset."""

    versions: tuple[DatasetVersion, DatasetVersion]
    files: list[str]  # that came between them
    columns: list[ColumnChange]


@dataclass(frozen=True)
class Checked:
    """What an ingest would do with one file."""

    file: str
    rows: int
    bad: int
    known: int  # rows that are in the dataset already
    reasons: dict[str, int]
    bad_rows: list[JsonObject]
    taken: bool  # the whole file is in the dataset already
    blocked: bool
    error: str | None
    notes: tuple[str, ...] = ()  # what is to be said and is no fault
    covered: bool = True  # the source names it; else it lies beside, and is not read
    completed: int = 0  # rows that complete rows of the dataset


@dataclass(frozen=True)
class Retried:
    """Files that the next ingest reads again."""

    dataset: str
    files: list[str]


def known(project: Project, dataset: str | None) -> str:
    """The dataset of this name, or the only one. Raises NotFound."""
    if dataset is not None and project.store.datasets.page(
        dataset=dataset, limit=1
    ):  # one renamed can still be looked at
        return dataset
    return project.dataset(dataset).name


def ls(project: Project) -> Page[Dataset]:
    """All datasets that tidemill.toml declares."""
    return Page([show(project, name) for name in sorted(project.datasets)])


def show(project: Project, dataset: str) -> Dataset:
    """One dataset."""
    name = known(project, dataset)
    config, found = project.datasets.get(name), project.store.datasets.list(dataset=name)
    latest = max(found, key=lambda v: v.version, default=None)
    bad = sum(v.quarantined for v in found)
    source, contract = (config.source, config.contract) if config else ("", "")
    return Dataset(name, source, contract, len(found), latest.rows if latest else 0, bad, latest)


def versions(project: Project, dataset: str, limit: Limit = 100, before: Before = None) -> Page[DatasetVersion]:
    """Its versions, the latest first."""
    last = None if before is None else number(before)
    return page(project.store.datasets.page, limit, last, attrgetter("version"), dataset=known(project, dataset))


def version(project: Project, dataset: str, version: int | None = None) -> VersionShown:
    """One version whole; the latest, if none is named."""
    from tidemill.data.check.normalised import Normalised
    from tidemill.data.ingest.quarantine import quarantine

    record = project.store.datasets.get(known(project, dataset), version)
    files = [f for f in project.store.files.list(dataset=dataset) if f.version <= record.version]
    counted = quarantine(project, dataset).explode("_reasons")["_reasons"].value_counts(sort=True).rows()
    reasons = [Reason(reason, rows) for reason, rows in counted if files]
    profiled = summary(project, dataset, record.version)
    counts = ((name, c.get("changed", {})) for name, c in profiled["columns"].items())
    changed = [str(Normalised(name, what, n)) for name, each in counts for what, n in each.items()]
    own = item_table(project.datasets[dataset]) if dataset in project.datasets else None
    known_now = project.live.items.count_now(dataset) if own is not None else None
    return VersionShown(record, profiled, files, reasons, changed, known_now)


def files(
    project: Project, dataset: str, version: Version | None = None, limit: Limit = 100, before: Before = None
) -> Page[IngestedFile]:
    """The source files that are in it, or came with one version, the latest first."""
    name = known(project, dataset)
    return page(project.store.files.page, limit, before, attrgetter("digest"), dataset=name, version=version)


def profile(project: Project, dataset: str, version: Version) -> JsonObject:
    """What the columns of a version look like."""
    found = project.store.datasets.get(known(project, dataset), version)
    if found.profile is None:
        raise NotFound(f"{dataset}@{version} has no profile")
    read: JsonObject = json.loads(project.artifacts.get(found.profile))
    return read


def summary(project: Project, dataset: str, version: int | None = None) -> JsonObject:
    """The profile without its sketches; empty where none was made."""
    record = project.store.datasets.get(known(project, dataset), version)
    found = profile(project, dataset, record.version) if record.profile else {"columns": {}}
    columns = {name: {k: v for k, v in c.items() if k != "sketches"} for name, c in found["columns"].items()}
    return {**found, "columns": columns}


def diff(project: Project, dataset: str, one: Version, other: Version) -> DatasetDiff:
    """What changed between two versions: rows, files, and each column's profile."""
    first, second = (project.store.datasets.get(known(project, dataset), v) for v in (one, other))
    before, after = (summary(project, dataset, v)["columns"] for v in (one, other))
    low, high = sorted((one, other))
    between = [f.name for f in project.store.files.list(dataset=dataset) if low < f.version <= high]
    changes = [
        ColumnChange(name, what, a.get(what), b.get(what))
        for name in dict.fromkeys([*before, *after])
        for a, b in [(before.get(name, {}), after.get(name, {}))]
        for what in COMPARED
        if a.get(what) != b.get(what)
    ]
    return DatasetDiff((first, second), between, changes)


def check(project: Project, dataset: str | None = None, most: int = 20) -> tuple[list[Checked], list[DataError]]:
    """What an ingest would do with each file of the source, and why some would stop it; nothing is stored.

    ``most``: so many bad rows come along in all, those of files that stop an ingest first.
    """
    from tidemill.data.ingest.judge import preview
    from tidemill.data.ingest.quarantine import bad_rows
    from tidemill.model.prepare import check_inputs

    found: list[Checked] = []
    errors: list[DataError] = []
    declared = project.dataset(dataset)
    for model in declared.models:
        check_inputs(model)
    for looked in preview(project, declared.name):
        checked, bad = looked.checked, looked.checked.bad if looked.checked else None
        errors += [looked.error] if looked.error else []
        found.append(
            Checked(
                looked.file.name,
                checked.rows if checked else 0,
                checked.n_bad if checked else 0,
                checked.known if checked else 0,
                checked.counts if checked else {},
                bad_rows(bad.head(most), looked.file.name) if bad is not None else [],
                looked.taken,
                looked.error is not None,
                looked.error.message if looked.error else None,
                checked.notes if checked else (),
                completed=checked.completed if checked else 0,
            )
        )
    for f in sorted(found, key=lambda f: (f.taken, not f.blocked)):
        del f.bad_rows[max(most, 0) :]
        most -= len(f.bad_rows)
    return [*found, *_beside(project, declared.name)], errors


@needs("data.retry")
def retry(project: Project, caller: Caller, dataset: str) -> Retried:
    """Let the next ingest read again the files that could not be read: a file that is as it was is read once."""
    name = project.dataset(dataset).name

    def work(tx: Tx) -> list[str]:
        names = forget(project.store, name, tx)
        record(project, "retry", {"dataset": name, "files": names}, tx)
        return names

    return Retried(name, act(project, caller, "data.retry", work))


def _beside(project: Project, dataset: str) -> list[Checked]:
    """Files beside those of the source that no dataset reads."""
    from tidemill.data.discover.sources import FUNCTION, beside

    sources = {name: declared.source for name, declared in project.datasets.items()}
    source = sources.pop(dataset)
    names = [] if source.startswith(FUNCTION) else beside(project.root, source, sources.values())
    return [Checked(name, 0, 0, 0, {}, [], False, False, None, covered=False) for name in names[:_MOST_BESIDE]]


def infer(path: str, name: str | None = None) -> str:
    """The first draft of a contract from a file's rows, as YAML. Raises BadRequest for a file that is no table."""
    from pathlib import Path

    from tidemill.data.discover.readers import READERS, endings
    from tidemill.data.discover.sources import read, source_file
    from tidemill.data.draft.infer import infer as draft

    file = Path(path).resolve()
    if not (file / "_delta_log").is_dir() and file.suffix.lower() not in READERS:
        hint = f"a contract is drafted from {endings()}, or the folder of a Delta table"
        raise BadRequest(f"{file.name} is no table", hint=hint)
    rows = read(source_file(file.parent, file.name))
    return draft(rows.frame, name or file.stem, rows.broken)


def number(text: str) -> int:
    """A version. Raises BadRequest."""
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise BadRequest(f"{text!r} is no version", place="before", hint="use `next` of the page before")
    return int(text)
