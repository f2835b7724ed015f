"""The tables of `live.db`: what serving writes, apart from the metadata: a job never holds the scoring commit."""

from __future__ import annotations

from sqlalchemy import Index, MetaData

from tidemill.store import records
from tidemill.store.sql.columns import table_of
from tidemill.store.sql.schema import NAMES

tables = MetaData(naming_convention=NAMES)


predictions = table_of(tables, "predictions", records.Prediction, "id")
# (at, endpoint) serves between, recent and the counts; (subject, at) the attribution of outcomes.
Index(None, predictions.c.at, predictions.c.endpoint)
Index(None, predictions.c.subject, predictions.c.at)

outcomes = table_of(tables, "outcomes", records.Outcome, "key", "endpoint", "environment")
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

online = table_of(tables, "online", records.OnlineEvent, "seq")
Index(None, online.c.key, online.c.dataset, unique=True)
Index(None, online.c.subject, online.c.seq)
