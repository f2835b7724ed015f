"""Online events: every row of every subject's history, in order of knowledge.

What was told and what a file brings is one event where both have one key. Programs that tell have keys of their own, too: so
an event that was told is also the row of a file with the same subject, item, moment and value, whichever comes first. Of
several such rows each stands for one that was told.

Whatever changes a history is numbered, in the order of commits: who has read up to n has missed nothing below (`Online.feed`).
Rows that are taken out leave a record with a number of its own, so that whoever holds them hears of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    Table,
    Text,
    Update,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    tuple_,
    type_coerce,
    union_all,
    update,
)

from tidemill.store.records import Gone, OnlineEvent, Tx, mark_of
from tidemill.store.sql import schema
from tidemill.store.sql.database import CHUNK
from tidemill.store.sql.nouns import Records
from tidemill.store.sql.rows import Rows
from tidemill.store.sql.subjects import SubjectRows

_online = schema.online.c
ONLINE = Rows(OnlineEvent, schema.online, "online event", "seq", watermark=_online.seq <= bindparam("watermark"))
_history, _subjects, _items, _sources = schema.history.c, schema.subjects.c, schema.items.c, schema.sources.c
_PLAIN = (  # not of the view: it would look up each row's source
    select(_history.seq, _subjects.name, _items.name, _history.at, _history.value, _subjects.dataset)
    .join_from(schema.history, schema.subjects, _subjects.id == _history.subject)
    .join(schema.items, _items.id == _history.item)
)
_AMONG: BindParameter[Any] = bindparam("subjects", expanding=True)
_OF_ALL = ONLINE.narrowed(["dataset"]).where(_online.subject.in_(_AMONG))
_ROWS_OF = _PLAIN.where(_subjects.name.in_(_AMONG))
_ROWS_OF_ONE = _PLAIN.where(_subjects.name == bindparam("subject"), _subjects.dataset == bindparam("dataset"))
_SOLD = select(_items.name).where(
    _items.name.in_(bindparam("items", expanding=True)), _items.dataset == bindparam("dataset")
)
_SINCE = _PLAIN.where(_history.seq > bindparam("seq")).order_by(_history.seq).limit(bindparam("limit"))
_TOLD_AT = schema.history.join(schema.sources, _sources.id == _history.source)
_PRESENT = (
    select(_history.key, _subjects.dataset, _history.seq, _sources.endpoint)
    .select_from(_TOLD_AT.join(schema.subjects, _subjects.id == _history.subject))
    .where(_history.key.in_(bindparam("keys", expanding=True)))
)
_gone = schema.gone.c
GONE = Rows(Gone, schema.gone, "deletion", "seq")
_ENDS = union_all(
    select(func.max(_history.seq).label("seq")), select(func.max(_gone.seq)), select(func.max(schema.item_rows.c.seq))
).subquery()
_LAST = select(func.max(_ENDS.c.seq))
_UP_TO = _SINCE.where(_history.seq <= bindparam("position"))
_GONE = (
    GONE.select.where(_gone.seq > bindparam("seq"), _gone.seq <= bindparam("position"))
    .order_by(_gone.seq)
    .limit(bindparam("limit"))
)
_known = schema.item_rows.c
ITEM_ROWS = select(_known.seq, _known.dataset, _known.item, _known.store, type_coerce(_known.known, Text))
ITEMS_BETWEEN = (
    ITEM_ROWS.where(_known.seq > bindparam("seq"), _known.seq <= bindparam("position"))
    .order_by(_known.seq)
    .limit(bindparam("limit"))
)
_ALIKE = (
    select(_history.subject, _history.item, _history.at, _history.value, _history.seq, _sources.endpoint)
    .select_from(_TOLD_AT)
    .where(tuple_(_history.subject, _history.item).in_(bindparam("pairs", expanding=True)))
)
_OF_FILES, _TOLD = _ALIKE.where(_history.row.is_not(None)), _ALIKE.where(_history.row.is_(None))
_ANY_TOLD = select(_history.seq).where(_history.row.is_(None)).limit(1)
_HAS_ROWS = exists().where(_history.subject == _subjects.id)
_FILL, _CLAIM = (
    update(schema.history)
    .where(_history.seq == bindparam("the_seq"))
    .values({name: bindparam(f"the_{name}") for name in names})
    for names in (("source", "row"), ("source", "row", "key"))
)
LOAD, LOAD_REMOTE = 5_000, 500
"""Rows in one transaction of a load: the scorers' commits with events come in between, and each row takes a server longer."""
Name = tuple[str, ...]
Place = tuple[int, str]
"""The seq of a row, and where it was told."""


