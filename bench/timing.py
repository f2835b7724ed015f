"""Times whole processes and small pieces, and says how noisy the machine was."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Timed:
    """Medians over the runs; ``spread`` is the largest CPU time over the smallest."""

    cpu_s: float
    wall_s: float
    peak_mb: float
    spread: float


def process(
    command: Sequence[str], runs: int = 5, env: dict[str, str] | None = None, cwd: str | None = None, warm: bool = True
) -> Timed:
    """A command as a whole process: the kernel's own accounting of the finished child. ``warm``: one uncounted run before."""
    cpu, wall, peak = [], [], []
    for number in range(-1 if warm else 0, runs):
        began = time.perf_counter()
        child = subprocess.Popen(
            command, env={**os.environ, **(env or {})}, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        assert child.stderr is not None
        with child.stderr as said:
            words = said.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise RuntimeError(f"{command} ended with {child.returncode}: {words.decode(errors='replace')[-500:]}")
        if number >= 0:
            wall.append(time.perf_counter() - began)
            cpu.append(usage.ru_utime + usage.ru_stime)
            peak.append(usage.ru_maxrss / 1024)
    return Timed(statistics.median(cpu), statistics.median(wall), max(peak), max(cpu) / max(min(cpu), 1e-9))


def python(code: str, runs: int = 5, env: dict[str, str] | None = None, cwd: str | None = None) -> Timed:
    """A piece of Python in a fresh interpreter."""
    return process([sys.executable, "-c", code], runs, env, cwd)


def row(
    what: str, value: float, unit: str, floor: float = 0.0, floor_is: str = "", goal: str = "", peers: str = ""
) -> dict[str, Any]:
    """One line of the table; what is not given is left out."""
    found: dict[str, Any] = {"what": what, "value": value, "unit": unit}
    if floor:
        found |= {"floor": floor, "floor_is": floor_is}
    return found | {name: text for name, text in (("goal", goal), ("peers", peers)) if text}


def piece(work: Callable[[], object], seconds: float = 0.5) -> tuple[float, float]:
    """(median wall µs, CPU µs) of one call, over as many calls as fit."""
    work()
    walls: list[float] = []
    cpu = time.process_time()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(walls) < 3:
        began = time.perf_counter()
        work()
        walls.append(time.perf_counter() - began)
    return statistics.median(walls) * 1e6, (time.process_time() - cpu) / len(walls) * 1e6


def fsync_ms(folder: str) -> float:
    """This disk's fsync of 4 kB: the floor of every durable answer."""
    path = os.path.join(folder, "fsync.tmp")
    times = []
    with open(path, "wb") as handle:
        for _ in range(100):
            handle.write(b"x" * 4096)
            handle.flush()
            began = time.perf_counter()
            os.fsync(handle.fileno())
            times.append(time.perf_counter() - began)
    os.unlink(path)
    return statistics.median(times) * 1e3
