"""What the writer writes (a `WriteOp`) and what it writes to (a `Session`)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import Connection

from tidemill.store.sql.acts import left_in

T = TypeVar("T")


class Session(ABC):
    """The writer's own connection, one transaction at a time."""

    starts: tuple[str, ...] = ("BEGIN",)

    def __init__(self, connection: Connection, writable: str) -> None:
        raw: Any = connection.connection.dbapi_connection
        self.tx, self._raw = connection, raw
        self.left = left_in(connection)
        """What the transaction has done, for the ledger."""
        self._kept = 0
        self._raw.execute(writable)

    @property
    def broken(self) -> bool:
        """The connection is gone for good."""
        return False

    @property
    @abstractmethod
    def open(self) -> bool:
        """There is a transaction: the database has not given it up."""

    def begin(self) -> None:
        self.left.clear()
        for command in self.starts:
            self._raw.execute(command)

    def commit(self) -> None:
        self._raw.execute("COMMIT")

    def rollback(self) -> None:
        if self.open:
            self._raw.execute("ROLLBACK")

    def savepoint(self) -> None:
        self._kept = len(self.left)
        self._raw.execute("SAVEPOINT piece")

    def release(self) -> None:
        self._raw.execute("RELEASE SAVEPOINT piece")

    def undo(self) -> bool:
        """Back to the savepoint; False when the database has given up the whole transaction."""
        if not self.open:
            return False
        del self.left[self._kept :]
        self._raw.execute("ROLLBACK TO SAVEPOINT piece")
        self.release()
        return True

    def rest(self) -> None:  # noqa: B027 - nothing to do is an answer
        """Called when everybody has been told of a batch: time for what nobody waits for."""

    def close(self) -> None:
        self.tx.invalidate()
        self.tx.close()


class WriteOp(Protocol):
    """Something to be written."""

    @property
    def urgent(self) -> bool:
        """Somebody waits for it."""
        ...

    def run(self, tx: Connection) -> None: ...
    def complete(self, error: BaseException | None) -> None:
        """Called once, after the commit (None) or when it is certain that nothing of this was written."""
        ...

    def split(self) -> Sequence[WriteOp]:
        """The pieces it was combined from, tried one by one when it fails and told one by one; none when single."""
        ...


Combine = Callable[[Sequence[WriteOp]], Sequence[WriteOp]]
"""May merge pieces of one batch."""


class Call(Generic[T]):
    """A function of the transaction whose caller waits."""

    __slots__ = ("future", "result", "work")
    urgent = True

    def __init__(self, work: Callable[[Connection], T]) -> None:
        self.work = work
        self.future: Future[T] = Future()

    def run(self, tx: Connection) -> None:
        self.result = self.work(tx)

    def complete(self, error: BaseException | None) -> None:
        if error is not None:
            self.future.set_exception(error)
        else:
            self.future.set_result(self.result)

    def split(self) -> Sequence[WriteOp]:
        return ()