def ids(tx: Connection, table: Table, names: Iterable[Name]) -> dict[Name, int]:
    """The numbers of those names that have one in this dictionary."""
    wanted, columns = set(names), [*table.c][1:]
    firsts, found = sorted({name[0] for name in wanted}), dict[Name, int]()
    query = select(*table.c).where(columns[0].in_(bindparam("firsts", expanding=True)))
    for start in range(0, len(firsts), CHUNK):
        found.update((tuple(row[1:]), row[0]) for row in tx.execute(query, {"firsts": firsts[start : start + CHUNK]}))
    return {name: found[name] for name in wanted if name in found}


def numbered(tx: Connection, table: Table, names: Iterable[Name]) -> dict[Name, int]:
    """As `ids`; who had none has one now."""
    every = dict.fromkeys(names)
    found = ids(tx, table, every)
    if new := [name for name in every if name not in found]:
        first = int(tx.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()) + 1
        found |= {name: first + n for n, name in enumerate(new)}
        columns = [column.name for column in table.c]
        tx.execute(insert(table), [dict(zip(columns, (found[name], *name), strict=True)) for name in new])
    return found


def present(tx: Connection, keys: Sequence[str]) -> dict[tuple[str, str], Place]:
    """Which of the keys are there, each with its dataset."""
    found: dict[tuple[str, str], Place] = {}
    for start in range(0, len(keys), CHUNK):
        rows = tx.execute(_PRESENT, {"keys": keys[start : start + CHUNK]})
        found.update(((row[0], row[1]), (int(row[2]), row[3])) for row in rows)
    return found


def last_seq(tx: Connection) -> int:
    """The last number that was given, to an event or to a deletion."""
    return int(tx.execute(_LAST).scalar() or 0)


def take_out(tx: Connection, those: ColumnElement[bool], mark: str = "") -> int:
    """Delete rows, and write down for each of their datasets that some of this subject (of any: "") are gone. How many they were."""
    datasets = tx.scalars(select(_online.dataset).where(those).distinct()).all()
    seq = last_seq(tx)  # before they go: a number is never given twice
    if datasets:
        told = (Gone(seq + n, mark, dataset) for n, dataset in enumerate(sorted(datasets), 1))
        tx.execute(insert(schema.gone), [GONE.row(one) for one in told])
    found = _history.seq.in_(select(_online.seq).where(those))
    who = tx.scalars(select(_history.subject).where(found).distinct()).all()
    rows = tx.execute(delete(schema.history).where(found)).rowcount
    for start in range(0, len(who), CHUNK):
        tx.execute(delete(schema.subjects).where(_subjects.id.in_(who[start : start + CHUNK]), ~_HAS_ROWS))
    if not mark:  # what was read wrongly may have brought items that are none
        tx.execute(delete(schema.items).where(_items.id.not_in(select(_history.item))))
    return rows


def alike(tx: Connection, query: Select[Any], events: Sequence[OnlineEvent]) -> Mapping[tuple[Any, ...], list[Place]]:
    """The rows of the query that may be one of these events: by what happened, the latest first."""
    subjects = ids(tx, schema.subjects, ((event.subject, event.dataset) for event in events))
    items = ids(tx, schema.items, ((event.item, event.dataset) for event in events))
    names = {id: name for name, id in subjects.items()}, {id: name for name, id in items.items()}
    both = ((subjects.get((e.subject, e.dataset)), items.get((e.item, e.dataset))) for e in events)
    pairs = [*dict.fromkeys(pair for pair in both if None not in pair)]
    found: dict[tuple[Any, ...], list[Place]] = {}
    for start in range(0, len(pairs), CHUNK):
        for subject, item, at, value, *place in tx.execute(query, {"pairs": pairs[start : start + CHUNK]}):
            (who, dataset), (what, _) = names[0][subject], names[1][item]
            found.setdefault((dataset, who, what, at, value), []).append((int(place[0]), place[1]))
    return {what: sorted(places, reverse=True) for what, places in found.items()}


def what_of(event: OnlineEvent) -> tuple[Any, ...]:
    """What happened, whoever tells of it, as `alike` has it."""
    return event.dataset, event.subject, event.item, event.at, event.value


