"""Drift and validation of one million rows by thirty columns, ten of them drifted; drift of ten million by a hundred."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from bench.timing import process, row
from tidemill.config.policies import FalseAlarms
from tidemill.data.contract.contract import Contract
from tidemill.data.profile.profile import profile
from tidemill.monitor.baseline import Roles, build
from tidemill.types import DAY

ROWS, COLUMNS, DRIFTED = 1_000_000, 30, 10


def frame(seed: int, drifted: int = 0) -> pl.DataFrame:
    """Twenty numeric and ten categorical columns; the first ``drifted`` of each three are moved a little."""
    rng = np.random.default_rng(seed)
    columns: dict[str, Any] = {}
    for i in range(20):
        columns[f"n{i:02}"] = rng.normal(0.05 if i < drifted * 2 // 3 else 0.0, 1.0, ROWS)
    for i in range(10):
        p = np.array([0.4, 0.3, 0.2, 0.1]) + (
            np.array([-0.02, 0.02, 0.01, -0.01]) if i < drifted - drifted * 2 // 3 else 0
        )
        columns[f"c{i:02}"] = np.array(["red", "green", "blue", "grey"])[rng.choice(4, ROWS, p=p / p.sum())]
    return pl.DataFrame(columns)


def contract() -> Contract:
    """Two checks a column: no nulls and a range, or no nulls and allowed values."""
    properties = "".join(
        f"      - {{ name: n{i:02}, logicalType: number, required: true, logicalTypeOptions: {{ minimum: -4.5, maximum: 4.5 }} }}\n"
        for i in range(20)
    ) + "".join(
        f"      - {{ name: c{i:02}, logicalType: string, required: true, logicalTypeOptions: {{ pattern: '^(red|green|blue|grey)$' }} }}\n"
        for i in range(10)
    )
    return Contract.parse(
        "apiVersion: v3.0.2\nkind: DataContract\nid: t\nname: t\nversion: 1.0.0\nstatus: active\nschema:\n  - name: t\n    properties:\n"
        + properties
    )


WIDE, TIMES = 100, 10
"""Columns of the wide table, and how often its million rows stand in it."""


def lay_wide(folder: Path) -> None:
    """Seven of ten columns numbers, three of ten words."""
    rng, words = np.random.default_rng(5), np.array(["red", "green", "blue", "grey"])
    columns = [
        words[rng.integers(0, 4, ROWS)] if i % 10 >= 7 else rng.normal(0.0, 1.0, ROWS).astype(np.float64)
        for i in range(WIDE)
    ]
    pl.DataFrame({f"x{i:02}": values for i, values in enumerate(columns)}).write_parquet(folder / "rows.parquet")


def wide(folder: str) -> None:
    """Ten million rows against a baseline of one million, from their files."""
    one = pl.scan_parquet(Path(folder) / "rows.parquet")
    baseline = build(one, Roles(), FalseAlarms(), DAY, model="bench")
    began, cpu = time.perf_counter(), time.process_time()
    found = baseline.compare(pl.scan_parquet([Path(folder) / "rows.parquet"] * TIMES), ())
    if len(found.columns) != WIDE or found.which:
        raise RuntimeError(f"{len(found.columns)} columns compared, {found.which}")
    Path(folder, "said.json").write_text(f"[{time.perf_counter() - began}, {time.process_time() - cpu}]")


def ten_million() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        lay_wide(Path(folder))
        code = f"from bench.drift import wide; wide({folder!r})"
        whole = process([sys.executable, "-c", code], runs=1, cwd=str(Path(__file__).parents[1]), warm=False)
        wall, cpu = json.loads(Path(folder, "said.json").read_text())
        began = time.process_time()
        pl.scan_parquet([Path(folder) / "rows.parquet"] * TIMES).select(pl.all().hash().sum()).collect(
            engine="streaming"
        )
        floor = time.process_time() - began
    read = "polars streams and hashes every value once"
    return [
        row("drift of 10 M x 100 from Parquet", cpu, "CPU s", floor, read),
        row("  the same, wall", wall, "s", goal="<= 60"),
        row("  the same, peak of the process", whole.peak_mb, "MB", goal="<= 2,000"),
    ]


def timed(work: Any) -> tuple[Any, float, float]:
    """(result, CPU s, wall s), the better of two."""
    best = (None, float("inf"), float("inf"))
    for _ in range(2):
        cpu, wall = time.process_time(), time.perf_counter()
        result = work()
        spent = (result, time.process_time() - cpu, time.perf_counter() - wall)
        best = spent if spent[1] < best[1] else best
    return best


def run() -> list[dict[str, Any]]:
    base, window = frame(1), frame(2, DRIFTED)
    _, floor, _ = timed(lambda: window.select(pl.all().hash().sum()))
    _, profile_cpu, _ = timed(lambda: profile(base))
    baseline = build(base, Roles(), FalseAlarms(), DAY, model="bench")
    found, rows_cpu, _ = timed(lambda: baseline.compare(window, ()))
    clean, _, _ = timed(lambda: baseline.compare(frame(3), ()))
    checked, check_cpu, _ = timed(lambda: contract().check(window))
    names = set(found.which)
    true = {f"n{i:02}" for i in range(DRIFTED * 2 // 3)} | {f"c{i:02}" for i in range(DRIFTED - DRIFTED * 2 // 3)}
    peers = "Evidently 148, NannyML 23, TFDV 8.1, scipy KS 4.6 CPU s"
    floor_is = "polars reads and hashes every value once"
    return [
        {
            "what": "drift of 1 M x 30 from rows",
            "value": rows_cpu,
            "unit": "CPU s",
            "floor": floor,
            "floor_is": floor_is,
            "goal": "<= 1.5",
            "peers": peers,
        },
        {
            "what": "profile with sketches of 1 M x 30",
            "value": profile_cpu,
            "unit": "CPU s",
            "floor": floor,
            "floor_is": floor_is,
        },
        {
            "what": "true columns found, of 10 (rows)",
            "value": len(names & true),
            "unit": "",
            "goal": "10",
            "peers": "Evidently 5, scipy KS 10",
        },
        {"what": "false columns named in a clean window", "value": len(clean.which), "unit": "", "goal": "0"},
        {
            "what": f"validation of 1 M x 30, 60 checks, {checked.bad.height} bad rows named",
            "value": check_cpu,
            "unit": "CPU s",
            "floor": floor,
            "floor_is": floor_is,
            "goal": "<= 0.2",
            "peers": "GX 2.1 (+16 s import), pandera-polars 0.15",
        },
        *ten_million(),
    ]
