"""What serving knows of subjects: those that were asked about last, each read from the store when it is first asked about.

Every process's writes come by the store's change feed, in order. A held subject knows up to which event it was read, so that
an event which the feed brings, too, is not taken twice; what the feed brings while a subject is being read is kept for it. An
answer as of a position is the same whatever is held.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tidemill.config.network import ServeSection, history_bytes
from tidemill.features.held import Held, HeldHistory, Key
from tidemill.features.items import EMPTY, ItemTable, filled
from tidemill.features.online import EventRow, Subject
from tidemill.store.records import OnlineEvent, mark_of

if TYPE_CHECKING:
    from tidemill.store.sql.live import LiveStore
    from tidemill.store.sql.online import Feed

_READ, _ITEMS = (
    5_000,
    250,
)  # rows of the feed at a time, and of items, each of which has many columns: no answer is given meanwhile
_MOST_SOLD = 100_000  # names of items that are remembered
Aside = Callable[..., Awaitable[Any]]


@dataclass(slots=True)
class _Reading:
    """A subject on its way from the store."""

    done: asyncio.Future[None] = field(init=False)
    rows: list[EventRow] = field(default_factory=list)  # what the feed has brought since it was asked for
    gone: bool = False  # something of it was deleted since


@dataclass(frozen=True, slots=True)
class News:
    """What the feed had after a position."""

    after: int
    feed: Feed
    items: ItemTable | None = None  # all of it anew: the store was put back


class Histories:
    """What serving knows, up to ``seq`` of all rows. Used by the event loop's thread, but for `fetch`.

    ``most``: bytes of the subjects that are held. ``aside``: how a query runs that must not hold up the loop. ``missed``: called
    for each subject that was asked about and not held. ``items``: the table of the project's items without a row; None: it has none.
    """

    def __init__(
        self,
        live: LiveStore,
        most: int = history_bytes(ServeSection().history),
        aside: Aside = asyncio.to_thread,
        missed: Callable[[], object] = lambda: None,
        items: ItemTable | None = None,
    ) -> None:
        self._live, self._aside, self._missed, self.held = live, aside, missed, Held(most)
        self.seq = live.online.last_seq()
        self._begun = items
        self.items = EMPTY if items is None else self._items_at(items, self.seq)
        self._of: dict[str, HeldHistory] = {}
        self._reading: dict[Key, _Reading] = {}
        self._sold: set[Key] = set()

    def of(self, dataset: str) -> HeldHistory:
        """The history of this dataset's subjects: always the same object."""
        found = self._of.get(dataset)
        if found is None:
            found = self._of[dataset] = HeldHistory(dataset, self.held, self._read)
            found.seq = self.seq
        return found

    # subjects ---------------------------------------------------------------------------------------------------------

    def lacks(self, dataset: str, subject: str) -> bool:
        """Whether an answer would hold up the loop: a subject that is not held, and a store that is not beside us."""
        return self._live.remote and (dataset, subject) not in self.held

    async def hold(self, dataset: str, subject: str) -> None:
        """Have this subject, read aside; several that wait for it wait for one query. Raises StoreError."""
        key = dataset, subject
        if key in self.held:
            return
        reading = self._reading.get(key)
        if reading is None:
            reading = self._reading[key] = _Reading()
            reading.done = asyncio.create_task(self._bring(key, reading))
        await asyncio.shield(reading.done)

    async def _bring(self, key: Key, reading: _Reading) -> None:
        try:
            self._put(key, await self._still(key, reading))
            self.held.extend(key, reading.rows)  # apart: the read may have seen some of them
            self._missed()
        finally:
            del self._reading[key]

    async def _still(self, key: Key, reading: _Reading) -> Sequence[EventRow]:
        """Its rows, of a moment since when nothing of it was deleted."""
        while True:
            reading.gone, reading.rows = False, []
            rows: Sequence[EventRow] = await self._aside(self._live.online.rows_of_one, *key)
            if not reading.gone:
                return rows

    def preload(self, dataset: str, subjects: Collection[str]) -> None:
        """Have all of these, by few queries."""
        rows: dict[str, list[EventRow]] = {subject: [] for subject in subjects}
        for row in self._live.online.rows_of(subjects):
            if row[5] == dataset:
                rows[row[1]].append(row)
        for subject, own in rows.items():
            self._put((dataset, subject), own)

    def _read(self, key: Key) -> Subject:
        self._missed()
        return self._put(key, self._live.online.rows_of_one(*key))

    def _put(self, key: Key, rows: Iterable[EventRow]) -> Subject:
        subject = Subject()
        subject.extend(rows)
        self.held.put(key, subject)
        return subject

    # what is written --------------------------------------------------------------------------------------------------

    def follow(self) -> bool:
        """Learn what any process has written to the histories since; whether there was anything."""
        before = self.seq
        while self.take(self.fetch()):
            pass
        return self.seq != before

    def fetch(self) -> News:
        """What comes after `seq`; to be taken in the event loop. Any thread may ask."""
        after = self.seq
        feed = self._live.online.feed(after, _READ, _ITEMS)
        back = feed.position < after and self._begun is not None
        return News(after, feed, self._items_at(self._begun, feed.position) if back and self._begun else None)

    def _items_at(self, begun: ItemTable, position: int) -> ItemTable:
        return filled(begun, self._live.items.standing(position), position)

    def take(self, news: News) -> bool:
        """Know this; whether there is more to fetch. No query. What was learned since it was fetched is no news."""
        feed = news.feed
        if feed.position < news.after:  # the store was put back
            self._evict()
            self.items = news.items or self.items
            self._stand_at(feed.position)
            return False
        if self._begun is not None:
            self.items = self.items.updated([row for row in feed.items if row[0] > self.seq], feed.position)
        self._know([row for row in feed.rows if row[0] > self.seq])
        for gone in feed.gone:
            self._evict(gone.dataset, gone.mark)
        self._stand_at(max(self.seq, feed.position))
        return _READ in (len(feed.rows), len(feed.gone)) or len(feed.items) == _ITEMS

    def _evict(self, dataset: str = "", mark: str = "") -> None:
        """What is held of this dataset (of all: "") and of the subject of this mark (of any: "")."""

        def meant(key: Key) -> bool:
            return dataset in ("", key[0]) and mark in ("", mark_of(key[1]))

        self._sold.clear()
        for key in filter(meant, [*self.held]):
            self.held.drop(key)
        for key in filter(meant, self._reading):
            self._reading[key].gone = True

    def learn(self, events: Sequence[OnlineEvent], seqs: Sequence[int]) -> None:
        """Our own events are committed: into the history at once, unless another writer's rows come before them."""
        fresh = [(seq, event) for seq, event in zip(seqs, events, strict=True) if seq]
        if [seq for seq, _ in fresh] != [*range(self.seq + 1, self.seq + 1 + len(fresh))]:
            if not self._live.remote:  # else whoever must see them fetches them aside
                self.follow()
        else:
            self._know([(seq, e.subject, e.item, e.at, e.value, e.dataset) for seq, e in fresh])

    def _know(self, rows: Sequence[EventRow]) -> None:
        own: dict[Key, list[EventRow]] = {}
        for row in rows:
            own.setdefault((row[5], row[1]), []).append(row)
        for key, some in own.items():
            self.held.extend(key, some)
            if (reading := self._reading.get(key)) is not None:
                reading.rows += some
        if rows:
            self._stand_at(rows[-1][0])

    def _stand_at(self, seq: int) -> None:
        self.seq = seq
        if self._begun is not None:
            self.items = self.items.at(seq)
        for history in self._of.values():
            history.seq = seq

    # items ------------------------------------------------------------------------------------------------------------

    async def sold(self, dataset: str, items: Collection[str]) -> set[str]:
        """Those of these items that a row of the dataset has."""
        known = {item for item in items if (dataset, item) in self._sold}
        if len(known) == len(items):
            return known
        ask, others = self._live.online.sold, set(items) - known
        found = await self._aside(ask, dataset, others) if self._live.remote else ask(dataset, others)
        if len(self._sold) > _MOST_SOLD:
            self._sold.clear()
        self._sold.update((dataset, item) for item in found)
        return known | found
