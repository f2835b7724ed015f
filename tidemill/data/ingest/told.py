"""Labels that feedback told, for rows that are in without one: by the key of the row (`tidemill.data.contract.key`).

They come by the door of late values: a value where the row had none, known from the ingest that takes it on.
"""

from __future__ import annotations

import polars as pl

from tidemill.data.ingest.late import part_of
from tidemill.data.ingest.register import Target, event_key
from tidemill.store.records import Outcome
from tidemill.types import Micros

NAME = "feedback"
"""What the labels are called among the files of a version."""


def told_labels(into: Target, now: Micros) -> pl.DataFrame:
    """The key and the target of each row that waits for its label and has an outcome; the latest word counts.

    An outcome that the contract would not take as the row's value is none.
    """
    contract, live = into.contract, into.project.live
    endpoints = {e.name for e in into.project.endpoints.values() if e.model.dataset.name == into.dataset}
    asked = contract.target and contract.key and not into.in_history and into.tables.exists(into.dataset)
    if not asked or not any(live.outcomes.list(endpoint=name, limit=1) for name in endpoints):
        return pl.DataFrame()
    waiting = into.tables.read(into.dataset).filter(pl.col(str(contract.target)).is_null())
    rows = waiting.select(*contract.key, event_key(contract).alias("?key")).collect().drop_nulls()
    latest: dict[str, Outcome] = {}
    for outcome in sorted(live.outcomes.of_keys(rows["?key"]), key=lambda o: (o.at, o.received)):
        if outcome.endpoint in endpoints:
            latest[outcome.key] = outcome
    said = pl.Series(contract.target, [_word(latest.get(key)) for key in rows["?key"]], dtype=pl.String)
    named = rows.drop("?key").with_columns(said).drop_nulls()
    part = part_of(contract, named.columns)
    return part.check(named, now).good if named.height else pl.DataFrame()


def _word(outcome: Outcome | None) -> str | None:
    """What the outcome says, as text: a label, or a number."""
    return None if outcome is None else outcome.item or repr(outcome.value)
