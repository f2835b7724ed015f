"""Online events: every row of every subject's history, in order of knowledge.

What was told and what a file brings is one event where both have one key. Programs that tell have keys of their own, too: so
an event that was told is also the row of a file with the same subject, item, moment and value, whichever comes first. Of
several such rows each stands for one that was told.

Whatever changes a history is numbered, in the order of commits: who has read up to n has missed nothing below (`Online.feed`).
Rows that are taken out leave a record with a number of its own, so that whoever holds them hears of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    delete,
    func,
    insert,
    select,
    tuple_,
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
_FILL = (
    update(schema.online)
    .where(_online.key == bindparam("the_key"), _online.dataset == bindparam("the_dataset"))
    .values(file=bindparam("the_file"), row=bindparam("the_row"), ingest=bindparam("the_ingest"))
)
_PLAIN = select(_online.seq, _online.subject, _online.item, _online.at, _online.value, _online.dataset)
_AMONG = _online.subject.in_(bindparam("subjects", expanding=True))
_OF_ALL = ONLINE.narrowed(["dataset"]).where(_AMONG)
_ROWS_OF = _PLAIN.where(_AMONG)
_ROWS_OF_ONE = _PLAIN.where(_online.subject == bindparam("subject"), _online.dataset == bindparam("dataset"))
_SOLD = (
    select(_online.item)
    .distinct()
    .where(_online.item.in_(bindparam("items", expanding=True)), _online.dataset == bindparam("dataset"))
)
_SINCE = _PLAIN.where(_online.seq > bindparam("seq")).order_by(_online.seq).limit(bindparam("limit"))
_PRESENT = select(_online.key, _online.dataset).where(_online.key.in_(bindparam("keys", expanding=True)))
_gone = schema.gone.c
GONE = Rows(Gone, schema.gone, "deletion", "seq")
_ENDS = union_all(select(func.max(_online.seq).label("seq")), select(func.max(_gone.seq))).subquery()
_LAST = select(func.max(_ENDS.c.seq))
_UP_TO = _SINCE.where(_online.seq <= bindparam("position"))
_GONE = (
    GONE.select.where(_gone.seq > bindparam("seq"), _gone.seq <= bindparam("position"))
    .order_by(_gone.seq)
    .limit(bindparam("limit"))
)
_ALIKE = select(_online.seq, _online.dataset, _online.subject, _online.item, _online.at, _online.value).where(
    tuple_(_online.subject, _online.at).in_(bindparam("moments", expanding=True))
)
_OF_FILES, _TOLD = _ALIKE.where(_online.file.is_not(None)), _ALIKE.where(_online.file.is_(None))
_ANY_TOLD = select(_online.seq).where(_online.file.is_(None)).limit(1)
_CLAIM = (
    update(schema.online)
    .where(_online.seq == bindparam("the_seq"))
    .values(
        key=bindparam("the_key"), file=bindparam("the_file"), row=bindparam("the_row"), ingest=bindparam("the_ingest")
    )
)
LOAD = 5_000  # rows in one transaction of a load: the scorer's commits come in between


def present(tx: Connection, keys: Sequence[str]) -> set[tuple[str, str]]:
    """Which of the keys are there, each with its dataset."""
    found: set[tuple[str, str]] = set()
    for start in range(0, len(keys), CHUNK):
        found.update((row[0], row[1]) for row in tx.execute(_PRESENT, {"keys": keys[start : start + CHUNK]}))
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
    return tx.execute(delete(schema.online).where(those)).rowcount


def alike(tx: Connection, query: Select[Any], events: Sequence[OnlineEvent]) -> Mapping[tuple[Any, ...], list[int]]:
    """The rows of the query that may be one of these events: by what happened, their seq, the latest first."""
    found: dict[tuple[Any, ...], list[int]] = {}
    moments = list({(event.subject, event.at): None for event in events})
    for start in range(0, len(moments), CHUNK):
        for seq, *what in tx.execute(query, {"moments": moments[start : start + CHUNK]}):
            found.setdefault(tuple(what), []).append(int(seq))
    return {what: sorted(seqs, reverse=True) for what, seqs in found.items()}


def what_of(event: OnlineEvent) -> tuple[Any, ...]:
    """What happened, whoever tells of it, as `alike` has it."""
    return event.dataset, event.subject, event.item, event.at, event.value


def number(
    tx: Connection, events: Sequence[OnlineEvent], known: set[tuple[str, str]] | None = None
) -> tuple[list[int], list[OnlineEvent]]:
    """For each event the seq it gets (0 when it is there already), and the new ones with their seq. ``known``: see `present`.

    The writer is alone, so numbers grow in the order of commits.
    """
    known = present(tx, [event.key for event in events]) if known is None else known
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


@dataclass(frozen=True, slots=True)
class Feed:
    """What became of the histories after a position, up to another: rows, plain as of `Online.rows_since`, and what went."""

    rows: Sequence[Sequence[Any]]
    gone: Sequence[Gone]
    position: int


class Online(Records[OnlineEvent]):
    """Every row of every subject's history, in order of knowledge."""

    def feed(self, after: int, limit: int = 200_000) -> Feed:
        """What came and went after this position, oldest first, at most ``limit`` of each; ask again from the position reached.

        Nothing is ever committed at or below that position later. One before ``after``: the store was put back to an
        older state, and what is held of it holds no longer.
        """
        position = self.last_seq()
        if position <= after:
            return Feed((), (), position)
        given = {"seq": after, "position": position, "limit": limit}
        rows = self._db.rows(_UP_TO, given=given)
        gone = GONE.records(self._db.rows(_GONE, given=given))
        position = min([position, *(row[0] for row in rows[limit - 1 :]), *(one.seq for one in gone[limit - 1 :])])
        return Feed([row for row in rows if row[0] <= position], [one for one in gone if one.seq <= position], position)

    def rows_since(self, seq: int, limit: int = 200_000) -> Sequence[Sequence[Any]]:
        """Plain (seq, subject, item, at, value, dataset) after this one: what a server reads all of when it starts."""
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
        while chunk := list(islice(source, LOAD)):
            new += self._db.write(lambda tx, chunk=chunk: _load(tx, chunk), tx)  # type: ignore[misc]
        return new

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
    if there := [_named(row) for name, row in rows.items() if name in known]:
        tx.execute(_FILL, there)
    claimed = _claim(tx, [row for name, row in rows.items() if name not in known])
    _, fresh = number(tx, events, known | claimed)
    if fresh:
        tx.execute(insert(schema.online), [ONLINE.row(event) for event in fresh])
    return len(fresh)


def _claim(tx: Connection, rows: Sequence[OnlineEvent]) -> set[tuple[str, str]]:
    """Give each event that was told under another key to the row that brings it: one row, one event. The names of these rows."""
    if not rows or tx.execute(_ANY_TOLD).first() is None:
        return set()
    told = alike(tx, _TOLD, rows)
    claims = [{**_named(row), "the_seq": seqs.pop()} for row in rows if (seqs := told.get(what_of(row)))]
    if claims:
        tx.execute(_CLAIM, claims)
    return {(claim["the_key"], claim["the_dataset"]) for claim in claims}


def _named(event: OnlineEvent) -> dict[str, Any]:
    names = ("key", "dataset", "file", "row", "ingest")
    return {f"the_{name}": getattr(event, name) for name in names}
