"""What was known of items in a project's past, as a play tells it again: each word when it came to be known, by a file or a program.

The live store keeps every row that stood (`tidemill.store.sql.item_rows`), and in which order they came. Told again in that order, each as
the newest word, they leave what was known then at every moment; so the copy's own ingest tells nothing of these datasets (`PLAYED`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from tidemill.backtest.past import Moment
from tidemill.data.contract.items import item_tables
from tidemill.store.records import ItemChange, ItemRow
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    from tidemill.scope.project import Project

Key = tuple[str, str, str]


def played(project: Project) -> list[str]:
    """The datasets of items whose past the live store has."""
    return [name for name in item_tables(project) if project.live.items.first(dataset=name) is not None]


def items_of(project: Project, since: Micros, until: Micros) -> list[Moment]:
    """What is told of items, in order: what stood at ``since`` then, and each row that came before ``until`` when it came.

    Of a time whose rows are not kept any more (`Project.kept_since`) what is told is the first word that is kept.
    """
    begun, later = dict[Key, ItemRow](), list[ItemRow]()
    names, kept = played(project), project.kept_since
    for row in project.live.items.ever():
        key = (row.dataset, row.item, row.store)
        if row.dataset not in names or row.received >= until:
            continue
        if row.received < (since if key in begun else max(since, kept)):
            begun[key] = row
        else:
            later.append(row)
    first = [change for key, row in begun.items() for change in _changes({}, row, since) if row.known]
    found = [Moment(since, "", items=tuple(first))] if first else []
    told = groupby(_told(begun, later, since), itemgetter(0))
    return found + [
        Moment(at, "", items=tuple(change for _, _, change in some), position=some[0][1])
        for at, some in ((at, list(together)) for at, together in told)
    ]


def _told(begun: dict[Key, ItemRow], later: list[ItemRow], since: Micros) -> Iterator[tuple[Micros, int, ItemChange]]:
    """(when, position, change): never before an earlier one, and of each item newer than the word before."""
    now, latest = since, {key: (row.known, since) for key, row in begun.items()}
    for row in later:
        now, key = max(now, row.received), (row.dataset, row.item, row.store)
        known, last = latest.get(key, ({}, 0))
        at = max(now, last + 1)
        for change in _changes(known, row, at):
            yield now, row.seq, change
            at = change.at
        latest[key] = (row.known, at)


def _changes(known: JsonObject, row: ItemRow, at: Micros) -> Iterator[ItemChange]:
    """What makes of what was known what this row knows."""
    change = ItemChange(row.dataset, row.item, row.store, at, {}, principal=row.principal)
    if not row.known or known.keys() - row.known.keys():
        yield replace(change, gone=True)
        known, at = {}, at + 1
    values = {name: value for name, value in row.known.items() if not _same(name, value, known)}
    if values:
        yield replace(change, at=at, values=values)


def _same(name: str, value: object, known: JsonObject) -> bool:
    return name in known and known[name] == value and type(known[name]) is type(value)
