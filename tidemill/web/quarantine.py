"""Rows that broke the contract, with reasons, for looking at.

The tables are read in a child process: the server that answers predictions never imports what reads them.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import Any

from tidemill.errors import StoreError
from tidemill.scope.project import Project
from tidemill.store.records import DatasetVersion

MOST, ALL = 20, 10**9
SECONDS = 20.0
_READ = """
import json, sys
from pathlib import Path
from tidemill.data.tables.tables import QUARANTINE, Tables
import polars as pl
root, name, ingest, most = sys.argv[1:]
tables = Tables(Path(root))
if tables.exists(name + QUARANTINE):
    frame = tables.read(name + QUARANTINE).filter(pl.col("_ingest") == ingest).head(int(most)).collect()
    for row in frame.iter_rows(named=True):
        print(json.dumps(row, default=str))
"""


@dataclass(frozen=True, slots=True)
class Bad:
    """Rows in quarantine: how often each reason, and the first of them."""

    count: int
    reasons: list[tuple[str, int]] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""


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
    """The rows that this version's ingest put aside, as the child reads them, one by one. Raises StoreError."""
    arguments = [str(project.tables_dir), version.dataset, version.ingest, str(most)]
    line = [sys.executable, "-c", _READ, *arguments]
    with TemporaryFile() as words, subprocess.Popen(line, stdout=subprocess.PIPE, stderr=words) as child:
        try:
            for told in _lines(child):
                yield json.loads(told)
            if child.wait():
                words.seek(0)
                said = words.read().decode("utf-8", "replace").strip().splitlines()[-1:]
                raise StoreError(said[0] if said else f"it was not read within {SECONDS} s", place=version.dataset)
        finally:
            child.kill()


def _lines(child: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """What the child writes, line by line, to its end; it is killed when it is silent for too long at any place.

    Only its silence counts: whoever takes the rows may be slow.
    """
    assert child.stdout is not None
    out, rest = child.stdout.fileno(), b""
    waits = select.poll()
    waits.register(out, select.POLLIN)
    while waits.poll(SECONDS * 1_000):
        read = os.read(out, 1 << 16)
        if not read:
            return
        *lines, rest = (rest + read).split(b"\n")
        yield from lines
    child.kill()


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
