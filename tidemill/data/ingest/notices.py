"""What is said of files that come again: under another name, with other bytes, with rows that are in already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidemill.data.discover.sources import FUNCTION
from tidemill.store.records import DatasetVersion, Event
from tidemill.types import JsonObject, named_id

if TYPE_CHECKING:
    from collections.abc import Sequence

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
