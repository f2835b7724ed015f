"""A step with parts, which has them killed or counts what they do: importable, for other processes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tidemill.engine import Context, pipeline, step
from tidemill.types import JsonObject


def count(root: Path, what: str) -> None:
    with (root / "counted").open("a") as handle:
        handle.write(f"{what}\n")


@step(impure="counts", outputs=("sum", "pid"))
def counted(n: int, own: dict[str, Any], by: int, ctx: Context) -> tuple[int, int]:
    """Each part tells what it read, and is counted."""
    if n == 3 and (ctx.root / "dies").exists():
        raise RuntimeError("this one dies")
    count(ctx.root, f"part {n}")
    ctx.read(f"dataset:sales@{n + 1}")
    return int(own["of"].sum()) * by, os.getpid()


@step(impure="counts")
def whole(n: int, ctx: Context) -> list[JsonObject]:
    def items() -> Iterator[JsonObject]:
        for k in range(n):
            count(ctx.root, f"asked {k}")
            yield {"n": k, "own": ctx.keep({"of": np.arange(k + 1)})}

    found = []
    for made in ctx.each(counted, items(), by=10):
        count(ctx.root, "taken")
        found.append({"sum": made["sum"], "pid": made["pid"], "kept": made.kept("sum").codec})
    return found


@step(isolate=True, impure="counts")
def whole_apart(n: int, ctx: Context) -> list[JsonObject]:
    return whole.fn(n, ctx)


@pipeline
def parted(n: int, apart: bool = False) -> Any:
    return (whole_apart if apart else whole)(n)  # type: ignore[call-arg]
