"""Ingests in a process that kills itself at a named place: ``python ingest_killed.py FOLDER PLACE``."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tidemill.data import pipeline
from tidemill.data.discover import readers, sources
from tidemill.data.ingest import changes, ingest, register, spill
from tidemill.data.tables import keys, tables
from tidemill.data.tables.local import LocalTables
from tidemill.engine.runner.port import InlineRunner, Job
from tidemill.engine.runner.record import RunRecorder
from tidemill.engine.runner.schedule import Places
from tidemill.scope import places
from tidemill.scope.project import Project, open_project
from tidemill.types import HeldClock


def die(*args: Any, **kwargs: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def before(owner: Any, name: str) -> None:
    setattr(owner, name, die)


def after(owner: Any, name: str, times: int = 1) -> None:
    real, left = getattr(owner, name), [times]

    def run(*args: Any, **kwargs: Any) -> Any:
        result = real(*args, **kwargs)
        left[0] -= 1
        return result if left[0] else die()

    setattr(owner, name, run)


def in_pieces(project: Project) -> None:
    """In the middle of a file whose pieces are parts of the step."""
    tiny(setattr)
    after(RunRecorder, "part", 6)


def tiny(put: Callable[[Any, str, Any], None]) -> list[str]:
    """Files are read in pieces of a few lines, side by side in this process; the names of those that are asked for."""
    asked = list[str]()

    class Telling(InlineRunner):
        def run(self, job: Job, *around: Any) -> Any:
            asked.append(job.definition.name)
            return super().run(job, *around)

    put(readers, "MOST_LINES", 3)
    put(sources, "PIECE", 1_000)
    put(spill, "PART", 4_000)
    put(places, "places", lambda section: Places(Telling, 2))
    return asked


PLACES: dict[str, Callable[[Project], None]] = {
    "before the quarantine": lambda p: before(ingest, "_keep_bad"),
    "quarantine's file without its commit": lambda p: after(LocalTables, "put"),
    "after the quarantine": lambda p: after(ingest, "_keep_bad"),
    "table's file without its commit": lambda p: after(LocalTables, "put", 2),
    "after the table's commit": lambda p: after(tables.Tables, "append", 2),
    "after the key index": lambda p: after(keys.KeyIndex, "add"),
    "after the online history": lambda p: after(p.live.online, "load"),
    "after the profile": lambda p: after(register, "_keep_profile"),
    "inside the metadata's transaction": lambda p: after(p.store.datasets, "add_with"),
    "after the metadata": lambda p: after(changes, "register"),
}

if __name__ == "__main__":
    from tests.data.small import NOW

    project = open_project(Path(sys.argv[1]), clock=HeldClock(NOW))
    PLACES.get(sys.argv[2], in_pieces)(project)
    pipeline.ingest(project, "sales")
