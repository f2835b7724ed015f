"""Random streams of events, and what each feature is in plain Python: the oracle for both ways of making it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import polars as pl
from hypothesis import strategies as st

from tidemill.features.as_of import Histories
from tidemill.features.online import History
from tidemill.features.transaction_time import TransactionTime
from tidemill.features.views import Feature, View
from tidemill.types import DAY, Micros


@dataclass(frozen=True)
class Happened:
    """One row of a dataset."""

    subject: str
    item: str
    at: Micros
    value: float


def streams(max_size: int = 40) -> st.SearchStrategy[list[Happened]]:
    """Few subjects, items and moments, so that ties, repeats and returns are many."""
    event = st.builds(
        Happened,
        subject=st.sampled_from(["ann", "bob", "cec"]),
        item=st.sampled_from(["a", "b", "ä", "c"]),
        at=st.integers(0, 12),
        value=st.sampled_from([-2.0, -1.0, 0.5, 1.0, 3.0, 0.1]),
    )
    return st.lists(event, max_size=max_size)


def features(by: str | None) -> st.SearchStrategy[Feature]:
    op = st.sampled_from(["count", "sum", "mean", "last", "since", "decayed_count"])
    window = st.sampled_from([None, 1, 3, 7])

    def make(op: str, window: int | None, ago: int) -> Feature:
        column = "value" if op in ("sum", "mean", "last") else None
        half_life = 4 if op == "decayed_count" else None
        return Feature("f", op, by=by, column=column, half_life=half_life, window=window, ago=ago)

    return st.builds(make, op, window, st.just(0) if by else st.sampled_from([0, 0, 2, 5]))


def view(feature: Feature, entity: str | None = "subject") -> View:
    return View("v", entity, "at", "value", (feature,))


def as_rows(events: list[Happened]) -> pl.DataFrame:
    kinds = {"subject": pl.String, "item": pl.String, "at": pl.Int64, "value": pl.Float64}
    data = pl.DataFrame([(e.subject, e.item, e.at, e.value) for e in events], schema=kinds, orient="row")
    return data.with_columns(pl.col("at").cast(pl.Datetime("us", "UTC")))


def as_history(events: list[Happened]) -> History:
    history = History()
    for seq, e in enumerate(events, 1):
        history.load([(seq, e.subject, e.item, e.at, e.value)])
    return history


def as_histories(events: list[Happened], known: TransactionTime | None = None) -> Histories:
    """As training has them."""
    subjects, items = (sorted({getattr(e, name) for e in events}) for name in ("subject", "item"))
    return Histories(
        subjects,
        items,
        np.array([subjects.index(e.subject) for e in events], np.int64),
        np.array([items.index(e.item) for e in events], np.int64),
        np.array([e.at for e in events], np.int64),
        np.array([e.value for e in events], np.float64),
        known,
    )


def requests(asked: list[tuple[str, Micros]]) -> pl.DataFrame:
    kinds = {"request": pl.String, "entity": pl.String, "at": pl.Int64}
    return pl.DataFrame([(f"r{i}", s, at) for i, (s, at) in enumerate(asked)], schema=kinds, orient="row")


def seen(events: list[Happened], subject: str | None, at: Micros, feature: Feature) -> list[Happened]:
    """The rows that a request sees, by the words of the design."""
    return [
        e
        for e in events
        if subject in (None, e.subject)
        and e.at < at - feature.ago
        and (feature.window is None or e.at >= at - feature.ago - feature.window)
        and (e.value > 0 or feature.op not in ("count", "since", "decayed_count"))
    ]


def number(rows: list[Happened], at: Micros, feature: Feature) -> float:
    """The feature of these rows, by the words of the design."""
    at -= feature.ago
    if feature.op == "count":
        return float(len(rows))
    if feature.op == "sum":
        return math.fsum(e.value for e in rows)
    if feature.op == "decayed_count":
        assert feature.half_life
        return math.fsum(2 ** (-(at - e.at) / feature.half_life) for e in rows)
    if not rows:
        return math.nan
    if feature.op == "mean":
        return math.fsum(e.value for e in rows) / len(rows)
    latest = max(e.at for e in rows)
    if feature.op == "since":
        return (at - latest) / DAY
    return max(e.value for e in rows if e.at == latest)


def by_item(events: list[Happened], subject: str | None, at: Micros, feature: Feature) -> dict[str, float]:
    rows = seen(events, subject, at, feature)
    return {item: number([e for e in rows if e.item == item], at, feature) for item in sorted({e.item for e in rows})}


def moment(at: Micros) -> datetime:
    return datetime.fromtimestamp(at / 1e6, UTC)
