"""A list that may be long, written to a file row by row: it is whole, or not there."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from tidemill.ops.text import cell
from tidemill.types import to_iso

if TYPE_CHECKING:
    from tidemill.store.sql.predictions import Given

WRITERS = (".csv", ".jsonl")
NAMES = ("at", "id", "subject")


def write_seen(rows: Iterable[Given], out: Path) -> int:
    """How many. Raises UsageError for another kind of file."""
    if out.suffix.lower() not in WRITERS:
        raise click.UsageError(f"--out {out}: write {' or '.join(WRITERS)}")
    new = out.with_name(f".{out.name}.{os.getpid()}.new")
    try:
        with new.open("w", encoding="utf-8", newline="") as file:
            n = _write(rows, file, as_csv=out.suffix.lower() == ".csv")
            file.flush()
            os.fsync(file.fileno())
        new.replace(out)
    finally:
        new.unlink(missing_ok=True)
    return n


def _write(rows: Iterable[Given], file: TextIO, *, as_csv: bool) -> int:
    """Each row as it comes."""
    lines, n = csv.writer(file), 0
    if as_csv:
        lines.writerow(NAMES)
    for row in rows:
        n += 1
        if as_csv:
            lines.writerow(cell(name, value) for name, value in zip(NAMES, row, strict=True))
        else:
            file.write(json.dumps({**dict(zip(NAMES, row, strict=True)), "at": to_iso(row.at)}) + "\n")
    return n
