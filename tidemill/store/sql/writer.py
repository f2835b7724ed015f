"""The one writer of a process: a thread that takes everything queued and commits it together.

Each piece runs in its own SAVEPOINT inside one transaction; after the one COMMIT (one fsync) all of them are told. A
piece that fails rolls back only itself. Where the database gives up the whole transaction (a full disk), nothing of it
is there and all are told so.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from queue import Empty, SimpleQueue
from typing import TypeVar

from sqlalchemy import Connection

from tidemill.errors import StoreBusy, StoreError
from tidemill.store.sql.acts import Act
from tidemill.store.sql.border import translate
from tidemill.store.sql.write_ops import Call, Combine, Session, WriteOp

T = TypeVar("T")
MOST = 4_096  # pieces in one transaction
GATHER = 0.002  # seconds between two commits while several callers write at once: an fsync costs more than many rows
PATIENCE = 0.02  # seconds that pieces wait for company when nobody waits for them

_log = logging.getLogger("tidemill.metadata")


class _GaveUp(Exception):
    """The database rolled back everything."""


class Writer:
    """Queue and thread. ``connect`` opens the session inside the thread; ``combine`` may merge pieces of one batch."""

    def __init__(
        self,
        connect: Callable[[], Session],
        place: str,
        combine: Combine | None = None,
        patience: float = 60.0,
    ) -> None:
        self._connect, self._place, self._combine, self._patience = connect, place, combine, patience
        self._queue: SimpleQueue[WriteOp | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._urgent = threading.Event()
        self._crowd, self._began = False, 0.0
        self._thread: threading.Thread | None = None
        self._session: Session | None = None
        self._closed = False
        self._pid = os.getpid()
        self.check: Callable[[Connection], None] = lambda tx: None
        """What every transaction begins with; where it raises, nothing of the transaction is written."""
        self.ending: Callable[[Connection, Sequence[Act]], None] = lambda tx, left: None
        """What every transaction ends with that has done something; as above."""

    def submit(self, piece: WriteOp) -> None:
        """Queue and return at once."""
        with self._lock:
            if self._closed:
                raise StoreError("the store is closed", place=self._place)
            if self._thread is None:
                self._start()
            self._queue.put(piece)
        if piece.urgent and not self._urgent.is_set():
            self._urgent.set()

    @property
    def is_here(self) -> bool:
        """Whether this is its thread: within a transaction."""
        return threading.current_thread() is self._thread

    def call(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in the next group commit and wait for it."""
        piece = Call(work)
        self.submit(piece)
        try:
            return piece.future.result(self._patience)
        except FutureTimeout as exc:
            if piece.future.done():  # the work itself raised a TimeoutError
                raise
            raise StoreBusy(
                f"not written within {self._patience:g} s, and it may still be",
                place=self._place,
                hint="look at the disk",
            ) from exc

    def close(self) -> None:
        """Write what is queued and stop."""
        with self._lock:
            thread, self._thread = self._thread, None
            if not self._closed and thread is not None and self._pid == os.getpid():
                self._queue.put(None)
                self._urgent.set()
            self._closed = True
        if thread is not None and self._pid == os.getpid():
            thread.join()

    def _start(self) -> None:
        if self._pid != os.getpid():
            raise StoreError("this store was opened before a fork", place=self._place, hint="open it in the child")
        self._thread = threading.Thread(target=self._loop, name=f"tidemill-writer {self._place}", daemon=True)
        self._thread.start()

    def _loop(self) -> None:
        stop = False
        while not stop:
            batch, stop = self._take()
            self._began = time.monotonic()
            if batch:
                self._write(batch)
                self._rest()
        self._drop()

    def _rest(self) -> None:
        try:
            if self._session is not None:
                self._session.rest()
        except Exception:  # noqa: BLE001 - what was told stands, and the next batch says what is wrong
            _log.warning("%s cannot be tidied up", self._place, exc_info=True)

    def _take(self) -> tuple[list[WriteOp], bool]:
        """Waits for a piece, takes all that are there; True when the last one has come."""
        piece = self._queue.get()
        if piece is not None and not piece.urgent:
            self._urgent.wait(PATIENCE)
        elif self._crowd:
            time.sleep(max(0.0, self._began + GATHER - time.monotonic()))
        self._urgent.clear()
        batch: list[WriteOp] = []
        try:
            while piece is not None:
                batch.append(piece)
                if len(batch) >= MOST:
                    return batch, False
                piece = self._queue.get_nowait()
        except Empty:
            self._crowd = len(batch) > 1
            return batch, False
        return batch, True

    def _write(self, batch: Sequence[WriteOp]) -> None:
        """One transaction of these pieces, then everybody is told."""
        done: list[WriteOp] = []
        failed: list[tuple[WriteOp, BaseException]] = []
        pieces = self._combine(batch) if self._combine and len(batch) > 1 else batch
        if len(pieces) == 1 and (parts := self._alone(pieces[0], done, failed)):
            pieces = parts
        if not done and not failed:
            self._together(pieces, done, failed)
        for piece in done:
            for part in piece.split() or (piece,):
                self._settle(part, None)
        for piece, error in failed:
            self._settle(piece, error)

    def _alone(
        self, piece: WriteOp, done: list[WriteOp], failed: list[tuple[WriteOp, BaseException]]
    ) -> Sequence[WriteOp]:
        """A transaction of one piece needs no savepoint. When it failed: the parts that may be tried apart."""
        try:
            session = self._begin()
            piece.run(session.tx)
            self._commit(session)
        except BaseException as exc:  # noqa: BLE001 - it goes to the caller who waits for it
            self._abandon()
            parts = piece.split()
            if not parts:
                failed.append((piece, translate(exc, self._place)))
            return parts
        done.append(piece)
        return ()

    def _together(
        self, pieces: Sequence[WriteOp], done: list[WriteOp], failed: list[tuple[WriteOp, BaseException]]
    ) -> None:
        try:
            session = self._begin()
            for piece in pieces:
                self._run(session, piece, done, failed)
            self._commit(session)
        except BaseException as exc:  # noqa: BLE001 - whatever it was, every waiting caller is told
            self._abandon()
            cause = exc.__cause__ if isinstance(exc, _GaveUp) and exc.__cause__ else exc
            error = translate(cause, self._place)
            told = {id(piece) for piece, _ in failed}
            failed += [
                (piece, error) for whole in pieces for piece in (whole.split() or (whole,)) if id(piece) not in told
            ]
            done.clear()

    def _commit(self, session: Session) -> None:
        if session.left:
            self.ending(session.tx, session.left)
        session.commit()

    def _begin(self) -> Session:
        session = self._begun()
        self.check(session.tx)
        return session

    def _begun(self) -> Session:
        if self._session is None:
            self._session = self._connect()
            self._session.begin()
            return self._session
        try:
            self._session.begin()
        except Exception:
            if not self._session.broken:
                raise
            # A server that was restarted since the last write: nothing has begun, so begin anew.
            self._drop()
            self._session = self._connect()
            self._session.begin()
        return self._session

    def _run(
        self, session: Session, piece: WriteOp, done: list[WriteOp], failed: list[tuple[WriteOp, BaseException]]
    ) -> None:
        session.savepoint()
        try:
            piece.run(session.tx)
            session.release()
        except BaseException as exc:
            if not session.undo():
                raise _GaveUp from exc
            parts = piece.split()
            for part in parts:
                self._run(session, part, done, failed)
            if not parts:
                failed.append((piece, translate(exc, self._place)))
        else:
            done.append(piece)

    def _abandon(self) -> None:
        """Roll back; a connection that cannot even do that is thrown away, the next batch opens another."""
        try:
            if self._session is not None:
                self._session.rollback()
        except Exception:  # noqa: BLE001 - whatever it says, the connection is of no more use
            _log.warning("the connection to %s is lost; the next write opens another", self._place, exc_info=True)
            self._drop()

    def _drop(self) -> None:
        session, self._session = self._session, None
        try:
            if session is not None:
                session.close()
        except Exception:  # noqa: BLE001 - a connection that is thrown away may be broken in any way
            _log.warning("the connection to %s did not close", self._place, exc_info=True)

    def _settle(self, piece: WriteOp, error: BaseException | None) -> None:
        try:
            piece.complete(error)
        except Exception:  # noqa: BLE001 - a caller's callback must not end the writer of all others
            _log.exception("a callback after a write to %s failed", self._place)
