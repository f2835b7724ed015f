"""A batch that kills itself: ``python -m tests.faults.killed_batch ROOT N``: at the N-th of the places where it has just written something."""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tidemill.access.caller import Caller
from tidemill.ops.batch import predict_batch
from tidemill.scope.project import open_project
from tidemill.serve.batch import given, out
from tidemill.store.artifacts.local import LocalArtifacts
from tidemill.store.sql.logged import BatchParts

PLACES = ((LocalArtifacts, "put"), (BatchParts, "add_new"), (out, "write_whole"))
ROWS = 1_000


def main(root: Path, at: int) -> None:
    """Answer, and die at the place of this number, if there are so many."""
    turn = itertools.count(1)

    def dying(whole: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*given: Any, **how: Any) -> Any:
            if next(turn) == at:  # half of what it does is before, half after
                whole(*given, **how) if at % 2 else None
                os.kill(os.getpid(), signal.SIGKILL)
            return whole(*given, **how)

        return wrapped

    for owner, name in PLACES:
        setattr(owner, name, dying(getattr(owner, name)))
    given.MOST = given.LEAST = ROWS  # type: ignore[misc]
    with open_project(root) as project:
        predict_batch(project, Caller.local(), "rows.parquet", str(root / "out"), None, lambda *told: None)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
