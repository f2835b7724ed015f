"""One of very many people forgotten: the seconds, beside writing the bytes that were rewritten, and how they grow."""

from __future__ import annotations

import math
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from bench.timing import row
from tidemill.access.caller import Caller
from tidemill.data.pipeline import ingest
from tidemill.data.tables.tables import open_tables
from tidemill.ops.rights import forget
from tidemill.scope.project import Project, open_project
from tidemill.types import HeldClock, parse_time

SMALL, LARGE = (250_000, 10, 1_000), (10_000_000, 50, 5_000)
"""Rows, versions, subjects; the large one where BENCH_FULL is set: the size that is promised to take at most a minute."""
MOST = 60.0
FLOOR_IS = "writing as many bytes"
START = parse_time("2025-01-01")
TOML = '[project]\nname = "shop"\n[data.sales]\nsource = "data/sales/*.parquet"\ncontract = "contracts/sales.yaml"\n[model]\ntask = "recommend"\n'
CONTRACT = """\
apiVersion: v3.0.2
kind: DataContract
id: sales
version: 1.0.0
schema:
  - name: sales
    properties:
      - { name: customer, logicalType: string, required: true, customProperties: [{ property: tidemill.role, value: subject }] }
      - { name: item, logicalType: string, required: true, customProperties: [{ property: tidemill.role, value: item }] }
      - { name: at, logicalType: timestamp, required: true, customProperties: [{ property: tidemill.role, value: time }] }
      - { name: price, logicalType: number }
      - { name: n, logicalType: integer }
"""


def run() -> list[dict[str, Any]]:
    rows, versions, subjects = LARGE if os.environ.get("BENCH_FULL") else SMALL
    found = [_one(rows, versions, subjects, f"{MOST:g}")]
    if not os.environ.get("BENCH_FULL"):
        for what, size in (
            ("rows", (rows * 4, versions, subjects)),
            ("versions", (rows, versions * 4, subjects)),
            ("subjects", (rows, versions, subjects * 4)),
        ):
            more = _one(*size)
            power = math.log(more["value"] / found[0]["value"]) / math.log(4)
            found += [more, row(f"  grows with {what} to the power of", power, "")]
    return found


def _one(rows: int, versions: int, subjects: int, goal: str = "") -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TIDEMILL_HOME"] = f"{folder}/home"
        with _made(Path(folder) / "shop", rows, versions, subjects) as project:
            began = time.perf_counter()
            done = forget.forget(project, Caller.local(), "s7")
            seconds = time.perf_counter() - began
            what = f"{rows:,} rows, {versions} versions, {subjects:,} people: one forgotten"
            if not done.done:  # type: ignore[union-attr]
                raise RuntimeError(f"not forgotten: {done}")
            return row(what, seconds, "s", _written(project, Path(folder)), FLOOR_IS, f"<= {goal}" if goal else "")


def _made(root: Path, rows: int, versions: int, subjects: int) -> Project:
    for name in ("contracts", "data/sales"):
        (root / name).mkdir(parents=True)
    (root / "tidemill.toml").write_text(TOML)
    (root / "contracts/sales.yaml").write_text(CONTRACT)
    project = open_project(root, clock=HeldClock(START + 400 * 86_400_000_000))
    rng, each = np.random.default_rng(0), rows // versions
    for version in range(versions):
        at = START + version * 86_400_000_000 + np.sort(rng.integers(0, 86_400_000_000, each))
        frame = pl.DataFrame(
            {
                "customer": np.char.add("s", rng.integers(0, subjects, each).astype(str)),
                "item": np.char.add("i", rng.integers(0, 2_000, each).astype(str)),
                "at": pl.Series(at).cast(pl.Datetime("us")),
                "price": rng.random(each).round(2),
                "n": rng.integers(1, 9, each),
            }
        )
        frame.write_parquet(root / f"data/sales/{version:04}.parquet")
        ingest(project, "sales")
        (root / f"data/sales/{version:04}.parquet").unlink()
    return project


def _written(project: Project, folder: Path) -> float:
    """Seconds to write, and fsync, as many bytes as the generation's own files have."""
    tables = open_tables(project)
    own = [path for path in tables.folder("sales").glob("*.parquet") if path.stat().st_nlink == 1]
    size, began = sum(path.stat().st_size for path in own), time.perf_counter()
    with (folder / "floor").open("wb") as file:
        file.write(os.urandom(min(size, 1 << 24)) * max(1, size >> 24))
        file.flush()
        os.fsync(file.fileno())
    return time.perf_counter() - began
