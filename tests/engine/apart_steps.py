"""Steps that run in child processes: they have to be importable, so they are not in a test module."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np

from tidemill.engine import Context, pipeline, step
from tidemill.errors import DataBlocked


class Named(Exception):
    """An error of the project's own."""


@step(isolate=True)
def where(x: dict[str, Any], ctx: Context) -> dict[str, Any]:
    ctx.progress(1, 2, "here")
    ctx.read("dataset:sales@1")
    print("said by the child")
    return {"pid": os.getpid(), "x": x, "seed": ctx.seed, "now": ctx.clock.now(), "thing": ctx.resource("thing")}


@step(isolate=True, outputs=("arrays", "size"))
def arrays(n: int) -> tuple[dict[str, Any], int]:
    return {"w": np.arange(n)}, n


@step(isolate=True)
def summed(weights: dict[str, Any]) -> int:
    return int(weights["w"].sum())


@step(timeout="50 s")
def hangs(ctx: Context) -> None:
    """Starts a process of its own that hangs too, tells both ids, and never ends."""
    other = subprocess.Popen([sys.executable, "-c", "import threading; threading.Event().wait()"])
    ctx.progress(1, 1, f"{os.getpid()} {other.pid}")
    threading.Event().wait()


@step(memory="3 GB")
def eats(gigabytes: int) -> int:
    return len(np.ones(gigabytes << 30, np.uint8))


@step(isolate=True)
def dies() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


@step(isolate=True)
def raises(kind: str) -> None:
    if kind == "tidemill":
        raise DataBlocked("bad rows", place="sales", hint="mend them")
    raise Named("own")


@step(isolate=True, retry=(Named,), attempts=2, backoff="1 ms")
def retried(kind: str, ctx: Context) -> int:
    count = ctx.root / "count"
    before = int(count.read_text()) if count.exists() else 0
    count.write_text(str(before + 1))
    if before == 0:
        raise Named("first")
    return before + 1


@step(isolate=True)
def touches(ctx: Context) -> int:
    return len((ctx.root / "outside.txt").read_text())


@step
def own_process(n: int) -> int:
    return os.getpid()


@pipeline
def here(n: int = 0) -> Any:
    return own_process.named("here")(n)


@pipeline
def one(name: str, arguments: dict[str, Any]) -> Any:
    return STEPS[name](**arguments)


@pipeline
def two(n: int) -> Any:
    weights, size = arrays(n)
    return {"sum": summed(weights), "size": size}


STEPS: dict[str, Any] = {
    "where": where,
    "hangs": hangs,
    "eats": eats,
    "dies": dies,
    "raises": raises,
    "retried": retried,
    "touches": touches,
}


def open_thing(root: Path) -> str:
    return f"thing of {root.name}"


@step
def squared(n: int, weights: dict[str, Any], by: float) -> dict[str, Any]:
    return {"pid": os.getpid(), "value": float(weights["w"].sum()) * by * n * n}


@step
def fans(weights: dict[str, Any], ns: list[int], ctx: Context) -> Any:
    """What its parts give, or that there is no place for them."""
    return (
        [found["result"] for found in ctx.each(squared, [{"n": n} for n in ns], "weights", by=0.5)]
        if ctx.apart
        else None
    )


@pipeline
def fanned(ns: list[int]) -> Any:
    weights, _ = arrays(4)
    return fans(weights, ns)


@step
def lone(cpus: int) -> int:
    return cpus
