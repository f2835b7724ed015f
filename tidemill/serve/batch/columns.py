"""A partition's columns as models take them: numbers as arrays, all else as requests say it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.data.check.readings import BLANKS, NOTHING
from tidemill.types import JsonObject

_EXACT = 2**53


def as_given(frame: pl.DataFrame, numbers: Collection[str]) -> tuple[dict[str, Any], NDArray[np.bool_]]:
    """By column its values: an array of numbers, NaN for what is missing, or a list; and the rows that hold what is neither.

    ``numbers``: columns of text that hold numbers, as in a file of text.
    """
    found: dict[str, Any] = {}
    odd = np.zeros(frame.height, np.bool_)
    for name in frame.columns:
        column = frame[name]
        if name in numbers and column.dtype == pl.String:
            column, wrong = _read(column)
            odd |= wrong
        if column.dtype == pl.Decimal:
            column = column.cast(pl.Float64)
        found[name] = _values(column)
    return found, odd


def _read(column: pl.Series) -> tuple[pl.Series, NDArray[np.bool_]]:
    """The numbers of a column of text, and where it says something else."""
    stripped = column.str.strip_chars(BLANKS)
    there = column.is_not_null() & ~stripped.str.to_lowercase().is_in(list(NOTHING))
    numbers = stripped.cast(pl.Float64, strict=False)
    wrong = there & ~numbers.is_finite().fill_null(False)
    return numbers.to_frame("n").select(pl.when(there & ~wrong).then("n")).to_series(), wrong.to_numpy()


def _values(column: pl.Series) -> Any:
    kind = column.dtype
    if kind.is_integer() and (column.null_count() or kind in (pl.UInt64, pl.Int128)):
        most: Any = column.abs().max()
        if most is not None and most > _EXACT:
            return column.to_list()
        return column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    if kind.is_numeric():
        return (column.fill_null(float("nan")) if kind.is_float() else column).to_numpy()
    if kind.is_temporal():
        return as_text(column).to_list()
    return column.to_list()


def as_text(column: pl.Series) -> pl.Series:
    """Times as requests say them, in ISO 8601."""
    if column.dtype == pl.Date:
        return column.dt.strftime("%Y-%m-%d")
    if isinstance(column.dtype, pl.Datetime):
        return column.dt.strftime("%Y-%m-%dT%H:%M:%S%.f") + ("+00:00" if column.dtype.time_zone else "")
    return column.cast(pl.String)


def rest_of(frame: pl.DataFrame, names: list[str], more: JsonObject) -> list[bytes]:
    """Of each row what these columns say, as JSON: ``{"inputs": {…}}``, with what is the same for all."""
    if not names and not more:
        return [b"{}"] * frame.height
    columns = [as_text(frame[name]) if frame.schema[name].is_temporal() else frame[name] for name in names]
    inputs = {"inputs": pl.DataFrame(columns).to_struct()} if names else {}
    said = frame.select(pl.int_range(pl.len()).alias(" ")).with_columns(
        **inputs, **{name: pl.lit(value) for name, value in more.items()}
    )
    whole = said.drop(" ").to_struct()
    return [text.encode() for text in whole.struct.json_encode().to_list()]
