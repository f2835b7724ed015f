"""One truth of an item from whoever says something of it: of each column the value with the newest moment, in whatever order they come."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tidemill.store.records import ItemChange, ItemRow
from tidemill.types import JsonObject, Micros


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of a change. A change may be several: one column of it is new, another is older than what is known."""

    row: ItemRow | None  # with it; None: it says nothing that is not there, and nothing newer
    changed: bool = False  # a value is another one: who holds items has to hear of it
    older: bool = False  # a value of it is not taken, for a newer one is there
    conflicting: bool = False  # a value of it is not taken, for another one of the same moment is there


def merged(now: ItemRow | None, change: ItemChange, received: Micros) -> Merged:
    """The row that there is, and what is said now.

    >>> told = merged(None, ItemChange("items", "mug", "", 5, {"stock": 3}), 9)
    >>> again = merged(told.row, ItemChange("items", "mug", "", 4, {"stock": 8, "price": 2.5}), 9)
    >>> again.row.known, again.row.moments, again.older
    ({'stock': 3, 'price': 2.5}, {'price': 4}, True)
    """
    before = now or _nothing(change)
    if change.gone:
        return _gone(before, change, received)
    known, moments, older, conflicting = dict(before.known), dict[str, Micros](), False, False
    for column, value in change.values.items():
        least, there = before.moment(column), column in known
        same = there and known[column] == value and type(known[column]) is type(value)
        if change.at > least or (there and change.at == least and known[column] is None) or not (there or before.gone):
            known[column], moments[column] = value, change.at
        elif not same:
            older, conflicting = older or change.at < least, conflicting or change.at == least
    if not moments:
        return Merged(None, older=older, conflicting=conflicting)
    row = _row(before, change, known, {**_moments(before), **moments}, received)
    if row.known == before.known and [*map(type, row.known.values())] == [*map(type, before.known.values())]:
        row = replace(before, at=row.at, moments=row.moments)  # the same, of a newer moment: who said it first stays
        return Merged(row, False, older, conflicting)
    return Merged(row, True, older, conflicting)


def _nothing(change: ItemChange) -> ItemRow:
    return ItemRow(0, change.dataset, change.item, change.store, 0, {}, {}, 0, 0, "")


def _moments(row: ItemRow) -> dict[str, Micros]:
    return {column: row.moment(column) for column in row.known}


def _gone(before: ItemRow, change: ItemChange, received: Micros) -> Merged:
    """What is known of a later moment stays: it came back since."""
    moments = {column: at for column, at in _moments(before).items() if at > change.at}
    if change.at <= before.gone:
        return Merged(None)
    known = {column: before.known[column] for column in moments}
    row = _row(before, change, known, moments, received, gone=change.at)
    if known == before.known and before.seq:
        return Merged(replace(before, at=row.at, moments=row.moments, gone=change.at), older=bool(known))
    return Merged(row, True, older=bool(known))


def _row(
    before: ItemRow,
    change: ItemChange,
    known: JsonObject,
    moments: dict[str, Micros],
    received: Micros,
    gone: Micros | None = None,
) -> ItemRow:
    at = max([change.at, *moments.values()])
    return replace(
        before,
        at=at,
        known=known,
        moments={column: moment for column, moment in moments.items() if moment != at},
        gone=before.gone if gone is None else gone,
        received=received,
        principal=change.principal,
        file=change.file,
        row=change.row,
        ingest=change.ingest,
        until=None,
    )
