"""Ten and a hundred no-op steps in a fresh process, one more step, and ten steps that are all known already."""

from __future__ import annotations

import itertools
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.timing import Timed, process, python, row

ROOT = Path(__file__).parents[1]
BARE = "value = 0\nfor _ in range({steps}): value = (lambda before: before + 1)(value)"
PEERS_TEN = (
    "luigi 0.16, hamilton 0.51, kedro 0.62, dvc 1.2, dagster 2.0, metaflow 3.5, zenml 4.7, prefect 8.8, airflow 8.9"
)
Command = Callable[[str, int, int], list[str]]


def tidemill(folder: str, steps: int, salt: int) -> list[str]:
    return [sys.executable, "-m", "bench.noop", folder, str(steps), str(salt)]


def floor(folder: str, steps: int, salt: int) -> list[str]:
    return [sys.executable, str(ROOT / "bench" / "floor.py"), folder, str(steps), str(salt)]


def fresh(command: Command, folder: str, steps: int, salts: Iterator[int], runs: int = 3) -> Timed:
    """Medians of runs in a folder that is there already, each with a number that no run had before."""
    found = [process(command(folder, steps, next(salts)), runs=1, cwd=str(ROOT), warm=False) for _ in range(runs)]
    cpu = [one.cpu_s for one in found]
    wall = statistics.median(one.wall_s for one in found)
    return Timed(statistics.median(cpu), wall, max(one.peak_mb for one in found), max(cpu) / min(cpu))


def run() -> list[dict[str, Any]]:
    salts = itertools.count(1, 1000)  # results of different runs never meet
    with tempfile.TemporaryDirectory() as ours, tempfile.TemporaryDirectory() as theirs:
        for command, folder in ((tidemill, ours), (floor, theirs)):
            process(command(folder, 10, 0), runs=1, cwd=str(ROOT), warm=False)
        first = itertools.count()
        empty = fresh(lambda f, n, s: tidemill(f"{f}/new{next(first)}", n, s), _folders(ours), 10, salts)
        ten, hundred = fresh(tidemill, ours, 10, salts), fresh(tidemill, ours, 100, salts)
        ten_floor, hundred_floor = fresh(floor, theirs, 10, salts), fresh(floor, theirs, 100, salts)
        again = process(tidemill(ours, 10, 0), cwd=str(ROOT))
        again_floor = process(floor(theirs, 10, 0), cwd=str(ROOT))
    bare = python(BARE.format(steps=10))
    scripted = "SQLite and content-addressed files with fsync"
    return [
        row("10 no-op steps, fresh process", ten.cpu_s, "CPU s", ten_floor.cpu_s, scripted, "<= 0.35", PEERS_TEN),
        row("  the same beside a bare loop", ten.cpu_s, "CPU s", bare.cpu_s, "bare Python loop"),
        row("  the same, wall", ten.wall_s, "s", ten_floor.wall_s, scripted),
        row("  the same, into a new metadata store", empty.cpu_s, "CPU s"),
        row("  the same, peak", ten.peak_mb, "MB", ten_floor.peak_mb, scripted),
        row("100 no-op steps, fresh process", hundred.cpu_s, "CPU s", hundred_floor.cpu_s, scripted),
        row("  the same, wall", hundred.wall_s, "s", hundred_floor.wall_s, scripted),
        row(
            "one more step",
            (hundred.cpu_s - ten.cpu_s) / 90 * 1e3,
            "CPU ms",
            (hundred_floor.cpu_s - ten_floor.cpu_s) / 90 * 1e3,
            scripted,
            "<= 3",
            "luigi 2.3, kedro 5, dagster 29, zenml 95, dvc 316, metaflow 344",
        ),
        row(
            "10 steps again, nothing changed",
            again.cpu_s,
            "CPU s",
            again_floor.cpu_s,
            scripted,
            "<= 0.25",
            "kedro 0.52, dvc 0.60, metaflow 0.76, zenml 4.5",
        ),
    ]


def _folders(root: str) -> str:
    """Empty folders for new projects."""
    for number in range(3):
        (Path(root) / f"new{number}").mkdir()
    return root
