"""Steps that run on the nodes of a cluster: what was done stands in files that all nodes see."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import polars as pl

from tests.cases.projects import Folder
from tests.model import test_apart
from tidemill.engine import Context, pipeline, step


def done(root: Path, what: str) -> list[str]:
    """Where this was done, time by time."""
    file = root / what
    return file.read_text().split() if file.exists() else []


def _note(root: Path, what: str) -> None:
    with open(root / what, "a") as file:
        file.write(f"{os.environ['NODE']}\n")


@step(isolate=True)
def first(ctx: Context) -> int:
    _note(ctx.root, "first")
    return 20


@step(isolate=True)
def second(n: int, ctx: Context) -> int:
    """Tells where it is; the first time it waits there until it is ended."""
    _note(ctx.root, "second")
    if len(done(ctx.root, "second")) == 1:
        ctx.progress(0, 1, os.environ["NODE"])
        os.read(os.open(ctx.root / "never", os.O_RDONLY), 1)
    return n + 1


@step(gpus=9)
def greedy() -> int:
    return 0


@pipeline
def two() -> Any:
    return second(first())  # type: ignore[call-arg]


@step(timeout="1 s")
def late(ctx: Context) -> int:
    os.read(os.open(ctx.root / "never", os.O_RDONLY), 1)
    return 0


@step(cpus=2)
def wide() -> int:
    return 0


def drive(root: Path, address: str) -> None:
    """Have a cluster do a step that never ends, and print what it told."""
    from tests.engine import apart_steps
    from tidemill.adapters.ray import RayRunner
    from tidemill.engine.context import RunContext
    from tidemill.store.artifacts.local import LocalArtifacts
    from tidemill.testing.runners import job
    from tidemill.types import HeldClock

    around = RunContext(root, HeldClock(0), LocalArtifacts(root / "artifacts"), None, {}, {}, seed=0, run="run")
    RayRunner(address).run(job(apart_steps.hangs), around, lambda done, total, text: print("told", text, flush=True))


def walked(root: Path, kind: str, more: str) -> Folder:
    """Notes by whom, which are in, and 30,000 walks of the same people in one file, which is not."""
    made = test_apart.walked(root)
    made.change("tidemill.toml", "walks/*.csv", f"walked/*.{kind}")
    made.write("tidemill.toml", (root / "tidemill.toml").read_text() + more)
    rows = range(30_000)
    frame = pl.DataFrame({
        "id": [f"w{n}" for n in rows],
        "at": [f"2024-01-{1 + n % 28:02}T{n % 24:02}:{n % 60:02}:00Z" for n in rows],
        "x": [str(n % 12) for n in rows],
        "z": [n * 2_654_435_761 % 1_000_003 / 7 for n in rows],
        "stars": [n % 5 + 0.5 for n in rows],
    })  # fmt: skip
    (root / "walked").mkdir()
    if kind == "csv":
        frame.write_csv(root / "walked/a.csv")
    else:
        frame.write_parquet(root / "walked/a.parquet")
    return made
