"""A pipeline whose every step leaves a line in a side file; run as a script by test_engine_kill.

python killed_pipeline.py FOLDER   tells its events on stdout, one JSON line each, the last one being the results.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from pathlib import Path
from typing import Any

from tidemill.engine import Context, each, pipeline, step, when
from tidemill.engine.runner.engine import Engine


def leave(ctx: Context, name: str) -> None:
    """One write of one line: it is there whole, whatever kills the process."""
    fd = os.open(ctx.root / "side.txt", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(fd, f"{name}\n".encode())
    os.close(fd)


@step
def start(ctx: Context) -> list[int]:
    leave(ctx, "start")
    return [1, 2, 3]


@step
def scale(x: int, by: int, ctx: Context) -> int:
    leave(ctx, f"scale[{x - 1}]")
    for i in range(3):
        ctx.progress(i + 1, 3)
    return x * by


@step
def add(parts: list[int], ctx: Context) -> int:
    leave(ctx, "add")
    return sum(parts)


@step(timeout="60 s")
def apart(x: int, ctx: Context) -> int:
    leave(ctx, "apart")
    ctx.progress(1, 1, str(os.getpid()))
    if (ctx.root / "hang").exists():
        threading.Event().wait()
    if (ctx.root / "spin").exists():
        re.match(r"(a+)+$", "a" * 60 + "b")  # takes centuries, and the interpreter's lock is held all the while
    return x + 1


@step
def is_even(x: int, ctx: Context) -> bool:
    leave(ctx, "is_even")
    return x % 2 == 0


@step
def say(word: str, x: int, ctx: Context) -> str:
    leave(ctx, f"say-{word}")
    return f"{word} {x}"


@pipeline
def chain(by: int = 2) -> dict[str, Any]:
    scaled = each(scale, start(), by=by)  # type: ignore[call-arg]
    added = add(scaled)  # type: ignore[call-arg]
    more = apart(added)  # type: ignore[call-arg]
    said = when(
        is_even(added),  # type: ignore[call-arg]
        lambda: say.named("say-even")("even", more),  # type: ignore[call-arg]
        lambda: say.named("say-odd")("odd", more),  # type: ignore[call-arg]
    )
    return {"said": said, "added": added}


def main(folder: Path) -> None:
    from tidemill.store.artifacts.local import LocalArtifacts
    from tidemill.store.sql import open_metadata
    from tidemill.types import SystemClock

    def tell(event: Any) -> None:
        print(json.dumps([event.kind, event.step, event.data]), flush=True)

    store = open_metadata(folder / "tidemill.db")
    engine = Engine(store, LocalArtifacts(folder / "artifacts"), SystemClock(), folder, parallel=2)
    result = engine.run(chain, {"by": 2}, on_event=tell)
    print(json.dumps({"run": result.run.id, "outputs": dict(result.outputs)}), flush=True)
    store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
