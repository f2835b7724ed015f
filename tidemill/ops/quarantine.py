"""Rows that broke the contract, with reasons, for looking at.

The tables are read in a child process: the server that answers predictions never imports what reads them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tidemill.errors import StoreError
from tidemill.ops.data import Version, known
from tidemill.process.child import Child
from tidemill.process.supervised import log_file
from tidemill.scope.project import Project
from tidemill.store.records import DatasetVersion
from tidemill.types import JsonObject

MOST, ALL = 20, 10**9
SECONDS = 20.0
_READER = "tidemill.data.ingest.quarantine_rows"


@dataclass(frozen=True, slots=True)
class Bad:
    """Rows in quarantine: how often each reason, and the first of them."""

    count: int
    reasons: list[tuple[str, int]] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""


def show(project: Project, dataset: str, version: Version) -> Bad:
    """The rows that a version's ingest put aside: how often each reason, and the first rows."""
    return of(project, project.store.datasets.get(known(project, dataset), version))


def of(project: Project, version: DatasetVersion) -> Bad:
    """What this version's ingest put aside."""
    if not version.quarantined:
        return Bad(0)
    try:
        found = list(rows(project, version, MOST))
    except StoreError as exc:
        return Bad(version.quarantined, error=str(exc))
    return _shown(version.quarantined, _reasons(project, version), found)


def rows(project: Project, version: DatasetVersion, most: int = ALL) -> Iterator[dict[str, Any]]:
    """The rows that this version's ingest put aside, as the child reads them, one by one. Raises StoreError.

    The child is ended when it is silent for too long at any place; only its silence counts, for whoever takes the rows
    may be slow.
    """
    arguments = [str(project.tables_dir), version.dataset, version.ingest, str(most)]
    with log_file(project.logs, "quarantine") as log, Child(_READER, arguments, log=log) as child:
        while "done" not in (told := _next(child, version.dataset)):
            yield told["row"]


def _next(child: Child, place: str) -> JsonObject:
    try:
        told = child.channel.receive(time.monotonic() + SECONDS)
    except TimeoutError as exc:
        raise StoreError(f"it was not read within {SECONDS} s", place=place) from exc
    if told is None:
        raise StoreError("the process that reads it died", place=place, hint="see .tidemill/logs/quarantine.log")
    if "error" in told:
        raise StoreError(told["error"], place=place)
    return told


def _reasons(project: Project, version: DatasetVersion) -> dict[str, int]:
    """How many rows of the ingest have each reason, as it told when it put them aside."""
    ref = f"dataset:{version.dataset}@{version.version}"
    told = project.store.events.list(kind="quarantined", since=version.created, until=version.created + 1)
    found = next((e.data.get("reasons") for e in told if e.subject == ref), None)
    return found if isinstance(found, dict) else {}


def _shown(count: int, counted: dict[str, int], rows: list[dict[str, Any]]) -> Bad:
    """The first rows, their values as the source had them; where the ingest told no reasons, those of these rows."""
    alone = not counted
    counted = dict(counted)
    shown: list[dict[str, Any]] = []
    for row in rows:
        reasons = [str(reason) for reason in row.get("_reasons") or ()]
        for reason in reasons:
            counted[reason] = counted.get(reason, 0) + alone
        shown.append({"reasons": reasons, "row": row.get("_row"), "values": _raw(row.get("_raw"))})
    columns = list(dict.fromkeys(name for values in (_raw(row.get("_raw")) for row in rows) for name in values))
    return Bad(count, sorted(counted.items(), key=lambda p: (-p[1], p[0])), columns, shown)


def _raw(text: Any) -> dict[str, Any]:
    """A row as it was before the contract looked at it; a line that is no row is one value.

    >>> _raw('{"price": -1}'), _raw("a;b")
    ({'price': -1}, {'line': 'a;b'})
    """
    try:
        found = json.loads(text)
    except (ValueError, TypeError):
        return {"line": text}
    return found if isinstance(found, dict) else {"line": text}