def number(
    tx: Connection, events: Sequence[OnlineEvent], known: Set[tuple[str, str]] | None = None
) -> tuple[list[int], list[OnlineEvent]]:
    """For each event the seq it gets (0 when it is there already), and the new ones with their seq. ``known``: see `present`.

    The writer is alone, so numbers grow in the order of commits.
    """
    known = {*(present(tx, [event.key for event in events]) if known is None else known)}
    told = [event for event in events if event.file is None and (event.key, event.dataset) not in known]
    filed = alike(tx, _OF_FILES, told) if told else {}
    seq = last_seq(tx)
    given: list[int] = []
    fresh: list[OnlineEvent] = []
    for event in events:
        name = event.key, event.dataset
        if name in known or (event.file is None and what_of(event) in filed):
            given.append(0)
            continue
        known.add(name)
        seq += 1
        given.append(seq)
        fresh.append(replace(event, seq=seq))
    return given, fresh


def write(tx: Connection, fresh: Sequence[OnlineEvent]) -> None:
    """Insert events that have their number."""
    subjects = numbered(tx, schema.subjects, ((event.subject, event.dataset) for event in fresh))
    items = numbered(tx, schema.items, ((event.item, event.dataset) for event in fresh))
    sources = numbered(tx, schema.sources, map(_source, fresh))
    rows = [
        {
            "seq": event.seq,
            "key": event.key,
            "subject": subjects[event.subject, event.dataset],
            "item": items[event.item, event.dataset],
            "at": event.at,
            "value": event.value,
            "source": sources[_source(event)],
            "row": event.row,
        }
        for event in fresh
    ]
    tx.execute(insert(schema.history), rows)


def _source(event: OnlineEvent) -> Name:
    return event.file or "", event.ingest or "", event.endpoint


@dataclass(frozen=True, slots=True)
class Feed:
    """What became of the histories and of items after a position, up to another: rows, plain as of `Online.rows_since`, what went,
    and what is known of items, plain as of `Items.standing`."""

    rows: Sequence[Sequence[Any]]
    gone: Sequence[Gone]
    position: int
    items: Sequence[Sequence[Any]] = ()


