"""The way from an answer to the disk: many requests share one commit, and one wake-up of the event loop per commit."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from tidemill.errors import Conflict, StoreBusy, StoreError
from tidemill.store.records import OnlineEvent, Outcome, Prediction
from tidemill.store.sql.live import NOTHING, Met

if TYPE_CHECKING:
    from tidemill.store.sql.live import LiveStore

ACK_SECONDS = 10.0  # How long an answer waits for the disk before it says so
MOST_WAITING = 20_000
LINGER = 0.02
"""Seconds that rows nobody waits for may gather, so that they share a commit: well within the 100 ms of ack=async."""

Seqs = Sequence[int]

_log = logging.getLogger("tidemill.serve")


AGAIN = 1.0  # Seconds between two tries whether the disk takes something again
Settled = Callable[[], object]
Entry = tuple["asyncio.Future[Met]", int, int, Settled | None, bool]
"""Who waits, which of the commit's outcomes are his (from, to), what to call when the writer has reported, and whether he waits."""


@dataclass(slots=True)
class _Batch:
    """What goes to the writer in one call, and who waits for it."""

    predictions: list[Prediction] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    events: list[OnlineEvent] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    met: Met = NOTHING

    def hear(self, met: Met) -> None:
        """Called in the writer's thread."""
        self.met = met


class Log:
    """Hands predictions, outcomes and online events to the live store's writer, from the event loop's thread only.

    `write` returns a future that is done when the rows are committed and fsynced, or failed; its result tells what its
    rows met. What is handed over during one turn of the loop goes in one call (what has events in another); what the writer
    reports during one turn comes back in one wake-up.
    ``learn`` is called with the committed events and their seqs before the futures are done: who has its
    acknowledgement also finds its outcome in the history. What it raises is logged and stops nothing: the rows are kept.
    ``lost`` is called with the number of answers that had left without waiting, and could not be written down.
    """

    def __init__(
        self,
        live: LiveStore,
        learn: Callable[[Sequence[OnlineEvent], Seqs], None],
        lost: Callable[[int], object] = lambda n: None,
    ) -> None:
        self._live, self._learn, self._lost = live, learn, lost
        self._loop = asyncio.get_running_loop()
        self._batches = _Batch(), _Batch()
        """What has events goes apart: on a server it may wait for who numbers some, and an answer never does."""
        self._done: deque[tuple[_Batch, BaseException | None, Seqs]] = deque()
        self._soon, self._woken = False, False
        self._later: asyncio.TimerHandle | None = None
        self._deadlines: deque[tuple[float, asyncio.Future[Met]]] = deque()
        self._again = 0.0
        self.waiting = 0
        self.trouble: StoreError | None = None
        """Why nothing can be written down now; while it is there no answer leaves before it is written."""

    def write(
        self,
        predictions: Sequence[Prediction] = (),
        outcomes: Sequence[Outcome] = (),
        events: Sequence[OnlineEvent] = (),
        urgent: bool = True,
        settled: Settled | None = None,
    ) -> asyncio.Future[Met]:
        """Queue for the next commit, or with ``urgent=False`` for one soon.

        The future gives up after `ACK_SECONDS`; ``settled`` is called when it is certain that the rows are written or
        that they are not, however late. Without rows it is done when all answers that were handed over before are settled.
        Raises StoreBusy when far too much waits already.
        """
        if self.waiting >= MOST_WAITING:
            raise StoreBusy("too many answers wait for the disk", hint="ask again later; nothing was written")
        if urgent and not self._soon:
            self._soon = True
            self._loop.call_soon(self._hand_over)
        elif not urgent and self._later is None:
            self._later = self._loop.call_later(LINGER, self._hand_over)
        future: asyncio.Future[Met] = self._loop.create_future()
        batch = self._batches[bool(events)]
        first = len(batch.outcomes)
        batch.predictions += predictions
        batch.outcomes += outcomes
        batch.events += events
        batch.entries.append((future, first, len(batch.outcomes), settled, urgent))
        self._deadlines.append((time.monotonic() + ACK_SECONDS, future))
        self.waiting += 1
        return future

    def _hand_over(self) -> None:
        self._soon = False
        if self._later is not None:
            self._later.cancel()
            self._later = None
        batches, self._batches = self._batches, (_Batch(), _Batch())
        for batch in batches:
            if batch.entries:
                self._append(batch)

    def _append(self, batch: _Batch) -> None:
        done = partial(self._report, batch)
        try:
            self._live.append(batch.predictions, batch.outcomes, batch.events, done=done, met=batch.hear)
        except Exception as exc:  # noqa: BLE001 - whatever it is, each waiting request must hear of it
            self._settle(batch, exc, ())

    def _report(self, batch: _Batch, error: BaseException | None, seqs: Seqs) -> None:
        """Called in the writer's thread."""
        self._done.append((batch, error, seqs))
        if not self._woken:
            self._woken = True
            self._loop.call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        self._woken = False  # first: what is reported from now on asks for a wake-up of its own
        while self._done:
            self._settle(*self._done.popleft())

    def _settle(self, batch: _Batch, error: BaseException | None, seqs: Seqs) -> None:
        self.waiting -= len(batch.entries)
        if error is not None or batch.predictions or None in batch.met.earlier:
            self._hear(error)  # but a commit of nothing new, which succeeds on a full disk, too, says nothing
        if error is None and batch.events:
            try:
                self._learn(batch.events, seqs)
            except Exception:  # noqa: BLE001 - whatever it was, the rows are on the disk: that is acknowledged
                _log.exception("the history falls behind; the heartbeat follows it")
        met = batch.met
        for future, first, last, settled, _ in batch.entries:
            if settled is not None:
                settled()
            if future.done():
                continue
            if error is None:
                future.set_result(replace(met, earlier=met.earlier[first:last]) if last > first else met)
            else:
                future.set_exception(error)
                future.exception()  # an answer with ack=async has left already: nobody else will look
        if error is not None and (left := sum(not waits for *_, waits in batch.entries)):
            self._lost(left)
            _log.error("%d answers that had left with ack=async could not be written down: %s", left, error)

    def _hear(self, error: BaseException | None) -> None:
        """How the store is, by what it has just said. A row that it does not take (Conflict) says nothing of that."""
        if error is None or (isinstance(error, StoreError) and not isinstance(error, Conflict)):
            self.trouble = error

    def try_again(self) -> None:
        """While nothing can be written: see now and then whether it can, also when nobody asks. Called by the heartbeat."""
        now = time.monotonic()
        if self.trouble is None or self.waiting or now < self._again:
            return
        self._again = now + AGAIN
        tried = self._live.try_write()
        self.waiting += 1  # one at a time, and the end waits for it
        tried.add_done_callback(lambda told: self._loop.call_soon_threadsafe(self._tried, told.exception()))

    def _tried(self, error: BaseException | None) -> None:
        self.waiting -= 1
        self._hear(error)

    def expire(self) -> None:
        """Tell those who have waited too long. Called now and then by the server's heartbeat."""
        now = time.monotonic()
        while self._deadlines and (self._deadlines[0][1].done() or self._deadlines[0][0] <= now):
            future = self._deadlines.popleft()[1]
            if not future.done():
                late = "the disk did not confirm in time"
                self.trouble = StoreBusy(late, hint="ask again with the same key: it never doubles")
                future.set_exception(self.trouble)
                future.exception()

    async def drain(self) -> None:
        """Wait until all that was handed over is on the disk, or has failed."""
        while self.waiting:
            self.expire()
            await asyncio.sleep(0.002)
