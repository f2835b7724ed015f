"""A list that may be long, written to a file row by row: it is whole, or not there."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TextIO

import click

from tidemill.ops.text import cell
from tidemill.types import to_iso

WRITERS = (".csv", ".jsonl")
NAMES = ("at", "id", "subject")


def write_rows(rows: Iterable[Any], out: Path, names: Sequence[str] = NAMES) -> int:
    """How many; only the file's owner can read it, for it names people. Raises UsageError for another kind of file."""
    if out.suffix.lower() not in WRITERS:
        raise click.UsageError(f"--out {out}: write {' or '.join(WRITERS)}")
    new = out.with_name(f".{out.name}.{os.getpid()}.new")
    try:
        with new.open("w", encoding="utf-8", newline="") as file:
            os.fchmod(file.fileno(), 0o600)
            n = _write(rows, file, names, as_csv=out.suffix.lower() == ".csv")
            file.flush()
            os.fsync(file.fileno())
        new.replace(out)
    finally:
        new.unlink(missing_ok=True)
    return n


def _write(rows: Iterable[Any], file: TextIO, names: Sequence[str], *, as_csv: bool) -> int:
    """Each row as it comes."""
    lines, n = csv.writer(file), 0
    if as_csv:
        lines.writerow(names)
    for row in rows:
        n += 1
        if as_csv:
            lines.writerow(cell(name, value) for name, value in zip(names, row, strict=True))
        else:
            file.write(json.dumps({**dict(zip(names, row, strict=True)), "at": to_iso(row.at)}) + "\n")
    return n
