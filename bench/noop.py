"""A pipeline of N no-op steps, as a user would run it: ``python -m bench.noop FOLDER N SALT``."""

from __future__ import annotations

import sys
from pathlib import Path

from tidemill.engine import pipeline, step
from tidemill.engine.runner.engine import Engine
from tidemill.store.artifacts.local import LocalArtifacts
from tidemill.store.sql import open_metadata
from tidemill.types import SystemClock


@step
def link(before: int) -> int:
    return before + 1


@pipeline
def chain(steps: int, salt: int) -> int:
    value = salt
    for number in range(steps):
        value = link.named(f"link{number}")(value)
    return value


def main(folder: Path, steps: int, salt: int) -> None:
    store = open_metadata(folder / "tidemill.db")
    result = Engine(store, LocalArtifacts(folder / "artifacts"), SystemClock(), folder).run(
        chain, {"steps": steps, "salt": salt}
    )
    if next(iter(dict(result.outputs).values())) != salt + steps:
        raise SystemExit("wrong result")
    store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
