"""The metadata store's port: what every implementation promises.

- A call that has returned is committed and, on SQLite, fsynced (group commit shares the fsync among waiting writers).
- `transact` is one transaction: all of it or none. No transaction computes or does I/O inside.
- Writes of one process go through one writer; across processes BEGIN IMMEDIATE (or the server) arbitrates, with a
  bounded wait that ends in `StoreBusy`. A full disk is `DiskFull`; a missing record is `NotFound`.
- Adding the very same record again changes nothing (a retry); another record with its id is `Conflict`.
- ``since`` is included, ``until`` is not. A list with a ``limit`` is of the latest.
- Readers never wait for writers and see the last commit.
- Every method that writes takes ``tx``: within `transact` pass it on, else leave it out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

from tidemill.store.holder import DataHolder
from tidemill.store.records import (
    Alarm,
    Artifact,
    Baseline,
    DatasetVersion,
    Decision,
    Edge,
    Event,
    IngestedFile,
    Job,
    Lease,
    ModelVersion,
    Release,
    Run,
    Step,
    Token,
    Verdict,
    Window,
)
from tidemill.types import Json, JsonObject, Micros

T = TypeVar("T")
Tx = Any
"""A transaction in progress; opaque above the store."""


class Runs(Protocol):
    def create(self, run: Run, tx: Tx = None) -> None: ...
    def get(self, run_id: str, tx: Tx = None) -> Run: ...
    def list(self, *, pipeline: str | None = None, status: str | None = None, limit: int = 100) -> Sequence[Run]:
        """Newest first by start."""
        ...

    def page(
        self, *, before: str | None = None, limit: int = 50, pipeline: str | None = None, status: str | None = None
    ) -> Sequence[Run]:
        """Newest first by id, those older than the run ``before``: costs the same at a million runs (every `page`)."""
        ...

    def update(self, run_id: str, tx: Tx = None, **changes: Any) -> None: ...
    def unfinished(self, key: str | None = None, tx: Tx = None) -> Sequence[Run]:
        """Runs in status running (of this key), oldest first."""
        ...

    def latest(self, key: str, tx: Tx = None) -> Run | None:
        """The newest run of this key, however many others there are."""
        ...

    def owner(self, run_id: str, tx: Tx) -> str:
        """The run's owner; until the transaction ends nobody else changes it. Who finds another name writes nothing."""
        ...

    def put_step(self, step: Step, tx: Tx = None) -> None:
        """Insert or replace the step (run, name)."""
        ...

    def steps(self, run_id: str) -> Sequence[Step]: ...
    def find_step(self, fingerprint: str) -> Step | None:
        """The latest finished step (done or cached) with this fingerprint."""
        ...

    def previous_step(self, pipeline: str, name: str, before_run: str) -> Step | None:
        """The same step in the latest earlier run of the pipeline: `why` compares with it."""
        ...


class Artifacts(Protocol):
    def put(self, artifact: Artifact, tx: Tx = None) -> None: ...
    def get(self, digest: str) -> Artifact: ...
    def list(self) -> Sequence[Artifact]:
        """All of them, by digest."""
        ...

    def remove(self, digests: Iterable[str], tx: Tx = None) -> None: ...


class Edges(Protocol):
    def add(self, edges: Iterable[Edge], tx: Tx = None) -> None:
        """The same (source, target, relation) twice is one edge."""
        ...

    def into(self, ref: str) -> Sequence[Edge]: ...
    def out_of(self, ref: str) -> Sequence[Edge]: ...


class Datasets(Protocol):
    def add(self, version: DatasetVersion, files: Iterable[IngestedFile], tx: Tx = None) -> None: ...
    def get(self, dataset: str, version: int | None = None) -> DatasetVersion: ...
    def list(self, dataset: str | None = None) -> Sequence[DatasetVersion]: ...
    def page(self, dataset: str, *, before: int | None = None, limit: int = 50) -> Sequence[DatasetVersion]:
        """Newest version first, those before the version ``before``."""
        ...

    def files_page(
        self, dataset: str, *, version: int | None = None, before: str | None = None, limit: int = 50
    ) -> Sequence[IngestedFile]:
        """Newest first by (version, name), those before the file of the digest ``before``; of one version, or of all."""
        ...

    def files(self, dataset: str, digests: Iterable[str] | None = None) -> Sequence[IngestedFile]:
        """By version and name; those of these digests, or all."""
        ...


