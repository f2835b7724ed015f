"""What a step gets by a parameter annotated `Context`: the project's things, which are no part of a fingerprint.

Looking at what may differ from run to run (the metadata store, the clock, a resource) makes the step impure, and is
recorded. The seed is part of the fingerprint of a step that takes a context; artifacts are named by their content.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidemill.errors import PipelineError
from tidemill.types import Clock, did_you_mean

if TYPE_CHECKING:
    from tidemill.store.artifacts.base import ArtifactStore
    from tidemill.store.ports import MetadataStore

Progress = Callable[[int, int, str], None]


class Context:
    """One step's view of the engine it runs in. Made by the engine; tests may make one."""

    def __init__(
        self,
        *,
        root: Path,
        clock: Clock,
        artifacts: ArtifactStore,
        store: MetadataStore | None = None,
        resources: Mapping[str, Any] | None = None,
        seed: int = 0,
        run: str = "",
        step: str = "",
        progress: Progress | None = None,
        see: Callable[[str], None] | None = None,
    ) -> None:
        self.root, self.seed, self.run, self.step, self.artifacts = root, seed, run, step, artifacts
        self.reads: list[str] = []
        self.writes: list[str] = []
        self._clock, self._store, self._resources = clock, store, resources or {}
        self._progress, self._see = progress, see or (lambda what: None)

    @property
    def store(self) -> MetadataStore:
        """The metadata store. Raises PipelineError in a child process that was not told how to open it."""
        self._see("metadata store")
        if self._store is not None:
            return self._store
        if "project" in self._resources:
            store: MetadataStore = self._resources["project"].store
            return store
        raise PipelineError("no metadata store here", place=f"step {self.step}", hint="Engine(reopen={'project': …})")

    @property
    def clock(self) -> Clock:
        self._see("clock")
        return self._clock

    def resource(self, name: str, default: Any = ...) -> Any:
        """What the engine was given under this name, such as ``project``. Raises PipelineError where there is no default."""
        self._see(f"resource {name}")
        if name not in self._resources:
            if default is not ...:
                return default
            hint = did_you_mean(name, self._resources) if self._resources else "Engine(resources={...}) gives them"
            raise PipelineError(f"no resource {name!r}", place=f"step {self.step}", hint=hint)
        return self._resources[name]

    def progress(self, done: int, total: int, text: str = "") -> None:
        """Say how far the step is; shown while it runs, never stored."""
        if self._progress is not None:
            self._progress(done, total, text)

    def read(self, ref: str) -> None:
        """Record in the lineage that this step read what the ref names, such as ``dataset:sales@3``."""
        self.reads.append(ref)

    def wrote(self, ref: str) -> None:
        """Record in the lineage that this step made what the ref names."""
        self.writes.append(ref)
