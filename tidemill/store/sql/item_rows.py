"""What is known of items: a row an item (of a shop: an item and a store) that stands, and those that stood before it.

Files and programs say it, and the newest moment of each column wins (`item_merge`). Rows are numbered as events are: they are part
of the feed that scorers follow (`Online.feed`), and what an answer knew of an item is the row that stood at its position.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from itertools import islice, takewhile
from operator import ge, gt
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, tuple_, update

from tidemill.store.records import ItemChange, ItemRow, Tx
from tidemill.store.sql import schema
from tidemill.store.sql.database import CHUNK
from tidemill.store.sql.item_merge import Merged, merged
from tidemill.store.sql.nouns import Records
from tidemill.store.sql.online import ITEM_ROWS, ITEMS_BETWEEN, last_seq
from tidemill.store.sql.rows import Rows
from tidemill.store.sql.write_ops import Call
from tidemill.types import Micros

_items = schema.item_rows.c
ITEMS = Rows(ItemRow, schema.item_rows, "item", "seq")
_NOW = _items.until.is_(None)
_AMONG = ITEMS.select.where(_items.dataset == bindparam("dataset"), _items.item.in_(bindparam("items", expanding=True)))
_NOW_AMONG = _AMONG.where(_NOW)
_STOOD = _items.seq <= bindparam("position"), or_(_NOW, _items.until > bindparam("position"))
_STOOD_AMONG = _AMONG.where(*_STOOD)
_STANDING = ITEM_ROWS.where(_items.seq > bindparam("seq"), *_STOOD).order_by(_items.seq).limit(bindparam("limit"))
_EVER = ITEMS.select.where(_items.seq > bindparam("seq")).order_by(_items.seq).limit(bindparam("limit"))
_PAGE = ITEMS.select.where(_NOW, _items.dataset == bindparam("dataset")).order_by(_items.item, _items.store)
_PLACE, _GIVEN = tuple_(_items.item, _items.store), tuple_(bindparam("item"), bindparam("store"))
_FROM, _BEHIND = (_PAGE.where(op(_PLACE, _GIVEN)).limit(bindparam("limit")) for op in (ge, gt))
_COUNT = select(func.count()).where(_NOW, _items.dataset == bindparam("dataset"))
_PAST = ITEMS.select.where(_items.dataset == bindparam("dataset"), _items.item == bindparam("item"))
_CLOSE = update(schema.item_rows).where(_items.seq == bindparam("the_seq")).values(until=bindparam("the_until"))
_TOUCH = (
    update(schema.item_rows)
    .where(_items.seq == bindparam("the_seq"))
    .values(at=bindparam("the_at"), moments=bindparam("the_moments"), gone=bindparam("the_gone"))
)
PIECE = 500
"""Items in one transaction of a load: the scorers' commits come in between."""
_later = schema.item_rows.alias("later").c
_OLD = (
    select(_items.seq, _later.received)
    .select_from(schema.item_rows.outerjoin(_later.seq.table, _later.seq == _items.until))
    .where(_items.until.is_not(None))
    .order_by(_items.until)
    .limit(bindparam("limit"))
)
"""Rows that were replaced, those first that were so first, and when the row came that took their place; None: that one is gone, too."""
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of several changes, in their order, and the position from which on answers see them."""

    changes: Sequence[Merged]
    position: int


class Items(Records[ItemRow]):
    """What is known of items, by dataset, item and store."""

    def set(self, changes: Sequence[ItemChange], received: Micros) -> Future[Settled]:
        """Queue these, all or none, for the next group commit; the future is done when they are on the disk, or failed as it says."""
        piece = Call(lambda tx: _settle(tx, changes, received))
        self._db.submit(piece)
        return piece.future

    def load(self, changes: Iterable[ItemChange], received: Micros, tx: Tx = None) -> int:
        """From the dataset: how many changed what is known. The same again changes nothing. It commits in pieces, between which
        scorers' commits come."""
        source, count = iter(changes), 0
        while chunk := list(islice(source, PIECE)):
            done = self._db.write(lambda tx, chunk=chunk: _settle(tx, chunk, received), tx)  # type: ignore[misc]
            count += sum(one.changed for one in done.changes)
        return count

    def standing(self, position: int, size: int = 5_000) -> Iterator[Sequence[Any]]:
        """Plain (seq, dataset, item, store, JSON of its values) of every row that stood at this position, in order of seq."""
        after = 0
        while rows := self._db.rows(_STANDING, given={"seq": after, "position": position, "limit": size}):
            yield from rows
            after = rows[-1][0]

    def between(self, after: int, position: int, size: int = 5_000) -> Iterator[Sequence[Any]]:
        """The same of every row that came after a position, up to another: whoever held the earlier ones knows these in their place."""
        while rows := self._db.rows(ITEMS_BETWEEN, given={"seq": after, "position": position, "limit": size}):
            yield from rows
            after = rows[-1][0]

    def ever(self, size: int = 5_000) -> Iterator[ItemRow]:
        """Every row that stands or stood, as far as they are kept, in the order in which they came to be known."""
        after = 0
        while rows := ITEMS.records(self._db.rows(_EVER, given={"seq": after, "limit": size})):
            yield from rows
            after = rows[-1].seq

    def among(self, dataset: str, items: Iterable[str], position: int | None = None) -> list[ItemRow]:
        """Of these items, as they are known, or were at this position."""
        query, given = (_NOW_AMONG, {}) if position is None else (_STOOD_AMONG, {"position": position})
        return ITEMS.records(self._db.rows_among(query, "items", items, {"dataset": dataset, **given}))

    def count_now(self, dataset: str) -> int:
        """Rows that stand."""
        return int(self._db.value(_COUNT, given={"dataset": dataset}) or 0)

    def page_of(
        self, dataset: str, first: str = "", limit: int = 100, behind: tuple[str, str] | None = None
    ) -> list[ItemRow]:
        """Rows that stand, by item and store: from this item on, or ``behind`` an item and store."""
        item, store = behind or (first, "")
        given = {"dataset": dataset, "item": item, "store": store, "limit": limit}
        return ITEMS.records(self._db.rows(_BEHIND if behind else _FROM, given=given))

    def past(self, dataset: str, item: str, limit: int = 100) -> list[ItemRow]:
        """Every row that stands or stood of an item, the newest first."""
        query = _PAST.order_by(_items.seq.desc()).limit(limit)
        return ITEMS.records(self._db.rows(query, given={"dataset": dataset, "item": item}))

    def prune(self, since: Micros, most: int = 200) -> int:
        """Rows that had been replaced before this moment go, at most so many: no answer that is kept knew them. How many."""

        def work(tx: Connection) -> int:
            found = tx.execute(_OLD, {"limit": most}).all()
            old = [seq for seq, _ in takewhile(lambda row: row[1] is None or row[1] < since, found)]
            return int(tx.execute(delete(schema.item_rows).where(_items.seq.in_(old))).rowcount) if old else 0

        return self._db.write(work)