class Models(Protocol):
    def add(self, model: ModelVersion, tx: Tx = None) -> None: ...
    def next_version(self, name: str, tx: Tx = None) -> int: ...
    def get(self, ref: str) -> ModelVersion:
        """By ``model:NAME@VERSION``."""
        ...

    def list(self, name: str | None = None) -> Sequence[ModelVersion]: ...
    def page(self, name: str | None = None, *, before: str | None = None, limit: int = 50) -> Sequence[ModelVersion]:
        """Newest first, those before the version of the ref ``before``."""
        ...

    def alias(self, name: str, alias: str, version: int, tx: Tx = None) -> None: ...
    def unalias(self, name: str, alias: str, version: int, tx: Tx = None) -> None:
        """Take an alias away if it points at this version; nothing where it does not."""
        ...

    def aliases(self, name: str) -> dict[str, int]: ...


class Releases(Protocol):
    def add(self, release: Release, tx: Tx = None) -> None: ...
    def get(self, release_id: str, tx: Tx = None) -> Release:
        """With ``tx``, as that transaction sees it (so do `list`, `champion`): decide on what is read there."""
        ...

    def update(self, release_id: str, tx: Tx = None, **changes: Any) -> None: ...
    def list(
        self, endpoint: str | None = None, status: str | None = None, tx: Tx = None, environment: str = ""
    ) -> Sequence[Release]:
        """Of one endpoint in this environment; without an endpoint all, everywhere."""
        ...

    def page(
        self, *, endpoint: str | None = None, status: str | None = None, before: str | None = None, limit: int = 50
    ) -> Sequence[Release]:
        """Newest first by (created, id), those before the release ``before``."""
        ...

    def champion(self, endpoint: str, tx: Tx = None, environment: str = "") -> Release | None: ...
    def promote(self, release_id: str, at: Micros, tx: Tx = None) -> None:
        """In one transaction: the endpoint's champion becomes superseded, this one champion; alias follows."""
        ...

    def roll_back(self, release_id: str, at: Micros, reason: JsonObject, tx: Tx = None) -> str | None:
        """This release becomes rolled_back; if it was champion, its `previous` (or the latest superseded one) is
        champion again in the same transaction. Returns the champion's release id."""
        ...

    def revision(self) -> int:
        """A number that grows with every change of a release: the scorer follows it."""
        ...

    def add_failures(self, endpoint: str, counts: Mapping[str, int], tx: Tx = None) -> None:
        """Add to how often each release failed to answer; several scorers lose none."""
        ...

    def failures(self, endpoint: str) -> dict[str, int]:
        """How often each release of the endpoint failed to answer so far; those that never did are left out."""
        ...

    def add_verdict(self, verdict: Verdict, tx: Tx = None) -> None: ...
    def verdicts(self, model: str) -> Sequence[Verdict]: ...


class Decisions(Protocol):
    def add(self, decision: Decision, tx: Tx = None) -> None: ...
    def update(self, decision_id: str, tx: Tx = None, **changes: Any) -> None: ...
    def list(
        self,
        *,
        action: str | None = None,
        limit: int | None = None,
        endpoint: str | None = None,
        environment: str | None = None,
    ) -> Sequence[Decision]:
        """Oldest first."""
        ...

    def get(self, decision_id: str) -> Decision: ...
    def page(
        self, *, before: str | None = None, limit: int = 50, action: str | None = None, endpoint: str | None = None
    ) -> Sequence[Decision]:
        """Newest first by (at, id), those before the decision ``before``."""
        ...


class Jobs(Protocol):
    def put(self, job: Job, tx: Tx = None) -> None:
        """Insert or replace."""
        ...

    def list(
        self,
        endpoint: str,
        *,
        status: str | None = None,
        decision: str | None = None,
        since: Micros | None = None,
        environment: str = "",
    ) -> Sequence[Job]:
        """Oldest first by start."""
        ...


class Events(Protocol):
    """What people are told. Nothing is decided on it: that is a record's, written in the same transaction."""

    def add(self, event: Event, tx: Tx = None) -> None: ...
    def add_once(self, event: Event, tx: Tx = None) -> bool:
        """Unless one with its id is there, whatever it says; whether it was new."""
        ...

    def list(
        self,
        *,
        kind: str | None = None,
        since: Micros | None = None,
        until: Micros | None = None,
        limit: int | None = None,
    ) -> Sequence[Event]:
        """Oldest first; those of one instant in the order they were written."""
        ...

    def page(
        self,
        *,
        before: str | None = None,
        kind: str | None = None,
        since: Micros | None = None,
        until: Micros | None = None,
        limit: int = 50,
    ) -> Sequence[Event]:
        """The other way round: newest first, those before the event ``before``."""
        ...


