"""Revisions: a number that grows with every change of the releases, of the tokens, of the rules and of the limits on people's data; and the
terms of the leases."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, case, select, update

from tidemill.store.sql import schema
from tidemill.store.sql.database import Database
from tidemill.store.sql.rows import insert_new

RELEASES, TOKENS, RULES, LIMITS, TERMS = "releases", "tokens", "rules", "limits", "terms"
_EACH = (RELEASES, TOKENS, RULES, LIMITS)
_counter = schema.counters.c
_ALL = select(_counter.name, _counter.value).where(_counter.name.in_(_EACH))
_ONE_MORE = (
    update(schema.counters)
    .where(_counter.name == bindparam("the_name"))
    .values(value=case((_counter.value < bindparam("least"), bindparam("least")), else_=_counter.value + 1))
    .returning(_counter.value)
)


def revisions(database: Database) -> dict[str, int]:
    """Of the last commit. The row's own lock orders those who change one: of who reads n, all up to n are committed."""
    return dict.fromkeys(_EACH, 0) | {str(name): int(value) for name, value in database.rows(_ALL)}


def bump(tx: Connection, name: str, least: int = 0) -> int:
    """The next number, in this transaction; at ``least`` this one."""
    tx.execute(insert_new(tx, schema.counters), {"name": name, "value": 0})
    return int(tx.execute(_ONE_MORE, {"the_name": name, "least": least}).scalar_one())
