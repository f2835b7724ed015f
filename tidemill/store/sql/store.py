"""The metadata store: the nouns of `tidemill.db`, or of a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import Connection, bindparam

from tidemill.store.records import (
    Alarm,
    Baseline,
    Decision,
    Edge,
    Event,
    Experiment,
    Fence,
    Job,
    Settlement,
    Tx,
    Verdict,
    Window,
)
from tidemill.store.sql import schema
from tidemill.store.sql.access import LEASES, SCORERS, TOKENS, Leases, Scorers, Settings, Tokens
from tidemill.store.sql.acts import Actor, acting, left_in
from tidemill.store.sql.catalog import ARTIFACTS, DATASETS, FILES, MODELS, Datasets, Files, Models
from tidemill.store.sql.columns import Flag
from tidemill.store.sql.contents import Contents
from tidemill.store.sql.counters import RULES, bump, revisions
from tidemill.store.sql.database import Database
from tidemill.store.sql.fences import fenced
from tidemill.store.sql.ledger import ACTS, HEADS, LEDGER, EventRows, Ledger, append
from tidemill.store.sql.nouns import Named, Records
from tidemill.store.sql.people import (
    APPROVALS,
    ATTEMPTS,
    COMMENTS,
    LOGINS,
    PASSWORDS,
    PRINCIPALS,
    VISITS,
    VOTES,
    VOUCHED,
    LogIns,
    Principals,
    VouchedSessions,
)
from tidemill.store.sql.releases import RELEASES, Releases
from tidemill.store.sql.rights import LIMITS, REQUESTS, Limits, Requests
from tidemill.store.sql.rows import Rows
from tidemill.store.sql.runs import RUNS, STEPS, Runs, Steps
from tidemill.store.sql.subjects import NamedIn
from tidemill.types import Clock, Micros, SystemClock

T = TypeVar("T")
EDGES = Rows(Edge, schema.edges, "edge", "at", "source", "target", "relation")
VERDICTS = Rows(Verdict, schema.verdicts, "verdict", "at", "id", subject="verdict:{id}")
DECISIONS = Rows(Decision, schema.decisions, "decision", "at", "id", moment="at", subject="decision:{id}")
EXPERIMENTS = Rows(
    Experiment, schema.experiments, "experiment", "started", "id", moment="started", subject="experiment:{id}"
)
JOBS = Rows(Job, schema.jobs, "job", "started", "id", moment="started", subject="job:{id}")
EVENTS = EventRows(Event, schema.events, "event", "at", "seq", moment="at")
WINDOWS = Rows(
    Window,
    schema.windows,
    "window",
    "start",
    called="start",
    moment="start",
    judged_since=schema.windows.c.judged >= bindparam("judged_since"),
)
BASELINES = Rows(Baseline, schema.baselines, "baseline", "endpoint", "model", "environment")
ALARMS = Rows(
    Alarm,
    schema.alarms,
    "alarm",
    "opened",
    "window",
    "monitor",
    "id",
    moment="opened",
    subject="alarm:{id}",
    is_open=schema.alarms.c.closed.is_(None) == bindparam("is_open", type_=Flag()),
)
SETTLEMENTS = Rows(Settlement, schema.settlements, "settlement", "at", "id", moment="at", subject="settlement:{id}")


class Events(Named[Event]):
    """What people are told, in the order of their moments; those of one moment in the order they were written."""

    def written_by(self, actor: Actor, work: Callable[[Tx], T], tx: Tx) -> T:
        """Do ``work`` in its transaction; the events that it adds carry the principal's name."""
        before = acting.set(actor)
        try:
            return work(tx)
        finally:
            acting.reset(before)

    def add(self, event: Event, tx: Tx = None) -> None:
        super().add(event if event.principal else replace(event, principal=acting.get().name), tx)