class Windows(Protocol):
    def add(self, window: Window, tx: Tx = None) -> None:
        """Insert or replace (endpoint, monitor, start)."""
        ...

    def list(
        self,
        endpoint: str,
        monitor: str,
        *,
        since: Micros | None = None,
        until: Micros | None = None,
        environment: str = "",
    ) -> Sequence[Window]: ...
    def page(
        self, endpoint: str, monitor: str, *, environment: str = "", before: Micros | None = None, limit: int = 50
    ) -> Sequence[Window]:
        """Newest first, those before the window that starts at ``before``."""
        ...

    def last_end(self, endpoint: str, monitor: str, environment: str = "") -> Micros | None: ...

    def keep_baseline(self, baseline: Baseline, tx: Tx = None) -> None:
        """Insert or replace."""
        ...

    def baselines(self, endpoint: str | None = None) -> Sequence[Baseline]:
        """Of this endpoint, or of all; by endpoint and model."""
        ...


class Alarms(Protocol):
    def add(self, alarm: Alarm, tx: Tx = None) -> None: ...
    def close(self, alarm_id: str, at: Micros, tx: Tx = None) -> None: ...
    def list(
        self,
        endpoint: str,
        *,
        monitor: str | None = None,
        model: str | None = None,
        since: Micros | None = None,
        until: Micros | None = None,
        is_open: bool | None = None,
        limit: int | None = None,
        environment: str = "",
    ) -> Sequence[Alarm]:
        """Oldest first; ``since`` and ``until`` are about when they were opened."""
        ...

    def page(
        self,
        endpoint: str,
        *,
        environment: str = "",
        is_open: bool | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> Sequence[Alarm]:
        """Newest first, those before the alarm ``before``."""
        ...


class Leases(Protocol):
    """Leases are in wall time: they say who is alive, not what day it is in the story."""

    def take(self, name: str, owner: str, seconds: float, tx: Tx = None) -> Lease | None:
        """None when somebody else's lease still runs."""
        ...

    def renew(self, name: str, owner: str, seconds: float) -> bool: ...
    def drop(self, name: str, owner: str, tx: Tx = None) -> None: ...
    def get(self, name: str, tx: Tx = None) -> Lease | None: ...
    def list(self) -> Sequence[Lease]: ...


class Tokens(Protocol):
    def add(self, token: Token, tx: Tx = None) -> None: ...
    def by_hash(self, hash: str) -> Token | None: ...
    def list(self) -> Sequence[Token]: ...
    def delete(self, token_id: str, tx: Tx = None) -> bool:
        """True for exactly one caller: a one-use code is used by the one who deletes it."""
        ...


class Settings(Protocol):
    """Small named values: the replay clock, the loop's state."""

    def get(self, name: str, default: Json = None) -> Json: ...
    def set(self, name: str, value: Json, tx: Tx = None) -> None: ...
    def keep(self, name: str, value: Json) -> Json:
        """Write it unless the name has a value already; the value that it has now, the same for everybody who asks at once."""
        ...

    def set_soon(self, name: str, value: Json) -> Future[None]:
        """As `set`, without waiting: written in the order of the calls, with whatever else is queued."""
        ...


class MetadataStore(Protocol):
    """`.tidemill/tidemill.db`, or a PostgreSQL database."""

    runs: Runs
    artifacts: Artifacts
    edges: Edges
    datasets: Datasets
    models: Models
    releases: Releases
    decisions: Decisions
    jobs: Jobs
    events: Events
    windows: Windows
    alarms: Alarms
    leases: Leases
    tokens: Tokens
    settings: Settings

    def transact(self, work: Callable[[Tx], T], principal: str = "") -> T:
        """``principal``: who does it; the events of the transaction carry the name."""
        ...

    def named_in(self) -> DataHolder:
        """A subject in the records: parameters of runs, errors of steps, events."""
        ...

    def data_version(self) -> int:
        """Changes whenever another process has committed (cheap to poll)."""
        ...

    def close(self) -> None: ...
