"""A million rows of thirty numbers answered in one batch, beside LightGBM itself over the same Parquet (PEERS=1: and MLflow's batch)."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from bench import shop
from bench.timing import row
from tidemill.access.caller import Caller
from tidemill.ops.batch import predict_batch

ROWS = 1_000_000
SMALL = 100_000
FLOOR_IS = "LightGBM over Parquet, one thread"
MLFLOW = """
import sys, time
import lightgbm, mlflow, polars as pl
text, rows, out, kept = sys.argv[1:5]
mlflow.lightgbm.save_model(lightgbm.Booster(model_file=text), kept)
model = mlflow.pyfunc.load_model(kept)
began = time.process_time(), time.perf_counter()
frame = pl.read_parquet(rows).to_pandas()
pl.DataFrame({"value": model.predict(frame, params={"num_threads": 1}) }).write_parquet(out)
print(time.process_time() - began[0], time.perf_counter() - began[1])
"""


def run() -> list[dict[str, Any]]:
    """CPU µs and wall µs a row; the goal is half of LightGBM's rows a second."""
    with tempfile.TemporaryDirectory() as folder:
        return _measured(Path(folder), SMALL if os.environ.get("BENCH_SHORT") else ROWS)


def _measured(folder: Path, n: int) -> list[dict[str, Any]]:
    os.environ["TIDEMILL_HOME"] = f"{folder}/home"
    with shop.project(folder / "shop", "regress") as project:
        return _compared(project, folder, n)


def _compared(project: Any, folder: Path, n: int) -> list[dict[str, Any]]:
    bundle = shop.trees(project.clock.now())
    shop.release(project, bundle)
    rows, text = project.root / "rows.parquet", folder / "model.txt"
    rng = np.random.default_rng(3)
    pl.DataFrame({name: rng.normal(size=n) for name in shop.ROW}).write_parquet(rows)
    text.write_bytes(bundle.files["model.txt"])
    raw = _timed(lambda: _raw(text, rows, folder / "raw.parquet"), n)
    ours = _timed(lambda: _ours(project, folder / "out"), n)
    again = _timed(lambda: _ours(project, folder / "out"), n)
    told = pl.read_parquet(folder / "out" / "*.parquet").sort("row")["value"]
    same = told.equals(pl.read_parquet(folder / "raw.parquet")["value"])
    found = [
        _line("batch of a table, CPU a row", ours[0], raw[0], "at most 2.0"),
        _line("batch of a table, wall a row", ours[1], raw[1], "at most 2.0"),
        _line("the same batch again, CPU a row", again[0], raw[0]),
        row("answers that are LightGBM's to the bit", float(same), "1 is all"),
    ]
    return found + (_peers(folder, text, rows, n, raw) if os.environ.get("PEERS") else [])


def _line(what: str, value: float, floor: float, goal: str = "") -> dict[str, Any]:
    return row(what, value, "us", floor, FLOOR_IS, goal)


def _timed(work: Callable[[], object], n: int) -> tuple[float, float]:
    """CPU and wall µs a row."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return (time.process_time() - cpu) / n * 1e6, (time.perf_counter() - wall) / n * 1e6


def _raw(text: Path, rows: Path, out: Path) -> None:
    import lightgbm

    booster = lightgbm.Booster(model_file=str(text))
    told = booster.predict(pl.read_parquet(rows).to_numpy(), num_threads=1)
    pl.DataFrame({"value": told}).write_parquet(out)


def _ours(project: Any, out: Path) -> None:
    predict_batch(project, Caller.local(), "rows.parquet", str(out), None, lambda *told: None)


def _peers(folder: Path, text: Path, rows: Path, n: int, raw: tuple[float, float]) -> list[dict[str, Any]]:
    """MLflow's batch, from a Python that has it: PEERS_PYTHON, else this one."""
    given = [str(path) for path in (text, rows, folder / "mlflow.parquet", folder / "mlflow")]
    asked = [os.environ.get("PEERS_PYTHON", sys.executable), "-c", MLFLOW, *given]
    done = subprocess.run(asked, capture_output=True, text=True, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    cpu, wall = map(float, done.stdout.split()[-2:])
    return [
        _line("MLflow's batch, CPU a row", cpu / n * 1e6, raw[0]),
        _line("MLflow's batch, wall a row", wall / n * 1e6, raw[1]),
    ]
