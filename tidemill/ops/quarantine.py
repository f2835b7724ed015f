"""Rows that broke the contract, with reasons, for looking at.

The tables are read in a child process: the server that answers predictions never imports what reads them.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tidemill.errors import StoreError
from tidemill.ops.data import Version, known
from tidemill.process.child import Child
from tidemill.process.supervised import log_file
from tidemill.ref import Ref
from tidemill.scope.project import Project
from tidemill.store.records import DatasetVersion
from tidemill.types import JsonObject

MOST, ALL = 20, 10**9
SECONDS = 20.0
_READER = "tidemill.data.ingest.quarantine"


@dataclass(frozen=True)
class Kept:
    """How many rows of a dataset are in quarantine, and the latest of them."""

    rows: int
    shown: list[JsonObject]


@dataclass(frozen=True, slots=True)
class Bad:
    """Rows in quarantine: how often each reason, and the first of them."""

    count: int
    reasons: list[tuple[str, int]] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""


def latest(project: Project, dataset: str | None = None, limit: int = MOST) -> Kept:
    """The rows of all ingests that are in quarantine, the latest last: where they stood, why they are there, their values."""
    from tidemill.data.ingest.quarantine import bad_rows, quarantine

    rows = quarantine(project, known(project, dataset))
    return Kept(rows.height, bad_rows(rows.tail(limit)))


def show(project: Project, dataset: str, version: Version) -> Bad:
    """The rows that a version's ingest put aside: how often each reason, and the first rows."""
    return of(project, project.store.datasets.get(known(project, dataset), version))


def of(project: Project, version: DatasetVersion) -> Bad:
    """What this version's ingest put aside: its first rows, their values as the source had them."""
    if not version.quarantined:
        return Bad(0)
    try:
        found = list(rows(project, version, MOST))
    except StoreError as exc:
        return Bad(version.quarantined, error=str(exc))
    shown = [row if isinstance(row["values"], dict) else {**row, "values": {"line": row["values"]}} for row in found]
    counted = _reasons(project, version) or Counter(reason for row in shown for reason in row["reasons"])
    columns = list(dict.fromkeys(name for row in shown for name in row["values"]))
    return Bad(version.quarantined, sorted(counted.items(), key=lambda p: (-p[1], p[0])), columns, shown)


def rows(project: Project, version: DatasetVersion, most: int = ALL) -> Iterator[dict[str, Any]]:
    """The rows that this version's ingest put aside, as the child reads them, one by one. Raises StoreError.

    The child is ended when it is silent for too long at any place; only its silence counts, for whoever takes the rows
    may be slow.
    """
    arguments = [project.tables_at, version.dataset, version.ingest, str(most)]
    with log_file(project.logs, "quarantine") as log, Child(_READER, arguments, log=log) as child:
        while "done" not in (message := _next(child, version.dataset)):
            yield message["row"]


def _next(child: Child, place: str) -> JsonObject:
    try:
        message = child.channel.receive(time.monotonic() + SECONDS)
    except TimeoutError as exc:
        raise StoreError(f"it was not read within {SECONDS} s", place=place) from exc
    if message is None:
        raise StoreError("the process that reads it died", place=place, hint="see .tidemill/logs/quarantine.log")
    if "error" in message:
        raise StoreError(message["error"], place=place)
    return message


def _reasons(project: Project, version: DatasetVersion) -> dict[str, int]:
    """How many rows of the ingest have each reason, as its event says; nothing where it was not the ingest that wrote it."""
    ref = str(Ref("dataset", version.dataset, version.version))
    events = project.store.events.list(kind="quarantined", since=version.created, until=version.created + 1)
    return next((dict(event.data.get("reasons", {})) for event in events if event.subject == ref), {})
