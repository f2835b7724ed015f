"""The metadata store: the nouns of `tidemill.db` on one database."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tidemill.store import ports as base
from tidemill.store.sql import (
    artifacts,
    datasets,
    decisions,
    edges,
    events,
    leases,
    models,
    releases,
    runs,
    schema,
    settings,
    tokens,
    windows,
)
from tidemill.store.sql.database import Database
from tidemill.store.sql.subjects import NamedIn

T = TypeVar("T")


class Store:
    """Implements `base.MetadataStore`."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self.runs: base.Runs = runs.Runs(database)
        self.artifacts: base.Artifacts = artifacts.Artifacts(database)
        self.edges: base.Edges = edges.Edges(database)
        self.datasets: base.Datasets = datasets.Datasets(database)
        self.models: base.Models = models.Models(database)
        self.releases: base.Releases = releases.Releases(database)
        self.decisions: base.Decisions = decisions.Decisions(database)
        self.jobs: base.Jobs = decisions.Jobs(database)
        self._events = events.Events(database)
        self.events: base.Events = self._events
        self.windows: base.Windows = windows.Windows(database)
        self.alarms: base.Alarms = windows.Alarms(database)
        self.leases: base.Leases = leases.Leases(database)
        self.tokens: base.Tokens = tokens.Tokens(database)
        self.settings: base.Settings = settings.Settings(database)

    def transact(self, work: Callable[[base.Tx], T], principal: str = "") -> T:
        return self._db.write(lambda tx: self._events.written_by(principal, work, tx))

    def named_in(self) -> NamedIn:
        return NamedIn(self._db, schema.tables.sorted_tables)

    def data_version(self) -> int:
        return self._db.version()

    def close(self) -> None:
        self._db.close()
