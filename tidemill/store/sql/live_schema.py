"""The tables of `live.db`: what serving writes, apart from the metadata: a job never holds the scoring commit."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Index, MetaData, Table

from tidemill.store.sql.columns import Bytes, Flag, Real, Whole
from tidemill.store.sql.schema import NAMES, key, not_null, nullable

tables = MetaData(naming_convention=NAMES)


def _table(name: str, *columns: Column[Any]) -> Table:
    return Table(name, tables, *columns, sqlite_strict=True)


predictions = _table(
    "predictions",
    key("id"),
    not_null("endpoint"),
    not_null("at", Whole),
    not_null("subject"),
    not_null("model"),
    not_null("release"),
    not_null("arm"),
    not_null("output", Bytes),
    not_null("inputs", Bytes),
    not_null("watermark", Whole),
    not_null("latency_us", Whole),
    not_null("cold", Flag()),
    nullable("key"),
)
# (at, endpoint) serves between, recent and the counts; (subject, at) the attribution of outcomes.
Index(None, predictions.c.at, predictions.c.endpoint)
Index(None, predictions.c.subject, predictions.c.at)

outcomes = _table(
    "outcomes",
    key("key"),
    not_null("at", Whole),
    not_null("subject"),
    not_null("item"),
    not_null("value", Real),
    nullable("prediction"),
    not_null("received", Whole),
    nullable("joined"),
    not_null("how"),
)
Index(
    "ix_outcomes_unjoined",
    outcomes.c.at,
    outcomes.c.key,
    sqlite_where=outcomes.c.how == "",
)
Index(
    "ix_outcomes_joined",
    outcomes.c.joined,
    sqlite_where=outcomes.c.joined.is_not(None),
)

online = _table(
    "online",
    key("seq", Whole),
    not_null("key"),
    not_null("subject"),
    not_null("item"),
    not_null("at", Whole),
    not_null("value", Real),
    nullable("file"),
    nullable("row", Whole),
    nullable("ingest"),
)
Index(None, online.c.key, unique=True)
Index(None, online.c.subject, online.c.seq)