def _settle(tx: Connection, changes: Sequence[ItemChange], received: Micros) -> Settled:
    """Each change after those before it."""
    latest, start = _latest(tx, changes), last_seq(tx)
    seq, done, fresh, closed, touched = (
        start,
        list[Merged](),
        dict[int, ItemRow](),
        dict[int, int](),
        dict[int, ItemRow](),
    )
    for change in changes:
        key = (change.dataset, change.item, change.store)
        before = latest.get(key)
        found = merged(before, change, received)
        if found.row is not None and found.changed:
            seq += 1
            latest[key] = fresh[seq] = replace(found.row, seq=seq)
            if before is not None:
                closed[before.seq] = seq
        elif found.row is not None:
            latest[key] = (fresh if found.row.seq in fresh else touched)[found.row.seq] = found.row
        done.append(found)
    _write(tx, fresh, closed, touched)
    return Settled(done, seq)


def _latest(tx: Connection, changes: Sequence[ItemChange]) -> dict[Key, ItemRow]:
    wanted: dict[str, dict[str, None]] = {}
    for change in changes:
        wanted.setdefault(change.dataset, {})[change.item] = None
    rows: list[ItemRow] = []
    for dataset, named in wanted.items():
        names = sorted(named)
        for start in range(0, len(names), CHUNK):
            given = {"dataset": dataset, "items": names[start : start + CHUNK]}
            rows += ITEMS.records(tx.execute(_NOW_AMONG, given))
    return {(row.dataset, row.item, row.store): row for row in rows}


def _write(
    tx: Connection, fresh: Mapping[int, ItemRow], closed: Mapping[int, int], touched: Mapping[int, ItemRow]
) -> None:
    """The rows that another one takes the place of first: of each item one stands at any time."""
    if old := [{"the_seq": seq, "the_until": until} for seq, until in closed.items() if seq not in fresh]:
        tx.execute(_CLOSE, old)
    if said := [
        {"the_seq": seq, "the_at": row.at, "the_moments": row.moments, "the_gone": row.gone}
        for seq, row in touched.items()
    ]:
        tx.execute(_TOUCH, said)
    if fresh:
        rows = [ITEMS.row(replace(row, until=closed.get(seq))) for seq, row in fresh.items()]
        tx.execute(insert(schema.item_rows), rows)
