"""Every prediction, whether it has a row or stands in the log of a batch's partition: one face for both.

`Logged.fetch` gives the arrays of an artifact; without it the rows alone are there.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import merge
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Unpack, overload

from sqlalchemy import bindparam, delete, select

from tidemill.errors import Damaged
from tidemill.store.batched import KIND, place_of
from tidemill.store.records import BatchPart, Prediction, Tx
from tidemill.store.sql import schema
from tidemill.store.sql.database import Database
from tidemill.store.sql.nouns import Named, Where, earlier
from tidemill.store.sql.predictions import PREDICTIONS, Asked, Given, Predictions, Reach
from tidemill.store.sql.rows import Rows
from tidemill.types import Micros

if TYPE_CHECKING:
    from tidemill.store.partlog import Arrays, Opened, PartLog

PARTS = Rows(BatchPart, schema.batch_parts, "partition of a batch", "at", "name", called="name", moment="at")
_part = schema.batch_parts.c
_NAMED = PARTS.select.where(_part.name.in_(bindparam("names", expanding=True)))
_OLD = _part.at < bindparam("before")
_GONE = delete(schema.batch_parts).where(_OLD)
_ANY = select(_part.name).limit(1)
OPEN = 4
"""Partitions whose arrays are held: those looked at last."""
FRESH = 1.0
"""Seconds for which it is believed of a store on a server that there is no batch at all: each list would ask else."""
WATCHED = 50_000
"""Answers of batches that a window's figures are made of, at most."""
_OF_PARTS = ("endpoint", "environment", "since", "until")


class BatchParts(Named[BatchPart]):
    """The partitions of batches that are answered."""

    def named_in(self, ids: Iterable[str]) -> dict[str, BatchPart]:
        """By name, those that rows of these ids would be of."""
        names = {place[0] for id in ids if (place := place_of(id)) is not None}
        return {part.name: part for part in PARTS.records(self._db.rows_among(_NAMED, "names", sorted(names)))}


@dataclass(frozen=True)
class Several(Sequence[Prediction]):
    """Predictions of several places one after the other, each looked at when it is asked for."""

    pieces: tuple[Sequence[Prediction], ...]

    def __len__(self) -> int:
        return sum(map(len, self.pieces))

    def __iter__(self) -> Iterator[Prediction]:
        return chain.from_iterable(self.pieces)

    @overload
    def __getitem__(self, at: int) -> Prediction: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Prediction]: ...
    def __getitem__(self, at: int | slice) -> Prediction | Sequence[Prediction]:
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(len(self)))]
        place = at + len(self) if at < 0 else at
        for piece in self.pieces:
            if place < len(piece):
                return piece[place]
            place -= len(piece)
        raise IndexError(at)


