"""A place to run pipelines in: real stores in a temporary folder, and modules written for one test."""

from __future__ import annotations

import importlib
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tidemill.engine.context import RunEvent
from tidemill.engine.runner.engine import Engine
from tidemill.store.artifacts.local import LocalArtifacts
from tidemill.store.records import Step
from tidemill.store.sql import open_metadata
from tidemill.store.sql.store import MetadataStore
from tidemill.types import HeldClock


@dataclass
class Place:
    root: Path
    store: MetadataStore
    artifacts: LocalArtifacts
    clock: HeldClock
    events: list[RunEvent] = field(default_factory=list)

    def engine(self, **options: Any) -> Engine:
        return Engine(self.store, self.artifacts, self.clock, self.root, **options)

    def run(self, pipeline: Any, params: dict[str, Any] | None = None, **options: Any) -> Any:
        return self.engine(**options).run(pipeline, params, on_event=self.events.append)

    def steps(self, run: str) -> dict[str, Step]:
        return {step.name: step for step in self.store.steps.list(run=run)}

    def status(self, run: str) -> dict[str, str]:
        return {name: step.status for name, step in self.steps(run).items()}

    def said(self, kind: str) -> list[str]:
        return [event.step for event in self.events if event.kind == kind]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    store = open_metadata(tmp_path / "tidemill.db")
    yield Place(tmp_path, store, LocalArtifacts(tmp_path / "artifacts"), HeldClock(1_000_000))
    store.close()


@pytest.fixture
def load_module(tmp_path: Path) -> Iterator[Callable[..., ModuleType]]:
    """``load(steps="…source…", other="…")`` writes the modules to a fresh folder, imports and gives the first."""
    before, folders = set(sys.modules), 0
    path = list(sys.path)

    def load(**sources: str) -> ModuleType:
        nonlocal folders
        folders += 1
        folder = tmp_path / f"code{folders}"
        for name, source in sources.items():
            file = folder / (f"{name}.py")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(textwrap.dedent(source))
        for name in set(sys.modules) - before:
            if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
                del sys.modules[name]
        sys.path[:] = [str(folder), *path]
        importlib.invalidate_caches()
        return importlib.import_module(next(iter(sources)))

    yield load
    sys.path[:] = path
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]
