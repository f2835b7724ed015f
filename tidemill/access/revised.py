"""What a store has of a kind, held in memory by a revision that grows with every change: it is read anew when a newer one was seen, and never else.

So who answers asks the store nothing, and goes by nothing that was taken back: `confirmed` is the revision that every answer from now on
goes by, which each scorer tells with its heartbeat (`tidemill.access.acknowledged` waits for it).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Revised(Generic[T]):
    """``read`` gives all of it, ``revision`` the number, ``nothing`` is what is known before the first look.

    `seen` tells of a newer revision: what was known before counts no more. `seen` and `take` belong to one thread, `look` runs in any.
    ``remote``: the store is asked in a thread, so that a slow one holds nobody else.
    """

    def __init__(self, read: Callable[[], T], revision: Callable[[], int], nothing: T, remote: bool = False) -> None:
        self._read, self._revision, self._nothing, self._remote = read, revision, nothing, remote
        self._held = nothing
        self._as_of: int | None = None
        self.confirmed = 0
        """The revision that every check from now on goes by, or a later one."""

    @property
    def known(self) -> bool:
        """Whether it was read since the last revision that was seen."""
        return self._as_of is not None

    def look(self) -> tuple[int, T] | None:
        """All of it, where it is another than the one that is known."""
        revision = self._revision()
        return None if revision == self._as_of else (revision, self._read())

    async def bring(self) -> None:
        """Know what the store has now."""
        if not self._remote:
            self.bring_now()
            return
        import asyncio  # 20 ms that a command does not pay

        before = None
        while not self.take(found := await asyncio.to_thread(self.look)):
            before = self._fell_short(found, before)

    def bring_now(self) -> None:
        """The same, for one who may wait for the store."""
        before = None
        while not self.take(found := self.look()):
            before = self._fell_short(found, before)

    def _fell_short(self, found: tuple[int, T] | None, before: int | None) -> int:
        """What was read is older than what was seen: it is read again, until nothing was seen meanwhile; then the store was put back."""
        if found is not None and before == self.confirmed:
            self.confirmed = found[0]
        return self.confirmed

    def take(self, found: tuple[int, T] | None) -> bool:
        """Know this; False where it is older than what was seen."""
        if found is None:
            return self.known
        if found[0] < self.confirmed:
            return False
        self._as_of, self._held = found
        self.confirmed = found[0]
        return True

    def seen(self, revision: int) -> None:
        """It is of this revision, or a later one, by now."""
        if revision > self.confirmed:
            self.confirmed = revision
            self.evict()

    def evict(self) -> None:
        self._held, self._as_of = self._nothing, None