class Logged(Predictions):
    """Predictions by rows and by partitions; its promises are those of `Named`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, PREDICTIONS)
        self.parts = BatchParts(database, PARTS, alone=False)
        self.fetch: Callable[[str], Arrays] | None = None
        self._open: OrderedDict[tuple[str, Micros, str], Opened] = OrderedDict()
        self._none = -1

    # one of them ------------------------------------------------------------------------------------------------------

    def look_up(self, *key: str | int, tx: Tx = None) -> Prediction | None:
        found = super().look_up(*key, tx=tx)
        return found if found is not None else self._of(str(key[0]))

    def find(self, ids: Iterable[str]) -> dict[str, Prediction]:
        wanted = list(ids)
        found = super().find(wanted)
        others = [id for id in wanted if id not in found] if self._any() else []
        parts = self.parts.named_in(others) if others else {}
        for id in sorted(others):
            place = place_of(id)
            if place is not None and place[0] in parts:
                one = self.log_of(parts[place[0]]).at_row(place[1])
                found |= {id: one} if one is not None else {}
        return found

    def endpoints(self, ids: Iterable[str]) -> dict[str, str]:
        """By id, of those that are kept: of which endpoint they are. No log is opened."""
        wanted = list(ids)
        found = {id: one.endpoint for id, one in super().find(wanted).items()}
        others = [id for id in wanted if id not in found] if self._any() else []
        parts = self.parts.named_in(others) if others else {}
        places = {id: place for id in others if (place := place_of(id)) is not None and place[0] in parts}
        return found | {id: parts[name].endpoint for id, (name, row) in places.items() if row < parts[name].rows}

    def _of(self, id: str) -> Prediction | None:
        place = place_of(id)
        part = self.parts.look_up(place[0]) if place is not None and self.fetch is not None else None
        return None if part is None or place is None else self.log_of(part).at_row(place[1])

    def log_of(self, part: BatchPart) -> PartLog:
        """The answers of a partition. Looking at one raises Damaged, NotFound where its bytes are not there any more."""
        from tidemill.store.partlog import PartLog  # most projects have no batch, and most processes no arrays

        return PartLog(part, self._opened)

    def _opened(self, part: BatchPart) -> Opened:
        """Any thread may ask. One that was dropped and answered again has another log, and another moment."""
        held = part.name, part.at, part.log
        found = self._open.pop(held, None)
        if found is None:
            from tidemill.store.partlog import Opened

            assert self.fetch is not None
            found = Opened(part, self.fetch(part.log))
        self._open[held] = found
        while len(self._open) > OPEN:
            self._open.popitem(last=False)
        return found

    # many of them -----------------------------------------------------------------------------------------------------

    def list(self, *, limit: int | None = None, tx: Tx = None, **where: Unpack[Where]) -> Sequence[Prediction]:
        rows = super().list(limit=limit, tx=tx, **where)
        if limit is None:
            return Several(tuple(_in_order(rows, logs))) if (logs := self._among(where)) else rows
        late = [*islice((log[at] for log in self._latest(where) for at in range(len(log) - 1, -1, -1)), limit)]
        return sorted([*rows, *late], key=_moment)[-limit:] if late else rows

    def latest(self, asked: Iterable[Reach], *, endpoint: str, environment: str) -> dict[Reach, str]:
        """The id of the last answer within each of these reaches, where there is one. A partition is opened once, whoever is asked about."""
        wanted, ask = set(asked), partial(super().list, limit=1, endpoint=endpoint, environment=environment)
        found = {one: _moment(last) for one in wanted for last in ask(**one._asdict())}
        for part in self._reached(wanted, endpoint, environment):
            log = self.log_of(part)
            for one in wanted:
                if one.since <= part.at < one.until and (theirs := log.of(one.subject)):
                    found[one] = max(found.get(one, (0, "")), _moment(theirs[-1]))
        return {one: id for one, (_, id) in found.items()}

    def _reached(self, asked: Collection[Reach], endpoint: str, environment: str) -> Sequence[BatchPart]:
        if not asked or not self._any():
            return ()
        since, until = min(one.since for one in asked), max(one.until for one in asked)
        return self.parts.list(endpoint=endpoint, environment=environment, since=since, until=until)

    def watched(self, **where: Unpack[Where]) -> Sequence[Prediction]:
        """As `list`, of batches `WATCHED` evenly at most: what a window's figures are made of."""
        rows = super().list(**where)
        logs = _thinned(self._among(where))
        return Several(tuple(_in_order(rows, logs))) if logs else rows

    def unwatched(self, release: str, **where: Unpack[Where]) -> int:
        """How many answers of this release `watched` leaves out."""
        parts = [log.part for log in self._among(where)]
        step = _step(sum(part.answered for part in parts))
        return sum(one["n"] - -(-one["n"] // step) for part in parts for one in part.by if one["release"] == release)

    def page(self, *, before: str | int | None = None, limit: int = 50, **where: Unpack[Where]) -> Sequence[Prediction]:
        if not self._any():
            return super().page(before=before, limit=limit, **where)
        last = None if before is None else _moment(self.get(str(before)))
        given = {name: value for name, value in where.items() if value is not None}
        query = PREDICTIONS.narrowed(given).order_by(*(column.desc() for column in PREDICTIONS.newest)).limit(limit)
        if last is not None:
            query = query.where(PREDICTIONS.newest[0] <= last[0], earlier(PREDICTIONS.newest, last))
        rows = PREDICTIONS.records(self._db.rows(query, given=given))
        late = [*islice((one for log in self._latest(where) for one in _back(log, last)), limit)]
        return sorted([*rows, *late], key=_moment, reverse=True)[:limit]

    def asked(
        self, *, endpoint: str, environment: str, since: Micros, until: Micros, at_once: int = 20_000
    ) -> Iterator[Asked]:
        where: Where = {"endpoint": endpoint, "environment": environment, "since": since, "until": until}
        rows = super().asked(endpoint=endpoint, environment=environment, since=since, until=until, at_once=at_once)
        logs = _thinned(self._among(where))
        if not logs:
            return rows
        of_logs = (Asked(p.at, p.id, p.model, p.inputs, p.output, p.subject, p.watermark) for log in logs for p in log)
        return merge(rows, of_logs, key=lambda one: (one.at, one.id))

    def answers_of(
        self, release: str, *, endpoint: str, environment: str, since: Micros, until: Micros, at_once: int = 20_000
    ) -> Iterator[Given]:
        where: Where = {"endpoint": endpoint, "environment": environment, "since": since, "until": until}
        rows = super().answers_of(
            release, endpoint=endpoint, environment=environment, since=since, until=until, at_once=at_once
        )
        logs = [log for log in self._among(where) if any(one["release"] == release for one in log.part.by)]
        if not logs:
            return rows
        of_logs = (Given(p.at, p.id, p.subject) for log in logs for p in log if p.release == release)
        return merge(rows, of_logs)

    def spread(
        self, most: int, *, endpoint: str, environment: str, since: Micros, until: Micros
    ) -> tuple[Sequence[Prediction], int]:
        where: Where = {"endpoint": endpoint, "environment": environment, "since": since, "until": until}
        ask = partial(super().spread, endpoint=endpoint, environment=environment, since=since, until=until)
        logs = self._among(where)
        if not logs:
            return ask(most)
        batched = sum(map(len, logs))
        _, rows = ask(1)
        total = rows + batched
        some = ask(max(1, most * rows // total))[0] if rows else []
        step = max(1, -(-total // most))
        return sorted([*some, *(one for log in logs for one in log[step - 1 :: step])], key=_moment), total

    def _among(self, where: Where) -> Sequence[PartLog]:
        """The logs with answers of these, oldest first."""
        return [*self._latest(where)][::-1]

    def _latest(self, where: Where) -> Iterator[PartLog]:
        """The same, the latest first, each opened when its turn comes."""
        if not self._any():
            return
        of_parts: Any = {name: where.get(name) for name in _OF_PARTS if where.get(name) is not None}
        others = {n: v for n, v in where.items() if n not in (*_OF_PARTS, "subject") and v is not None}
        subject = where.get("subject")
        for part in self.parts.list(**of_parts)[::-1]:
            log = self.log_of(part)
            log = log if subject is None else log.of(subject)
            if len(log := log.having(others)):
                yield log

    # how many ---------------------------------------------------------------------------------------------------------

    def by_model(self) -> dict[str, int]:
        found = dict(super().by_model())
        for one in (one for part in self._all() for one in part.by):
            found[one["model"]] = found.get(one["model"], 0) + one["n"]
        return found

    def count(self, endpoint: str | None = None) -> int:
        here = [part.answered for part in self._all() if endpoint in (None, part.endpoint)]
        return super().count(endpoint) + sum(here)

    def given_by(self, release: str, most: int, *, endpoint: str, environment: str, since: Micros) -> int:
        found = super().given_by(release, most, endpoint=endpoint, environment=environment, since=since)
        parts = self.parts.list(endpoint=endpoint, environment=environment, since=since) if self._any() else ()
        batched: int = sum(one["n"] for part in parts for one in part.by if one["release"] == release)
        return min(most, found + batched)

    def drop(self, before: Micros, most: int) -> int:
        """As of rows; of batches whole partitions, whose bytes are garbage then."""
        found = super().drop(before, most)
        if found or not self._any():
            return found
        old: int = sum(part.answered for part in self.parts.list(until=before))
        if old or self._db.first(select(_part.name).where(_OLD).limit(1), given={"before": before}) is not None:
            self._db.write(lambda tx: tx.execute(_GONE, {"before": before}) and None, alone=False)
        return old

    def _all(self) -> Sequence[BatchPart]:
        return self.parts.list() if self._any() else ()

    def _any(self) -> bool:
        """Whether there is any batch: looked for again when somebody has written; on a server, where that is a query, after a moment."""
        if self.fetch is None or self._none == (seen := self._seen()):
            return False
        if self._db.first(_ANY) is None:
            self._none = seen
            return False
        return True

    def _seen(self) -> int:
        if self._db.remote:
            return int(time.monotonic() / FRESH)
        try:
            return self._db.version()
        except Damaged:  # what is open is still read: that the file is gone is told by whoever looks for it
            return 0

    def begun(self) -> None:
        """There is a batch now."""
        self._none = -1


def _thinned(logs: Sequence[PartLog]) -> list[PartLog]:
    step = _step(sum(map(len, logs)))
    return [log[::step] for log in logs] if step > 1 else list(logs)


def _step(n: int) -> int:
    """Of so many answers of batches each such one is watched."""
    return max(1, -(-n // WATCHED))


def _moment(one: Prediction) -> tuple[Micros, str]:
    return one.at, one.id


def _in_order(rows: Sequence[Prediction], logs: Sequence[PartLog]) -> Iterator[Sequence[Prediction]]:
    """Rows and whole logs by their moments: all answers of a partition are of one."""
    done = 0
    for log in logs:
        upto = next((n for n in range(done, len(rows)) if rows[n].at > log.part.at), len(rows))
        yield rows[done:upto]
        yield log
        done = upto
    yield rows[done:]


def _back(log: PartLog, last: tuple[Micros, str] | None) -> Iterator[Prediction]:
    """The answers of a log before this one, the newest first. A log is opened only where there are some."""
    newest, named = range(len(log) - 1, -1, -1), (log.part.at, KIND + log.part.name)
    if last is None or named < (last[0], last[1][: len(named[1])]):
        return (log[at] for at in newest)
    if named > (last[0], last[1][: len(named[1])]):
        return iter(())
    return (one for at in newest if (one := log[at]).id < last[1])
