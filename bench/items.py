"""What a table of items costs: said in lists, followed by a scorer, held and changed in memory; beside plain SQL that keeps the same."""

from __future__ import annotations

import json
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.timing import row
from tidemill.features.items import ItemTable
from tidemill.serve.histories import Histories
from tidemill.store.records import ItemChange
from tidemill.store.sql import open_live

ITEMS, COLUMNS, LIST, LISTS = 100_000, 20, 100, 100
KINDS = {f"n{n}": "number" for n in range(COLUMNS - 5)} | {f"s{n}": "string" for n in range(5)}


def values(n: int) -> dict[str, Any]:
    """A row of an item."""
    numbers = {name: float(n * i) for i, name in enumerate(KINDS) if KINDS[name] == "number"}
    return numbers | {name: f"word {n % (50 if name != 's4' else ITEMS)}" for name in KINDS if KINDS[name] == "string"}


def cpu(work: Callable[[], object]) -> float:
    """Seconds of this process's CPU, its threads' included."""
    began = time.process_time()
    work()
    return time.process_time() - began


def fed(folder: Path) -> tuple[float, float]:
    """Microseconds an item: to keep it in lists, to follow it."""
    live = open_live(folder / "live.db")
    live.items.load(
        (ItemChange("items", f"item{n}", "", 1, {"stock": 1, "name": f"item {n}"}) for n in range(10_000)), 1
    )
    histories = Histories(live, items=ItemTable(kinds={"stock": "number", "name": "string"}))

    def feed() -> None:
        for turn in range(LISTS):
            some = range(turn * LIST, (turn + 1) * LIST)
            said = [ItemChange("items", f"item{n * 7 % 10_000}", "", turn + 2, {"stock": turn}) for n in some]
            live.items.set(said, turn + 2).result()

    def follow() -> None:
        while histories.take(histories.fetch()):
            pass

    times = cpu(feed), cpu(follow)
    live.close()
    return times[0] / (LIST * LISTS) * 1e6, times[1] / (LIST * LISTS) * 1e6


def floor(folder: Path) -> float:
    """The same rows by plain SQL: the row that stood is closed, the next one is added; a commit a list."""
    db = sqlite3.connect(folder / "floor.db", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("CREATE TABLE rows (seq INTEGER PRIMARY KEY, item TEXT, at INTEGER, known TEXT, until INTEGER)")
    db.execute("CREATE UNIQUE INDEX now ON rows (item) WHERE until IS NULL")
    db.executemany("INSERT INTO rows VALUES (?, ?, 1, '{}', NULL)", ((n, f"item{n}") for n in range(10_000)))

    def feed() -> None:
        seq = 10_000
        for turn in range(LISTS):
            db.execute("BEGIN IMMEDIATE")
            for n in range(turn * LIST, (turn + 1) * LIST):
                item = f"item{n * 7 % 10_000}"
                before = db.execute("SELECT seq, known FROM rows WHERE item = ? AND until IS NULL", (item,)).fetchone()
                seq += 1
                db.execute("UPDATE rows SET until = ? WHERE seq = ?", (seq, before[0]))
                known = json.dumps({**json.loads(before[1]), "stock": turn})
                db.execute("INSERT INTO rows VALUES (?, ?, ?, ?, NULL)", (seq, item, turn + 2, known))
            db.execute("COMMIT")

    used = cpu(feed)
    db.close()
    return used / (LIST * LISTS) * 1e6


def run() -> list[dict[str, Any]]:
    """The rows of the table."""
    with tempfile.TemporaryDirectory() as folder:
        (kept, followed), plain = fed(Path(folder)), floor(Path(folder))
    whole = [(n, "items", f"item{n}", "", json.dumps(values(n))) for n in range(ITEMS)]
    table = ItemTable(kinds=KINDS)
    built = cpu(lambda: table.updated(whole, ITEMS))
    table = table.updated(whole, ITEMS)
    some = [(ITEMS + n, "items", f"item{n}", "", json.dumps({**values(n), "n0": 7.0})) for n in range(LIST)]
    changed = cpu(lambda: [table.updated(some, ITEMS + LIST) for _ in range(10)]) / 10
    held = sum(array.nbytes for array in table._arrays.values()) / 1e6
    return [
        row("items: kept, in lists of 100", kept, "µs CPU an item", plain, "the same by plain SQL"),
        row("items: followed by a scorer", followed, "µs CPU an item"),
        row(f"items: {ITEMS:,} x {COLUMNS} read at a start", built, "s CPU"),
        row(f"items: {LIST} of these with another stock, in memory", changed * 1e3, "ms CPU"),
        row(f"items: {ITEMS:,} x {COLUMNS} held", held, "MB of columns"),
    ]
