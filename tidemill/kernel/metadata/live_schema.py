"""The tables of `live.db`: what serving writes, apart from the metadata: a job never holds the scoring commit."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Index, MetaData, Table

from tidemill.kernel.metadata.columns import Bytes, Flag, Real, Whole
from tidemill.kernel.metadata.schema import NAMES, key, may, must

tables = MetaData(naming_convention=NAMES)


def _table(name: str, *columns: Column[Any]) -> Table:
    return Table(name, tables, *columns, sqlite_strict=True)


predictions = _table(
    "predictions",
    key("id"),
    must("endpoint"),
    must("at", Whole),
    must("subject"),
    must("model"),
    must("release"),
    must("arm"),
    must("output", Bytes),
    must("inputs", Bytes),
    must("watermark", Whole),
    must("latency_us", Whole),
    must("cold", Flag()),
    may("key"),
)
# (at, endpoint) serves between, recent and the counts; (subject, at) the attribution of outcomes.
Index(None, predictions.c.at, predictions.c.endpoint)
Index(None, predictions.c.subject, predictions.c.at)

outcomes = _table(
    "outcomes",
    key("key"),
    must("at", Whole),
    must("subject"),
    must("item"),
    must("value", Real),
    may("prediction"),
    must("received", Whole),
    may("joined"),
    must("how"),
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
    must("key"),
    must("subject"),
    must("item"),
    must("at", Whole),
    must("value", Real),
    may("file"),
    may("row", Whole),
    may("ingest"),
)
Index(None, online.c.key, unique=True)
Index(None, online.c.subject, online.c.seq)
