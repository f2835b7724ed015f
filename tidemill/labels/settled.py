"""What rows of a dataset say of a moment, and from when on that is settled: the one compilation of a label, for past and present.

A moment sees the rows with its key that happened from it on (from ``after`` on) and before ``within`` had passed: features see those strictly
before it, so no row is both. Which op counts what is as of a view: of sales with a value column a return is no purchase.

It is settled when the time is over and the rows of that time are in: by the word of ``[data.NAME] complete_after``, else
when the dataset has a row from after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.errors import DataError
from tidemill.features.as_of import before
from tidemill.features.transaction_time import ALWAYS, BEGAN, KNOWN, RIPE, known_of
from tidemill.labels.definition import LABEL, LabelDefinition
from tidemill.types import Micros, to_iso

I8 = NDArray[np.int64]
TYPES = {"integer": pl.Int64(), "number": pl.Float64(), "boolean": pl.Boolean(), "string": pl.String()}


class Completeness(NamedTuple):
    """``through``: all rows before it are in; ``late``: so long after a moment its rows are, where the dataset says so."""

    through: Micros
    late: Micros = 0

    @staticmethod
    def of(newest: Micros | None, anything: Micros | None, came: Micros, late: Micros | None) -> Completeness:
        """``newest``: moment of the dataset's newest row, ``anything``: of the newest row of all that the model reads, ``came``:
        when the last of them came; ``late``: what the dataset's ``complete_after`` says.

        Rows that say how late they are may be few (no fraud for weeks): then time goes on by the others. But old data that
        came today says nothing of the time after it.
        """
        if late is None:
            return Completeness(ALWAYS if newest is None else newest)
        return Completeness(ALWAYS if anything is None else min(came - late, anything), late)


def settled(label: LabelDefinition, rows: pl.DataFrame, moments: pl.DataFrame, whole: Completeness) -> pl.DataFrame:
    """``[label, ripe, known]`` of each moment (``[key, at]``), in their order: null where it is not settled, or nothing said it.

    ``rows``: of the label's dataset, with when each was known where any came late. ``known``: when the last row of those came
    that say it, where it came late. What has no key may have rows that nobody can tell from others': nothing is said of it.
    Raises DataError where two rows of one key say two things.
    """
    events = _events(label, rows)
    spans = events.with_row_index("row").group_by("key").agg(pl.col("row").min().alias("first"), pl.len())
    asked = moments.with_columns(pl.col("key").cast(pl.String)).join(spans, on="key", how="left", maintain_order="left")
    first = asked["first"].fill_null(0).cast(pl.Int64).to_numpy()
    last = first + asked["len"].fill_null(0).cast(pl.Int64).to_numpy()
    at, times = asked["at"].to_numpy() + label.after, events["at"].to_numpy()
    start, stop = before(times, first, last, at), before(times, first, last, at + label.within)
    found = _said(label, events, start, stop)
    known = _greatest(events["known"].to_numpy(), start, stop)
    over = (at + label.within <= whole.through) & moments["key"].is_not_null().to_numpy()
    ripe = at + label.within + whole.late
    none = pl.lit(None, found.dtype)
    return pl.DataFrame({"label": found, "ripe": ripe, "known": known}).with_columns(
        pl.when(pl.Series(over)).then(pl.col("label")).otherwise(none).alias("label")
    )


def with_label(
    label: LabelDefinition, rows: pl.DataFrame, time: str, said_by: pl.DataFrame, whole: Completeness
) -> pl.DataFrame:
    """A model's rows with the label that another dataset's rows say (`LABEL`), when it is ripe, and when it was known."""
    moments = rows.select(pl.col(label.on).alias("key"), micros(time).alias("at"))
    found = settled(label, said_by, moments, whole)
    late = BEGAN in said_by.columns and said_by.height > 0
    began = [pl.lit(int(said_by[BEGAN][0])).alias(BEGAN), micros(time).alias(KNOWN)] if late else []
    return rows.with_columns(
        found["label"].alias(LABEL),
        found["ripe"].alias(RIPE),
        *([found["known"].alias(f"{KNOWN} {LABEL}")] if late else []),
        *(one for one in began if one.meta.output_name() not in rows.columns),
    )


def with_horizon(label: LabelDefinition, rows: pl.DataFrame, time: str, whole: Completeness) -> pl.DataFrame:
    """A model's rows whose own column is the label: ripe when ``within`` has passed, and then ``otherwise`` where it is null.

    Before that it is null, also where it is there; and features of it (``mean`` of earlier labels) see it from then on.
    """
    over = micros(time) + label.within
    value = pl.col(label.name).fill_null(pl.lit(label.otherwise, rows.schema[label.name]))
    ripe = over + whole.late
    return rows.with_columns(
        pl.when(over <= whole.through).then(value).alias(label.name),
        ripe.alias(RIPE),
        ripe.alias(f"{RIPE} {label.name}"),
    )


def micros(time: str) -> pl.Expr:
    """A column of moments in µs."""
    return pl.col(time).cast(pl.Datetime("us")).dt.epoch("us")


def _events(label: LabelDefinition, rows: pl.DataFrame) -> pl.DataFrame:
    """``[key, at, value, known]`` of the rows that count, in order of the first two; ``known`` where it came late, else `ALWAYS`."""
    counts = label.op in ("any", "none", "count") and label.value is not None
    used = [c for c in (label.on, label.time, label.column, label.value if counts else None) if c]
    known = known_of(used, rows.columns) if KNOWN in rows.columns else pl.lit(ALWAYS, pl.Int64).alias(KNOWN)
    value = pl.col(label.column) if label.column else pl.lit(1)
    taken = rows.filter(pl.col(label.value) > 0) if counts and label.value else rows
    found = taken.select(
        pl.col(label.on).cast(pl.String).alias("key"), micros(label.time).alias("at"), value.alias("value"), known
    ).drop_nulls(["key", "at"] if label.op == "value" else ["key", "at", "value"])
    late = pl.when(pl.col(KNOWN) > pl.col("at")).then(pl.col(KNOWN)).otherwise(ALWAYS).alias("known")
    return found.select("key", "at", "value", late).sort("key", "at", maintain_order=True)


def _said(label: LabelDefinition, events: pl.DataFrame, start: I8, stop: I8) -> pl.Series:
    """The label of each moment, from its events start … stop."""
    count = stop - start
    if label.op == "value":
        return _valued(label, events, start, stop)
    if label.op == "sum":
        return pl.Series(_sums(events["value"].cast(pl.Float64).to_numpy(), start, stop), dtype=pl.Float64)
    numbers = {"count": count, "any": (count > 0), "none": (count == 0)}[label.op]
    return pl.Series(numbers.astype(np.int64), dtype=pl.Int64)


def _valued(label: LabelDefinition, events: pl.DataFrame, start: I8, stop: I8) -> pl.Series:
    """The one value that the events of a moment say; ``otherwise`` where there is none, null where their values are still empty.

    Raises DataError for two.
    """
    values = events["value"]
    ranked = values.cast(pl.Int8) if values.dtype == pl.Boolean else values
    codes = ranked.rank("dense").cast(pl.Int64)
    high, low = (_greatest(one.fill_null(ALWAYS).to_numpy(), start, stop) for one in (codes, -codes))
    said = high != ALWAYS
    if (two := np.flatnonzero(said & (-low != high))).size:
        raise _contradicted(label, events, int(start[two[0]]), int(stop[two[0]]), two.size)
    of = pl.DataFrame({"code": codes, "value": values.cast(TYPES[label.kind])}).drop_nulls().unique("code")
    asked = pl.DataFrame({"code": high, "none": stop <= start}).join(of, on="code", how="left", maintain_order="left")
    otherwise = pl.lit(label.otherwise, TYPES[label.kind])
    return asked.select(pl.when("none").then(otherwise).otherwise("value")).to_series()


def _contradicted(label: LabelDefinition, events: pl.DataFrame, start: int, stop: int, others: int) -> DataError:
    rows = events[start:stop].drop_nulls("value").unique("value", keep="first", maintain_order=True)
    said = ", ".join(f"{value!r} of {to_iso(at)}" for at, value in rows.select("at", "value").head(3).iter_rows())
    more = f" (and {others - 1:,} more moments so)" if others > 1 else ""
    return DataError(
        f"{label.dataset} says two labels of {label.on} {rows['key'][0]!r}: {said}{more}",
        place=label.place,
        hint=f'make {label.on} the tidemill.key of its contract, so that a second row is put aside; or say what counts: op = "any"',
    )


def _sums(values: NDArray[np.float64], start: I8, stop: I8) -> NDArray[np.float64]:
    """Of the values start … stop of each, added one to the other: no difference of two great totals."""
    return np.where(stop > start, _reduced(np.add, np.append(values, 0.0), start, stop), 0.0)


def _greatest(values: I8, start: I8, stop: I8) -> I8:
    """Of the values start … stop of each; `ALWAYS` of none."""
    return np.where(stop > start, _reduced(np.maximum, np.append(values, ALWAYS), start, stop), ALWAYS)


def _reduced(by: np.ufunc, values: NDArray[Any], start: I8, stop: I8) -> NDArray[Any]:
    """``values`` have one more at their end. ``reduceat`` works on what is between two pairs, too: so they are taken in order."""
    order = np.argsort(start, kind="stable")
    found = (
        by.reduceat(values, np.stack([start[order], stop[order]], axis=1).ravel())[::2] if len(order) else values[:0]
    )
    out = np.empty_like(found)
    out[order] = found
    return out


def keyed(keys: Sequence[str], at: Sequence[Micros]) -> pl.DataFrame:
    """Moments as `settled` takes them."""
    return pl.DataFrame({"key": keys, "at": at}, schema={"key": pl.String, "at": pl.Int64})


def newest(rows: pl.LazyFrame, time: str) -> Micros | None:
    """The moment of the newest row."""
    found = rows.select(micros(time).max()).collect().item()
    return None if found is None else int(found)
