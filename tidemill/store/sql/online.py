"""Online events: every row of every subject's history, in order of knowledge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from tidemill.store.records import OnlineEvent, Tx
from tidemill.store.sql import schema
from tidemill.store.sql.database import CHUNK
from tidemill.store.sql.nouns import Records
from tidemill.store.sql.rows import Rows

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
_SINCE = _PLAIN.where(_online.seq > bindparam("seq")).order_by(_online.seq).limit(bindparam("limit"))
_PRESENT = select(_online.key, _online.dataset).where(_online.key.in_(bindparam("keys", expanding=True)))
_LAST = select(func.max(_online.seq))
LOAD = 5_000  # rows in one transaction of a load: the scorer's commits come in between


def present(tx: Connection, keys: Sequence[str]) -> set[tuple[str, str]]:
    """Which of the keys are there, each with its dataset."""
    found: set[tuple[str, str]] = set()
    for start in range(0, len(keys), CHUNK):
        found.update((row[0], row[1]) for row in tx.execute(_PRESENT, {"keys": keys[start : start + CHUNK]}))
    return found


def last_seq(tx: Connection) -> int:
    return int(tx.execute(_LAST).scalar() or 0)


def number(tx: Connection, events: Sequence[OnlineEvent]) -> tuple[list[int], list[OnlineEvent]]:
    """For each event the seq it gets (0 when its key is there already), and the new ones with their seq.

    The writer holds the write lock, so seq grows in order of commit: who has read up to n has missed nothing below.
    """
    known = present(tx, [event.key for event in events])
    seq = last_seq(tx)
    given: list[int] = []
    fresh: list[OnlineEvent] = []
    for event in events:
        name = event.key, event.dataset
        if name in known:
            given.append(0)
            continue
        known.add(name)
        seq += 1
        given.append(seq)
        fresh.append(replace(event, seq=seq))
    return given, fresh


class Online(Records[OnlineEvent]):
    """Every row of every subject's history, in order of knowledge."""

    def rows_since(self, seq: int, limit: int = 200_000) -> Sequence[Sequence[Any]]:
        """Plain (seq, subject, item, at, value, dataset) after this one: what a server reads all of when it starts."""
        return self._db.rows(_SINCE, given={"seq": seq, "limit": limit})

    def rows_of(self, subjects: Iterable[str]) -> Sequence[Sequence[Any]]:
        """Of several subjects together, plain as in `rows_since`."""
        found = self._db.rows_among(_ROWS_OF, "subjects", sorted(set(subjects)))
        return sorted(found, key=lambda row: int(row[0]))

    def of_all(self, subjects: Iterable[str], dataset: str) -> Sequence[OnlineEvent]:
        """Of several subjects together."""
        rows = self._db.rows_among(_OF_ALL, "subjects", sorted(set(subjects)), {"dataset": dataset})
        return sorted(ONLINE.records(rows), key=lambda event: event.seq)

    def load(self, rows: Iterable[OnlineEvent], tx: Tx = None) -> int:
        """From the dataset (seq is given by the store). A key that is there already only gets file, row, ingest.
        Returns how many are new. Outside a transaction it commits in pieces: the scorer's commits come between."""
        source, new = iter(rows), 0
        while chunk := list(islice(source, LOAD)):
            new += self._db.write(lambda tx, chunk=chunk: _load(tx, chunk), tx)  # type: ignore[misc]
        return new

    def unload(self, ingests: Iterable[str], tx: Tx = None) -> None:
        """Take out the rows that these ingests brought: they are to be loaded anew, before anybody has seen them."""
        names = list(ingests)
        for start in range(0, len(names), CHUNK):
            some = delete(schema.online).where(_online.ingest.in_(names[start : start + CHUNK]))
            self._db.write(lambda tx, some=some: tx.execute(some), tx)  # type: ignore[misc]

    def last_seq(self) -> int:
        return int(self._db.value(_LAST) or 0)


def _load(tx: Connection, events: Sequence[OnlineEvent]) -> int:
    given, fresh = number(tx, events)
    there = [
        {
            "the_key": event.key,
            "the_dataset": event.dataset,
            "the_file": event.file,
            "the_row": event.row,
            "the_ingest": event.ingest,
        }
        for event, seq in zip(events, given, strict=True)
        if not seq
    ]
    if fresh:
        tx.execute(insert(schema.online), [ONLINE.row(event) for event in fresh])
    if there:
        tx.execute(_FILL, there)
    return len(fresh)