class Online(Records[OnlineEvent]):
    """Every row of every subject's history, in order of knowledge."""

    def feed(self, after: int, limit: int = 200_000, items: int | None = None) -> Feed:
        """What came and went after this position, oldest first, at most ``limit`` of each, of items ``items``; ask again from the position reached.

        Nothing is ever committed at or below that position later. One before ``after``: the store was put back to an
        older state, and what is held of it holds no longer.
        """
        position = self.last_seq()
        if position <= after:
            return Feed((), (), position)
        given = {"seq": after, "position": position, "limit": limit}
        rows = self._db.rows(_UP_TO, given=given)
        gone = GONE.records(self._db.rows(_GONE, given=given))
        most = items or limit
        known = self._db.rows(ITEMS_BETWEEN, given={**given, "limit": most})
        ends = (*rows[limit - 1 :], *known[most - 1 :])
        position = min([position, *(row[0] for row in ends), *(one.seq for one in gone[limit - 1 :])])
        came, changed = ([row for row in found if row[0] <= position] for found in (rows, known))
        return Feed(came, [one for one in gone if one.seq <= position], position, changed)

    def rows_since(self, seq: int, limit: int = 200_000) -> Sequence[Sequence[Any]]:
        """Plain (seq, subject, item, at, value, dataset) after this one."""
        return self._db.rows(_SINCE, given={"seq": seq, "limit": limit})

    def rows_of(self, subjects: Iterable[str]) -> Sequence[Sequence[Any]]:
        """Of several subjects together, plain as in `rows_since`."""
        found = self._db.rows_among(_ROWS_OF, "subjects", sorted(set(subjects)))
        return sorted(found, key=lambda row: int(row[0]))

    def rows_of_one(self, dataset: str, subject: str) -> Sequence[Sequence[Any]]:
        """Of one subject of a dataset, plain as in `rows_since`."""
        found = self._db.rows(_ROWS_OF_ONE, given={"subject": subject, "dataset": dataset})
        return sorted(found, key=lambda row: int(row[0]))

    def sold(self, dataset: str, items: Iterable[str]) -> set[str]:
        """Those of these items that a row of the dataset has."""
        return {str(row[0]) for row in self._db.rows_among(_SOLD, "items", items, {"dataset": dataset})}

    def of_all(self, subjects: Iterable[str], dataset: str) -> Sequence[OnlineEvent]:
        """Of several subjects together."""
        rows = self._db.rows_among(_OF_ALL, "subjects", sorted(set(subjects)), {"dataset": dataset})
        return sorted(ONLINE.records(rows), key=lambda event: event.seq)

    def load(self, rows: Iterable[OnlineEvent], tx: Tx = None) -> int:
        """From the dataset (seq is given by the store). A key that is there already only gets file, row, ingest; and so does
        an event that was told under another key, which then has the file's. Returns how many are new. Outside a
        transaction it commits in pieces: the scorer's commits come between."""
        source, new = iter(rows), 0
        while chunk := list(islice(source, LOAD_REMOTE if self._db.remote else LOAD)):
            new += self._db.write(lambda tx, chunk=chunk: _load(tx, chunk), tx)  # type: ignore[misc]
        return new

    def correct(self, dataset: str, keys: Iterable[str], rows: Iterable[OnlineEvent], tx: Tx = None) -> int:
        """As `load`, of all events of these keys: one that says something else than its row now, or that is none any more, goes, and comes
        anew; whoever holds its subject hears of it. How many went."""
        now, names = {(row.key, row.dataset): row for row in rows}, [*keys]

        def work(tx: Connection) -> int:
            places = [place for (_, of), (place, _) in present(tx, names).items() if of == dataset]
            there = ONLINE.records(tx.execute(ONLINE.select.where(_online.seq.in_(places))))
            gone = [
                one for one in there if (row := now.get((one.key, dataset))) is None or what_of(row) != what_of(one)
            ]
            for one in gone:
                take_out(tx, _online.seq == one.seq, mark_of(one.subject))
            _load(tx, [*now.values()])
            return len(gone)

        return self._db.write(work, tx)

    def unload(self, ingests: Iterable[str], tx: Tx = None) -> None:
        """Take out the rows that these ingests brought: they are to be loaded anew, before anybody has seen them."""
        names = list(ingests)
        for start in range(0, len(names), CHUNK):
            some = _online.ingest.in_(names[start : start + CHUNK])
            self._db.write(lambda tx, some=some: take_out(tx, some), tx)  # type: ignore[misc]

    def last_seq(self) -> int:
        """The position of the feed: the last number that was given, to an event or to a deletion."""
        return int(self._db.value(_LAST) or 0)


class HistoryRows(SubjectRows):
    """A subject's rows of the histories: whoever holds them in memory hears that they went."""

    def erase(self, subject: str, tx: Connection | None = None) -> int:
        return self._db.write(lambda tx: take_out(tx, _online.subject == subject, mark_of(subject)), tx)


def _load(tx: Connection, events: Sequence[OnlineEvent]) -> int:
    rows = {(event.key, event.dataset): event for event in events if event.file is not None}
    known = present(tx, [event.key for event in events])
    _bring(tx, _FILL, [(row, known[name]) for name, row in rows.items() if name in known])
    claimed = _claim(tx, [row for name, row in rows.items() if name not in known])
    _, fresh = number(tx, events, known.keys() | claimed)
    if fresh:
        write(tx, fresh)
    return len(fresh)


def _claim(tx: Connection, rows: Sequence[OnlineEvent]) -> set[tuple[str, str]]:
    """Give each event that was told under another key to the row that brings it: one row, one event. The names of these rows."""
    if not rows or tx.execute(_ANY_TOLD).first() is None:
        return set()
    told = alike(tx, _TOLD, rows)
    claims = [(row, places.pop()) for row in rows if (places := told.get(what_of(row)))]
    _bring(tx, _CLAIM, claims)
    return {(row.key, row.dataset) for row, _ in claims}


def _bring(tx: Connection, change: Update, rows: Sequence[tuple[OnlineEvent, Place]]) -> None:
    """These rows are what stands at these places: it has their file now."""
    if not rows:
        return
    told = [(replace(row, endpoint=endpoint), seq) for row, (seq, endpoint) in rows]
    sources = numbered(tx, schema.sources, (_source(row) for row, _ in told))
    said = [
        {"the_seq": seq, "the_source": sources[_source(row)], "the_row": row.row, "the_key": row.key}
        for row, seq in told
    ]
    tx.execute(change, said)
