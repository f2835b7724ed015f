"""The trace of one prediction among a million: back to its rows, its model's data, and the rows that weigh."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

from bench import shop
from bench.timing import piece, row
from tidemill.feedback.trace import trace
from tidemill.scope.project import Project
from tidemill.types import SECOND

PREDICTIONS = 1_000_000
COLUMNS = "id, endpoint, at, subject, model, release, arm, output, inputs, watermark, latency_us, cold, environment, explained"
INSERT = f"INSERT INTO predictions ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
WANTED = "pred_0500007"  # asked by subject 7


def fill(project: Project, output: bytes, now: int) -> None:
    """A million predictions of a thousand subjects by plain SQL, which all gave this answer."""
    model, release = "model:shop@1", "rel_1"
    watermark = shop.SUBJECTS * shop.ROWS_EACH
    rows = (
        (
            f"pred_{i:07}",
            "shop",
            now + i * SECOND,
            str(i % shop.SUBJECTS),
            model,
            release,
            "champion",
            output,
            b'{"k":10}',
            watermark,
            300,
            0,
            "",
            b"",
        )
        for i in range(PREDICTIONS)
    )
    with sqlite3.connect(project.state / "live.db") as db:
        db.execute("PRAGMA synchronous=off")
        db.executemany(INSERT, rows)
    db.close()


def select_us(project: Project) -> float:
    """One row by its key, by plain SQL."""
    with sqlite3.connect(project.state / "live.db") as db:
        found = piece(lambda: db.execute("SELECT * FROM predictions WHERE id = ?", (WANTED,)).fetchone())[0]
    db.close()
    return found


def run() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TIDEMILL_HOME"] = f"{folder}/home"
        with shop.released(Path(folder) / "shop") as (project, bundle):
            now = project.clock.now()
            fill(project, shop.answer(project, bundle, "7", now + 500_007 * SECOND), now)
            told = trace(project, WANTED)
            wall, cpu = piece(lambda: trace(project, WANTED), seconds=2.0)
            floor = select_us(project)
    if not told["verified"]["same_items"] or told["verified"]["largest_difference"] > 0:
        raise RuntimeError("the trace does not give the same items again")
    weigh = sum(len(reason["rows"]) for reason in told["reasons"])
    what = f"trace at {PREDICTIONS:,} predictions ({len(told['history'])} rows, {weigh} weighing)"
    return [
        row(what, wall / 1e3, "ms", floor / 1e3, "one indexed SELECT"),
        row("  the same", cpu / 1e3, "CPU ms"),
    ]