class MetadataStore:
    """The records of a project: everything that happens, apart from what serving writes.

    - A call that has returned is committed and, on SQLite, fsynced (group commit shares the fsync among waiting writers).
    - `transact` is one transaction: all of it or none. No transaction computes or does I/O inside.
    - Writes of one process go through one writer; across processes BEGIN IMMEDIATE (of a server, a lock of the schema)
      arbitrates, with a bounded wait that ends in `StoreBusy`. A full disk is `DiskFull`; a missing record is `NotFound`.
    - Of a server, what a scorer writes (failures, tokens, settings, events) takes no such lock and waits for no transaction.
    - Readers never wait for writers and see the last commit.

    Events are what people are told: nothing is decided on one, that is a record's, written in the same transaction.
    """

    def __init__(self, database: Database) -> None:
        self._db = database
        self.runs = Runs(database, RUNS)
        self.steps = Steps(database, STEPS)
        self.artifacts = Named(database, ARTIFACTS)
        self.edges = Records(database, EDGES)
        self.datasets = Datasets(database, DATASETS)
        self.files = Files(database, FILES)
        self.models = Models(database, MODELS)
        self.releases = Releases(database, RELEASES)
        self.verdicts = Records(database, VERDICTS)
        self.decisions = Named(database, DECISIONS)
        self.experiments = Named(database, EXPERIMENTS)
        self.jobs = Records(database, JOBS)
        self.events = Events(database, EVENTS, alone=False)
        self.windows = Records(database, WINDOWS)
        self.baselines = Records(database, BASELINES)
        self.alarms = Named(database, ALARMS)
        self.settlements = Named(database, SETTLEMENTS)
        self.leases = Leases(database, LEASES)
        self.tokens = Tokens(database, TOKENS, alone=False)
        self.scorers = Scorers(database, SCORERS, alone=False)
        self.settings = Settings(database)
        self.principals = Principals(database, PRINCIPALS, alone=False)
        self.passwords = Named(database, PASSWORDS, alone=False)
        self.attempts = Named(database, ATTEMPTS, alone=False)
        self.logins = LogIns(database, LOGINS, alone=False)
        self.vouched = VouchedSessions(database, VOUCHED, alone=False)
        self.approvals = Named(database, APPROVALS)
        self.votes = Named(database, VOTES)
        self.comments = Named(database, COMMENTS, alone=False)
        self.visits = Records(database, VISITS, alone=False)
        self.limits = Limits(database, LIMITS, alone=False)
        self.requests = Requests(database, REQUESTS)
        self.ledger = Ledger(database, LEDGER, alone=False)
        self.ledger_heads = Records(database, HEADS, alone=False)
        self.acts = Named(database, ACTS, alone=False)
        database.ends_with(lambda tx, left: append(tx, left, database.clock.now()))

    def emptied(self) -> None:
        """As `Database.emptied`."""
        self._db.emptied()

    def transact(self, work: Callable[[Tx], T], principal: str = "", id: str = "") -> T:
        """``principal``: who does it; the events of the transaction carry the name, its records in the ledger the ``id``."""
        return self._db.write(lambda tx: self.events.written_by(Actor(principal, id), work, tx))

    def done(self, tx: Tx) -> int:
        """How much the transaction has done so far that the ledger will have a record of."""
        return len(left_in(tx)) if tx is not None else 0

    @property
    def clock(self) -> Clock:
        """The database's: the same one for all who share it, whatever their machines' say."""
        return self._db.clock

    def skew(self) -> Micros:
        """How far this machine's own clock is ahead of the database's."""
        return SystemClock().now() - self.clock.now()

    @property
    def fence(self) -> Fence | None:
        """The term that this process writes by; None where it works under no lease."""
        return self._db.fence

    def fence_by(self, fence: Fence) -> None:
        """From now on nobody writes by an earlier term of this lease, and this process no more once a later one has begun:
        its transactions raise LeaseLost then, and nothing of them is written. Raises LeaseLost where that is so already."""
        fenced(self._db, schema.fences, fence)

    @property
    def place(self) -> str:
        """The file, or the server's address without its secret."""
        return self._db.place

    def reading_once(self) -> AbstractContextManager[Connection]:
        """As `Database.reading_once`."""
        return self._db.reading_once()

    def contents(self, staying: Collection[str] = ()) -> Contents:
        """Every row, to be carried elsewhere. ``staying``: settings that are of this place."""
        return Contents(self._db, schema.tables, staying)

    def named_in(self) -> NamedIn:
        """A subject in the records: parameters of runs, errors of steps, events."""
        return NamedIn(self._db, schema.tables.sorted_tables)

    @property
    def remote(self) -> bool:
        """A server keeps it, and others may: who must not wait asks it in a thread."""
        return self._db.remote

    def revisions(self) -> dict[str, int]:
        """Of the releases, of the tokens, of the rules and of the limits, in one look."""
        return revisions(self._db)

    def tell_rules(self) -> int:
        """That rules are to be read anew, to every scorer; the revision by which each knows it."""
        return self._db.write(lambda tx: bump(tx, RULES), alone=False)

    def data_version(self) -> int:
        """Changes whenever another process has committed (cheap to poll)."""
        return self._db.version()

    def close(self) -> None:
        self._db.close()
