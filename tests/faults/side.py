"""What was done and what is recorded: side files of lines, and plain SQL."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def ask(root: Path, query: str, database: str = "tidemill.db") -> list[Any]:
    """What plain SQL finds; nothing where the database or the table is not there yet."""
    path = root / ".tidemill" / database
    if not path.exists():
        return []
    db = sqlite3.connect(path, timeout=30)
    try:
        return db.execute(query).fetchall()
    except sqlite3.OperationalError as exc:
        if "no such table" in str(exc):
            return []
        raise
    finally:
        db.close()


def leave(side: Path, *words: str) -> None:
    """One write of one line: it is there whole, whatever kills the process."""
    fd = os.open(side, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(fd, (" ".join(words) + "\n").encode())
    os.close(fd)


def left(side: Path) -> list[tuple[str, ...]]:
    """The lines, as words."""
    return [tuple(line.split(" ")) for line in side.read_text().splitlines()] if side.exists() else []


def settled(root: Path) -> Iterator[str]:
    """What still says that something goes on: nothing should, when nothing runs."""
    for table in ("runs", "steps"):
        for (found,) in ask(root, f"select count(*) from {table} where status in ('running', 'pending')"):
            if found:
                yield f"{found} {table} running"
    yield from (f"lease {name} of {owner}" for name, owner in ask(root, "select name, owner from leases"))
