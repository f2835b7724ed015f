"""What a run writes down: several changes gathered into one transaction, which only the run's owner may commit."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tidemill.engine.faults import point
from tidemill.errors import LeaseLost
from tidemill.store.records import Artifact, Edge, Run, Step

if TYPE_CHECKING:
    from tidemill.store.ports import MetadataStore, Tx


class Journal:
    """Steps, artifacts and edges of one run. What `flush` has returned from survives kill -9 and power loss."""

    def __init__(self, store: MetadataStore, run: str, owner: str, lost: threading.Event) -> None:
        self._store, self._run, self._owner, self._lost = store, run, owner, lost
        self._steps: dict[str, Step] = {}
        self._artifacts: dict[str, Artifact] = {}
        self._edges: list[Edge] = []

    def put(self, step: Step, artifacts: Iterable[Artifact] = (), edges: Iterable[Edge] = ()) -> None:
        """To be written at the next flush; of one step the last state counts."""
        self._steps[step.name] = step
        self._artifacts.update((a.digest, a) for a in artifacts)
        self._edges.extend(edges)

    def add(self, artifacts: Iterable[Artifact]) -> None:
        self._artifacts.update((a.digest, a) for a in artifacts)

    def flush(self, create: Run | None = None, **changes: Any) -> None:
        """One transaction: the run's record if it is new, everything gathered, and these changes of the run.

        Another process that took the run over has put its name into the run's record: then nothing is written.
        Raises LeaseLost, StoreError.
        """
        if not (create or self._steps or self._artifacts or self._edges or changes):
            return
        if self._lost.is_set():
            raise self._gone()
        steps, artifacts, edges = list(self._steps.values()), list(self._artifacts.values()), self._edges

        def work(tx: Tx) -> None:
            if create is not None:
                self._store.runs.create(create, tx)
            elif self._store.runs.owner(self._run, tx) != self._owner:
                raise self._gone()
            for step in steps:
                self._store.runs.put_step(step, tx)
            for artifact in artifacts:
                self._store.artifacts.put(artifact, tx)
            self._store.edges.add(edges, tx)
            if changes:
                self._store.runs.update(self._run, tx, **changes)
            point("inside the journal's transaction")

        self._store.transact(work)
        self._steps, self._artifacts, self._edges = {}, {}, []
        point("journal written")

    def _gone(self) -> LeaseLost:
        return LeaseLost(
            "another process goes on with this run",
            place=f"run {self._run}",
            hint="this one was silent for too long; nothing more is written by it",
        )
