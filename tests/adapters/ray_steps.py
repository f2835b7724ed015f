"""Steps that run on the nodes of a cluster: what was done stands in files that all nodes see."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

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
