"""What the demo's replay answered and decided, in lines: to compare with the golden files beside this module.

``answers.txt``: request, arm, version of the model, digest of the items in their order. ``decisions.txt``: day, action,
codes of what called for it and of what held it back. Written anew by::

    tidemill demo --once --folder shop --log log.parquet
    python -m tests.e2e.golden.story shop log.parquet
"""

from __future__ import annotations

import hashlib
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

HERE = Path(__file__).parent
ARMS = "select id, arm from predictions"
DECISIONS = "select at, action, code from decisions order by at"


def answers(shop: Path, log: Path) -> list[str]:
    """One line a request, in the order they were asked."""
    with closing(sqlite3.connect(shop / ".tidemill/live.db")) as live:
        return answered(live.execute(ARMS), log)


def answered(arms_of: Iterable[Sequence[Any]], log: Path) -> list[str]:
    """As `answers`, by what `ARMS` finds wherever the predictions are."""
    arms = dict(arms_of)
    rows = pl.read_parquet(log).sort("at", "request").iter_rows(named=True)
    return [f"{r['request']} {arms[r['prediction']]} {r['model']} {_digest(r['items'])}" for r in rows]


def decisions(shop: Path) -> list[str]:
    """One line a decision, in the order they were taken."""
    with closing(sqlite3.connect(shop / ".tidemill/tidemill.db")) as store:
        return decided(store.execute(DECISIONS))


def decided(rows: Iterable[Sequence[Any]]) -> list[str]:
    """As `decisions`, by what `DECISIONS` finds."""
    return [f"{datetime.fromtimestamp(at / 1e6, UTC):%Y-%m-%d} {action} {code}" for at, action, code in rows]


def golden(name: str) -> list[str]:
    """The lines of a golden file."""
    return (HERE / f"{name}.txt").read_text().splitlines()


def _digest(items: list[str]) -> str:
    return hashlib.sha256("\n".join(items).encode()).hexdigest()[:12]


def _files(shop: Path, log: Path) -> Iterator[tuple[str, list[str]]]:
    yield "answers", answers(shop, log)
    yield "decisions", decisions(shop)


if __name__ == "__main__":
    for name, lines in _files(Path(sys.argv[1]), Path(sys.argv[2])):
        (HERE / f"{name}.txt").write_text("\n".join(lines) + "\n")
