"""Whose data may not be used, as a scorer holds it in memory: a request costs a look into it, and no question to the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidemill.access.revised import Revised
from tidemill.data.limited import NOBODY, Known, Whom, known_of

if TYPE_CHECKING:
    from tidemill.store.sql.store import MetadataStore


class Limits(Revised[Known]):
    """Those that stand. What was read before a newer revision was seen counts no more: it is read again before the next answer."""

    @staticmethod
    def of(store: MetadataStore) -> Limits:
        return Limits(lambda: known_of(store.limits.standing()), store.limits.revision, NOBODY, remote=store.remote)

    async def know(self) -> None:
        """Have them, where an answer would hold up the event loop to read them. Raises StoreError."""
        if not self.known:
            await self.bring()

    def hold(self, whom: Whom, subject: str | None) -> bool:
        """Whether this one's data may not be used here. Raises StoreError where that cannot be known: nobody is answered by what may have
        been taken back."""
        if not subject:
            return False
        if not self.known:
            self.bring_now()
        return whom.named(self._held, subject)
