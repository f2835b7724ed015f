"""What people are told of an ingest: new rows, bad rows, columns beside the contract, and files that come again.

A file comes again under another name, with other bytes, or with rows that are in already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidemill.data.discover.sources import FUNCTION
from tidemill.store.records import DatasetVersion, Event
from tidemill.types import JsonObject, named_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidemill.data.ingest.commit import Commit
    from tidemill.scope.project import Project


def tell_again(project: Project, dataset: str, again: dict[str, str]) -> None:
    """Say once of each file that its bytes are in the dataset under another name: they are not taken in again."""
    for name, first in again.items():
        message = f"{name} holds the same bytes as {first}: they are in {dataset} once"
        event = named_id("evt", "again", dataset, name, first)
        data = {"file": name, "message": message}
        project.store.events.add_once(Event(event, project.clock.now(), "again", f"dataset:{dataset}", data))


def column_events(version: DatasetVersion, files: Sequence[JsonObject]) -> list[Event]:
    """What is said of columns that a file has and the contract does not name, or the other way round: once for the same."""
    found: dict[tuple[tuple[str, ...], tuple[str, ...]], list[JsonObject]] = {}
    for file in files:
        columns = (tuple(file.get("surplus", ())), tuple(file.get("absent", ())))
        if any(columns):
            found.setdefault(columns, []).append(file)
    return [_columns_event(version, *columns, of) for columns, of in found.items()]


def _columns_event(
    version: DatasetVersion, surplus: tuple[str, ...], absent: tuple[str, ...], files: list[JsonObject]
) -> Event:
    parts = [f"not in the contract: {', '.join(surplus)}"] * bool(surplus)
    parts += [f"null, for the file has none: {', '.join(absent)}"] * bool(absent)
    rows = sum(int(f["rows"]) + int(f["quarantined"]) for f in files)
    data: JsonObject = {"surplus": list(surplus), "absent": list(absent), "file": files[0]["name"], "rows": rows}
    data["message"] = f"columns of {files[0]['name']} {'; '.join(parts)}"
    ref = f"dataset:{version.dataset}@{version.version}"
    told = named_id("evt", "columns", version.dataset, "\x1f".join(surplus), "\x1f".join(absent))
    return Event(told, version.created, "columns", ref, data)


def told_again(file: JsonObject, dataset: str) -> str:
    """What is to be said of a file that brings what is in already, or comes again with other bytes; else nothing.

    Nothing of a function: it may give its whole table each time, and the ingest's own event has the counts.
    """
    known, kept, name = file.get("known", 0), file.get("kept", 0), file["name"]
    if name.startswith(FUNCTION):
        return ""
    total = known + kept + file["rows"] + file["quarantined"]
    parts = [f"{known:,} of its {total:,} rows are in {dataset} already and count once"] * bool(known)
    parts += [f"{kept:,} bad ones are in quarantine already"] * bool(kept)
    said = ", ".join(parts)
    if file.get("before"):
        return f"{name} was ingested before with other bytes: {said or 'none of its rows is in already'}"
    return f"{name}: {said}" if said else ""


def ingest_events(version: DatasetVersion, commit: Commit) -> list[Event]:
    ref = f"dataset:{version.dataset}@{version.version}"

    def event(kind: str, data: JsonObject) -> Event:
        return Event(named_id("evt", kind, version.dataset, version.ingest), version.created, kind, ref, data)

    if not commit.files:
        message = f"the contract of {version.dataset} has changed: its {version.rows} rows are read by it from here on"
        return [event("contract", {"message": message, "rows": version.rows})]
    names = [f["name"] for f in commit.files]
    shown = {"files": len(names), "first": names[0], "last": names[-1]}
    taken = sum(f["rows"] for f in commit.files)
    known = sum(f.get("known", 0) for f in commit.files)
    counts = {"rows": taken, "quarantined": commit.quarantined} | ({"known": known} if known else {})
    events = [event("ingested", {**shown, **counts})]
    events += column_events(version, commit.files)
    for f in commit.files:
        if message := told_again(f, version.dataset):
            told = named_id("evt", "again", version.dataset, version.ingest, f["digest"])
            data = {"file": f["name"], "message": message} | {k: f[k] for k in ("known", "kept") if k in f}
            events.append(Event(told, version.created, "again", ref, data))
    if commit.quarantined:
        reasons: dict[str, int] = {}
        for f in commit.files:
            for reason, n in f["reasons"].items():
                reasons[reason] = reasons.get(reason, 0) + n
        events.append(event("quarantined", {**shown, "rows": commit.quarantined, "reasons": reasons}))
    return events
