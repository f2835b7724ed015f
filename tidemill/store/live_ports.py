"""The live store's port: what serving writes, predictions, outcomes and the subjects' history.

Its promises are those of `tidemill.store.ports`; appending is by group commit, and nothing here waits for a job.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from typing import Any, Protocol

from tidemill.store.holder import RowHolder
from tidemill.store.ports import Tx
from tidemill.store.records import OnlineEvent, Outcome, Prediction
from tidemill.types import Micros


class Predictions(Protocol):
    def get(self, prediction_id: str) -> Prediction: ...
    def find(self, ids: Iterable[str]) -> dict[str, Prediction]: ...
    def between(self, endpoint: str, start: Micros, end: Micros, environment: str = "") -> Sequence[Prediction]:
        """start <= at < end, by (at, id)."""
        ...

    def latest_before(
        self, subject: str, at: Micros, within: Micros, endpoint: str, environment: str = ""
    ) -> Prediction | None:
        """The endpoint's latest answer to this subject: no other endpoint's, whatever its subjects are called."""
        ...

    def of(self, subject: str, limit: int = 1_000) -> Sequence[Prediction]:
        """Those of a subject, newest first."""
        ...

    def by_model(self) -> dict[str, int]:
        """How many each model (by its ref) has answered; one look at every prediction."""
        ...

    def count(self, endpoint: str | None = None) -> int: ...
    def page(self, *, endpoint: str | None = None, before: str | None = None, limit: int = 50) -> Sequence[Prediction]:
        """Newest first by (at, id), those before the prediction ``before``."""
        ...


class Outcomes(Protocol):
    def get(self, key: str, endpoint: str, environment: str = "") -> Outcome | None: ...
    def known(self, keys: Iterable[str]) -> set[str]:
        """Those of these keys that are stored."""
        ...

    def unjoined(
        self, limit: int = 10_000, *, endpoint: str | None = None, environment: str | None = None
    ) -> Sequence[Outcome]: ...
    def waiting(self, most: int = 10_000) -> int:
        """How many are not joined, counted up to here."""
        ...

    def join(
        self, joins: Iterable[tuple[str, str | None, str]], endpoint: str, environment: str = "", tx: Tx = None
    ) -> None:
        """Of this endpoint's outcomes (key, prediction id, how), each at most once."""
        ...

    def of(self, predictions: Iterable[str]) -> dict[str, Sequence[Outcome]]: ...
    def counts(self, predictions: Iterable[str]) -> dict[str, int]:
        """How many outcomes each of them has, those without left out."""
        ...

    def count(self) -> dict[str, int]:
        """How many by `how`."""
        ...


class Online(Protocol):
    """Every row of every subject's history, in order of knowledge."""

    def since(self, seq: int, limit: int = 200_000) -> Sequence[OnlineEvent]: ...
    def rows_since(self, seq: int, limit: int = 200_000) -> Sequence[Sequence[Any]]:
        """As `since`, but plain (seq, subject, item, at, value, dataset): what a server reads all of when it starts."""
        ...

    def of(
        self, subject: str, watermark: int | None = None, item: str | None = None, dataset: str | None = None
    ) -> Sequence[OnlineEvent]: ...
    def of_all(self, subjects: Iterable[str], dataset: str | None = None) -> Sequence[OnlineEvent]:
        """As `of`, of several subjects together."""
        ...

    def rows_of(
        self, subjects: Iterable[str], watermark: int | None = None, dataset: str | None = None
    ) -> Sequence[Sequence[Any]]:
        """As `of`, of several subjects together and plain as in `rows_since`."""
        ...

    def load(self, rows: Iterable[OnlineEvent], tx: Tx = None) -> int:
        """From the dataset (seq is given by the store). A key that is there already only gets file, row, ingest.
        Returns how many are new. Outside a transaction it commits in pieces: the scorer's commits come between."""
        ...

    def unload(self, ingests: Iterable[str], tx: Tx = None) -> None:
        """Take out the rows that these ingests brought: they are to be loaded anew, before anybody has seen them."""
        ...

    def last_seq(self) -> int: ...


class LiveStore(Protocol):
    """`.tidemill/live.db`: what serving writes. Apart from the metadata, so that a job never holds the scoring commit."""

    predictions: Predictions
    outcomes: Outcomes
    online: Online

    def append(
        self,
        predictions: Sequence[Prediction],
        outcomes: Sequence[Outcome],
        events: Sequence[OnlineEvent],
        done: Callable[[BaseException | None, Sequence[int]], None] | None = None,
        met: Callable[[Sequence[Outcome | None], Set[str]], None] | None = None,
    ) -> None:
        """Queue for the next group commit and return at once. `done(error, seqs)` is called by the writer thread after
        the fsync (or on failure); ``seqs`` are those given to ``events`` (0 where the key was there already). A
        prediction id or outcome key that is there already changes nothing, and an event that comes with such an outcome
        is not written either (0). Without ``done`` nobody waits, and it is
        written within 50 ms, in company. `met(earlier, known)` is called before ``done`` when all went well: for each outcome
        the one that its key held already (None: it is new), and those of the predictions they name that are kept."""
        ...

    def holders(self) -> Sequence[RowHolder]:
        """A subject's rows: predictions, outcomes, history."""
        ...

    def flush(self) -> None:
        """Waits until everything queued is committed."""
        ...

    def data_version(self) -> int: ...
    def close(self) -> None: ...
