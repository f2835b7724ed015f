"""What a table's commit says of an ingest, and what people are told of it.

They are told of new rows, bad rows, columns beside the contract, what else is to be said of a file, and files that come
again: under another name, with other bytes, or with rows that are in already.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from tidemill.data.discover.sources import FUNCTION
from tidemill.data.tables.tables import TableCommit
from tidemill.ref import Ref
from tidemill.store.lineage import RECALLED
from tidemill.store.records import DatasetVersion, Event
from tidemill.types import JsonObject, Micros, named_id

if TYPE_CHECKING:
    from tidemill.scope.project import Project


RECTIFIED = "rectified"
"""What a commit calls the file of one row that was corrected by its person's right."""


class FileSummary(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a commit says of a file: its good rows, and those that are new in quarantine, with their reasons."""

    digest: str
    name: str  # RECALLED: of a file whose rows were taken out; then ``notes`` has its digest, and ``rows`` is below nothing
    rows: int
    quarantined: int
    reasons: dict[str, int] = {}
    known: int = 0  # rows that are in already
    completed: int = 0  # rows that completed rows which are in
    kept: int = 0  # bad ones that are in quarantine already
    before: bool = False  # a file of its name is in
    surplus: tuple[str, ...] = ()  # its columns beside the contract's
    absent: tuple[str, ...] = ()  # optional ones that it has not
    changed: dict[str, dict[str, int]] = {}  # by column, what was read otherwise than written, and how many values
    notes: tuple[str, ...] = ()  # what else is to be said of it


class Commit(msgspec.Struct, frozen=True):
    """What a table's commit says of an ingest: enough to do what follows it again from the log."""

    files: tuple[FileSummary, ...]  # none: the rows that are in, read by a contract that gives them another meaning
    at: Micros
    run: str | None
    contract: str  # the digest of the one that rows were judged by

    @staticmethod
    def of(commit: TableCommit) -> Commit:
        """Read back from the table's log."""
        return msgspec.json.decode(commit.meta["tidemill.commit"], type=Commit)

    @property
    def meta(self) -> dict[str, Any]:
        """What is written into the table's log; `of` reads it."""
        return {"tidemill.commit": msgspec.json.encode(self).decode(), "tidemill.at": str(self.at)}

    @property
    def changed(self) -> dict[str, Counter[str]]:
        """By column, what was read otherwise than written."""
        found: dict[str, Counter[str]] = {}
        for file in self.files:
            for column, counts in file.changed.items():
                found.setdefault(column, Counter()).update(counts)
        return found

    @property
    def quarantined(self) -> int:
        return sum(file.quarantined for file in self.files)


def tell_again(project: Project, dataset: str, again: dict[str, str], revised: str | None = None) -> None:
    """Say once of each file that its bytes are in the dataset under another name: they are not taken in again.

    ``revised``: the last ingest of a table of items whose newest rows count: there they might have been news.
    """
    for name, first in again.items():
        said, names = f"{name} holds the same bytes as {first}: they are in {dataset} once", [dataset, name, first]
        if revised is not None:
            said = (
                f"{name} holds bytes that came before: what was said of {dataset} since stands, unless rows have a time"
            )
            names.append(revised)
        elif name == first:
            continue
        event, data = named_id("evt", "again", *names), {"file": name, "message": said}
        project.store.events.add_once(Event(event, project.clock.now(), "again", f"dataset:{dataset}", data))


def ingest_events(version: DatasetVersion, commit: Commit) -> list[Event]:
    """Everything that is told of a commit."""

    def event(kind: str, data: JsonObject, *names: str) -> Event:
        ref = str(Ref("dataset", version.dataset, version.version))
        return Event(named_id("evt", kind, version.dataset, *names), version.created, kind, ref, data)

    if not commit.files:
        message = f"the contract of {version.dataset} has changed: its {version.rows} rows are read by it from here on"
        return [event("contract", {"message": message, "rows": version.rows}, version.ingest)]
    if any(file.name == RECALLED for file in commit.files):
        rows = -sum(file.rows for file in commit.files)
        message = f"a recalled file is not in {version.dataset} any more: {rows} rows were taken out"
        return [event("rows_recalled", {"message": message, "rows": rows}, version.ingest)]
    shown = {"files": len(commit.files), "first": commit.files[0].name, "last": commit.files[-1].name}
    more = {name: sum(getattr(f, name) for f in commit.files) for name in ("known", "completed")}
    counts = {"rows": sum(f.rows for f in commit.files), "quarantined": commit.quarantined}
    events = [event("ingested", {**shown, **counts, **{name: n for name, n in more.items() if n}}, version.ingest)]
    for files in _by_columns(commit.files):
        first = files[0]
        rows = sum(f.rows + f.quarantined for f in files)
        data = {"surplus": list(first.surplus), "absent": list(first.absent), "file": first.name, "rows": rows}
        data["message"] = _columns_message(first)
        events.append(event("columns", data, "\x1f".join(first.surplus), "\x1f".join(first.absent)))
    for f in commit.files:
        if message := _again_message(f, version.dataset):
            counted = {name: n for name, n in (("known", f.known), ("kept", f.kept)) if n}
            events.append(event("again", {"file": f.name, "message": message, **counted}, version.ingest, f.digest))
    for f in commit.files:
        if f.notes:
            data = {"file": f.name, "message": f"{f.name}: {'; '.join(f.notes)}"}
            events.append(event("note", data, version.ingest, f.digest))
    if commit.quarantined:
        reasons = sum((Counter(f.reasons) for f in commit.files), Counter[str]())
        data = {**shown, "rows": commit.quarantined, "reasons": dict(reasons)}
        events.append(event("quarantined", data, version.ingest))
    return events


def _by_columns(files: tuple[FileSummary, ...]) -> list[list[FileSummary]]:
    """The files whose columns are not the contract's, those of the same columns together."""
    found: dict[tuple[tuple[str, ...], tuple[str, ...]], list[FileSummary]] = {}
    for file in files:
        if file.surplus or file.absent:
            found.setdefault((file.surplus, file.absent), []).append(file)
    return list(found.values())


def _columns_message(file: FileSummary) -> str:
    parts = [f"not in the contract: {', '.join(file.surplus)}"] * bool(file.surplus)
    parts += [f"null, for the file has none: {', '.join(file.absent)}"] * bool(file.absent)
    return f"columns of {file.name} {'; '.join(parts)}"


def _again_message(file: FileSummary, dataset: str) -> str:
    """What is to be said of a file that brings what is in already, or comes again with other bytes; else nothing.

    Nothing of a function: it may give its whole table each time, and the ingest's own event has the counts.
    """
    if file.name.startswith(FUNCTION):
        return ""
    total = file.known + file.completed + file.kept + file.rows + file.quarantined
    parts = [f"{file.known:,} of its {total:,} rows are in {dataset} already and count once"] * bool(file.known)
    parts += [f"{file.kept:,} bad ones are in quarantine already"] * bool(file.kept)
    said = ", ".join(parts)
    if file.before:
        return f"{file.name} was ingested before with other bytes: {said or 'none of its rows is in already'}"
    return f"{file.name}: {said}" if said else ""
