"""The ledger as rows: what a transaction has done is appended at its end, under a lock that is held until its commit and no longer.

The lock is the row of a counter. Whoever writes waits for it last of all, so that no transaction, however long it takes, keeps
another's act waiting, and two never wait for each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlalchemy import Connection, bindparam, insert, select, update

from tidemill.store.chain import (
    GENESIS,
    NOTHING,
    SOMEBODY,
    LedgerHead,
    LedgerRecord,
    all_of,
    commitment,
    details,
    link,
    shown,
)
from tidemill.store.records import Event, Tx
from tidemill.store.sql import acts, schema
from tidemill.store.sql.acts import Act, Actor
from tidemill.store.sql.nouns import Records
from tidemill.store.sql.rows import Rows, insert_new
from tidemill.types import Micros

LEDGER = Rows(LedgerRecord, schema.ledger, "ledger record", "seq", moment="at", called="seq")
HEADS = Rows(LedgerHead, schema.ledger_heads, "ledger head", "size", moment="at", called="size")
ACTS = Rows(Event, schema.acts, "act", "at", "id", moment="at")
LOCK = "ledger"
PROGRAMS = ("", "loop", "the loop")
"""Names by which the program itself does something."""
_counter, _event = schema.counters.c, schema.events.c
_TAKE = (
    update(schema.counters)
    .where(_counter.name == LOCK)
    .values(value=_counter.value + bindparam("more"))
    .returning(_counter.value)
)
_LAST = select(schema.ledger.c.hash).order_by(schema.ledger.c.seq.desc()).limit(1)
_PRINCIPAL = select(schema.principals.c.id).where(schema.principals.c.name == bindparam("called"))
_BEFORE = (
    select(_event.id, _event.at, _event.kind, _event.subject, _event.data, _event.principal)
    .where(_event.nonce == "")
    .order_by(_event.at, _event.seq)
)
_GIVE_NONCE = update(schema.events).where(_event.id == bindparam("the_id")).values(nonce=bindparam("the_nonce"))


_KEPT = tuple(
    select(table.c.nonce, table.c.id, table.c.at, table.c.kind, table.c.subject, table.c.data, table.c.principal).where(
        table.c.id.in_(bindparam("ids", expanding=True))
    )
    for table in (schema.events, schema.acts)
)
_BEHIND = LEDGER.select.where(schema.ledger.c.seq > bindparam("after")).order_by(schema.ledger.c.seq)
_HASHES = (
    select(schema.ledger.c.seq, schema.ledger.c.hash)
    .where(schema.ledger.c.seq > bindparam("after"))
    .order_by(schema.ledger.c.seq)
)
_TWICE = select(schema.acts.c.id).where(select(_event.id).where(_event.id == schema.acts.c.id).exists())
_SUBJECTS = select(schema.ledger.c.subject).where(schema.ledger.c.subject != "").distinct()
_BEFORE_FIRST = select(schema.ledger.c.seq).where(schema.ledger.c.seq < 1)
PART = 2_000
"""Records that are read at a time."""


class Ledger(Records[LedgerRecord]):
    """Written by `append` alone, and read from its beginning on."""

    def last(self, tx: Tx = None) -> LedgerRecord | None:
        return self.first(tx=tx)

    def behind(self, seq: int, limit: int = PART) -> Sequence[LedgerRecord]:
        """Those after this one, oldest first: the next part costs the same at a million."""
        return LEDGER.records(self._db.rows(_BEHIND.limit(limit), given={"after": seq}))

    def hashes(self, after: int = 0, upto: int | None = None) -> Iterator[bytes]:
        """Of the records behind this one, part by part."""
        while rows := self._db.rows(_HASHES.limit(PART), given={"after": after}):
            for seq, found in rows:
                if upto is not None and seq > upto:
                    return
                yield bytes.fromhex(found)
            after = rows[-1][0]

    def kept(self, events: Sequence[str]) -> dict[str, tuple[str, Event]]:
        """The details of the records that name these events, each with its nonce; those that were erased are not there."""
        rows = [row for query in _KEPT for row in self._db.rows_among(query, "ids", events)]
        return {row[1]: (row[0], Event(*row[1:])) for row in rows}

    def subjects(self) -> Iterator[str]:
        """What acts were done to, each once."""
        yield from (row[0] for row in self._db.rows(_SUBJECTS))

    def written(self) -> int:
        """How many records there have ever been, as the counter says by whose row they are ordered."""
        return int(self._db.value(select(_counter.value).where(_counter.name == LOCK)) or 0)

    def unrecorded(self, limit: int) -> Sequence[str]:
        """Events, and details of acts, that no record names. In a store that has no ledger yet no nonce stands beside an event."""
        found: list[str] = []
        for table in (schema.events, schema.acts):
            naming = select(schema.ledger.c.seq).where(schema.ledger.c.event == table.c.id, schema.ledger.c.seq > 0)
            missing = select(table.c.id).where(~naming.exists()).limit(limit)
            found += [
                row[0] for row in self._db.rows(missing if self.written() else missing.where(table.c.nonce != ""))
            ]
        return found[:limit]

    def twice(self, limit: int) -> Sequence[str]:
        """Details that stand in both places, where one of them could say something else."""
        return [row[0] for row in self._db.rows(_TWICE.limit(limit))]

    def before_first(self, limit: int) -> Sequence[int]:
        """Numbers of records that no chain reaches: it begins with 1."""
        return [row[0] for row in self._db.rows(_BEFORE_FIRST.limit(limit))]


class EventRows(Rows[Event]):
    """Events, each with a nonce beside it, and a record of the ledger in the same transaction."""

    def add(self, tx: Connection, record: Event) -> bool:
        new = self._insert(tx, record)
        return new or super().add(tx, record)  # it is there: the same, or a conflict

    def add_once(self, tx: Connection, record: Event) -> bool:
        return self._insert(tx, record)

    def _insert(self, tx: Connection, record: Event) -> bool:
        nonce = acts.new_nonce()
        new = bool(tx.execute(insert_new(tx, self.table), {**self.row(record), "nonce": nonce}).rowcount)
        if new:
            acts.tell(tx, record, nonce)
        return new


def append(tx: Connection, left: Sequence[Act], now: Micros) -> None:
    """One record for each act, in their order; the first time of all, what was there before comes first."""
    quiet = [replace(act.event, at=now) for act in left if not act.told]
    if quiet:
        nonces = [act.nonce for act in left if not act.told]
        tx.execute(insert(schema.acts), [{**ACTS.row(e), "nonce": n} for e, n in zip(quiet, nonces, strict=True)])
    done = [act if act.told else act._replace(event=replace(act.event, at=now)) for act in left]
    last = tx.execute(_TAKE, {"more": len(done)}).scalar()
    if last is None:
        last = _first(tx, len(done), now)
    previous = tx.execute(_LAST).scalar() or NOTHING
    ids: dict[str, str] = {}
    made: list[LedgerRecord] = []
    for seq, act in enumerate(done, last - len(done) + 1):
        who = _principal(tx, act.actor, ids)
        said = commitment(act.nonce, details(act.event))
        made.append(link(seq, now, who, act.event.kind, shown(act.event.subject), act.event.id, said, previous))
        previous = made[-1].hash
    _write(tx, made)


def _first(tx: Connection, more: int, now: Micros) -> int:
    """The ledger begins, unless another process has begun it meanwhile: then what it wrote is committed now."""
    begun = tx.execute(insert_new(tx, schema.counters), {"name": LOCK, "value": 0}).rowcount
    if begun:
        before = _before(tx, now)
        tx.execute(_TAKE, {"more": len(before)})
        _write(tx, before)
    return int(tx.execute(_TAKE, {"more": more}).scalar_one())


def _before(tx: Connection, now: Micros) -> list[LedgerRecord]:
    """The first record, and one for each event that is older than the ledger."""
    events = [Event(*row) for row in tx.execute(_BEFORE)]
    nonces = [acts.new_nonce() for _ in events]
    if events:
        tx.execute(_GIVE_NONCE, [{"the_id": e.id, "the_nonce": n} for e, n in zip(events, nonces, strict=True)])
    said = [commitment(nonce, details(event)) for nonce, event in zip(nonces, events, strict=True)]
    made = [link(1, now, "", GENESIS, f"events:{len(events)}", "", all_of(said), NOTHING)]
    ids: dict[str, str] = {}
    for seq, (event, one) in enumerate(zip(events, said, strict=True), 2):
        who = _principal(tx, Actor(event.principal), ids)
        made.append(link(seq, now, who, event.kind, shown(event.subject), event.id, one, made[-1].hash))
    return made


def _principal(tx: Connection, actor: Actor, known: dict[str, str]) -> str:
    """The id; of a name that is nobody's account, that it was somebody."""
    if actor.id or actor.name in PROGRAMS:
        return actor.id
    if actor.name not in known:
        known[actor.name] = tx.execute(_PRINCIPAL, {"called": actor.name.lower()}).scalar() or SOMEBODY
    return known[actor.name]


def _write(tx: Connection, records: Sequence[LedgerRecord]) -> None:
    tx.execute(insert(schema.ledger), [LEDGER.row(record) for record in records])
