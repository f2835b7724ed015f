"""What one column of a dataset must be, and its values cast to it from what a source gives: text, or typed.

A value that does not fit becomes null; the caller sees it as "was something, is nothing" and gives it a reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from tidemill.types import DAY, parse_time

UTC_TIME = pl.Datetime("us", "UTC")
TRUE, FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
_JAVA = (
    ("yyyy", "%Y"),
    ("MM", "%m"),
    ("dd", "%d"),
    ("HH", "%H"),
    ("mm", "%M"),
    (".SSSSSS", "%.f"),
    (".SSS", "%.f"),
    ("ss", "%S"),
)
_TIME_FORMATS = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M")
_ZONED = "%Y-%m-%dT%H:%M:%S%.f%z"
_FIRST, _LAST = parse_time("0001-01-01"), parse_time("9999-12-31T23:59:59.999999")
_MICROS = {"us": 1, "ms": 1_000}
_TYPES = {
    "string": pl.String(),
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "timestamp": UTC_TIME,
}
_NARROW = {"integer": pl.Int32(), "number": pl.Float32()}


@dataclass(frozen=True, slots=True)
class Column:
    """What one column must be. Limits are in the column's own unit; for times in µs UTC."""

    name: str
    kind: str  # string | integer | number | boolean | date | timestamp
    narrow: bool = False  # 32 bit, where physicalType says so
    required: bool = False
    unique: bool = False
    role: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None  # exclusive minimum
    below: float | None = None  # exclusive maximum
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    allowed: tuple[Any, ...] | None = None
    format: str | None = None


def target_type(column: Column) -> pl.DataType:
    """The polars type of the column in the table."""
    return _NARROW[column.kind] if column.narrow and column.kind in _NARROW else _TYPES[column.kind]


def in_years(value: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """Whether a time or date is of the years 0001 to 9999, which is what times are written and compared in. Null is.

    >>> days = pl.DataFrame({"d": pl.Series([0, -719_163], dtype=pl.Int32).cast(pl.Date)})
    >>> days.select(in_years(pl.col("d"), pl.Date()))["d"].to_list()
    [True, False]
    """
    unit = _MICROS.get(kind.time_unit) if isinstance(kind, pl.Datetime) else DAY
    if unit is None:  # nanoseconds reach from 1677 to 2262
        return pl.lit(True)
    return value.to_physical().is_between(_FIRST // unit, _LAST // unit).fill_null(True)


def all_in_years(times: pl.Series) -> bool:
    """Whether every time or date of the column is of these years."""
    return bool(times.to_frame().select(in_years(pl.col(times.name), times.dtype).all()).item())


def cast(column: Column, given: pl.DataType) -> pl.Expr:
    """The column as the contract types it; null where the value does not fit."""
    source, target = pl.col(column.name), target_type(column)
    if given == pl.Date() or isinstance(given, pl.Datetime):
        source = pl.when(in_years(source, given)).then(source)
    if isinstance(given, pl.Categorical | pl.Enum):
        source, given = source.cast(pl.String), pl.String()
    if given == pl.Null():
        return source.cast(target)
    if target in (pl.Float64(), pl.Float32()):
        return _number(source, given, target)
    if given == target:
        return source
    if isinstance(given, pl.String):
        typed = _from_text(source, column, target)
        return pl.when(in_years(typed, target)).then(typed) if target.is_temporal() else typed
    if target.is_integer():
        return _integer(source, given, target)
    if target == UTC_TIME and isinstance(given, pl.Datetime):
        time = source.cast(pl.Datetime("us", given.time_zone))
        return time.dt.convert_time_zone("UTC") if given.time_zone else time.dt.replace_time_zone("UTC")
    if target == UTC_TIME and given == pl.Date():
        return source.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if target == pl.String() and given.is_integer():
        return source.cast(target)
    if target == pl.Date() and isinstance(given, pl.Datetime):
        return pl.when(source.dt.truncate("1d") == source).then(source.cast(pl.Date))
    return pl.lit(None, target)


def missing(column: Column, given: pl.DataType) -> pl.Expr:
    """Where the source has nothing: null, or NaN in a float column."""
    source = pl.col(column.name)
    return source.is_null() | source.is_nan() if given.is_float() else source.is_null()


def _number(source: pl.Expr, given: pl.DataType, target: pl.DataType) -> pl.Expr:
    if not (given.is_numeric() or isinstance(given, pl.String)):
        return pl.lit(None, target)
    number = source.cast(target, strict=False)
    return pl.when(number.is_finite()).then(number)  # null where there is no number, never NaN or infinity


def _integer(source: pl.Expr, given: pl.DataType, target: pl.DataType) -> pl.Expr:
    if not given.is_numeric():
        return pl.lit(None, target)
    whole = source.cast(target, strict=False)
    return pl.when(whole.cast(given, strict=False) == source).then(whole) if given.is_float() else whole


def _from_text(source: pl.Expr, column: Column, target: pl.DataType) -> pl.Expr:
    text = source.str.strip_chars()
    if target.is_integer():
        return text.cast(target, strict=False)
    if target == pl.Boolean():
        low = text.str.to_lowercase()
        return pl.when(low.is_in(TRUE)).then(True).when(low.is_in(FALSE)).then(False)
    if target == pl.Date():
        return text.str.to_date(strftime(column.format) if column.format else "%Y-%m-%d", strict=False)
    if column.format:
        return _naive(text, strftime(column.format))
    plain = [_naive(text, form) for form in _TIME_FORMATS]
    zoned = (
        text.str.replace(r"[Zz]$", "+00:00").str.replace(" ", "T").str.to_datetime(_ZONED, strict=False, time_unit="us")
    )
    day = text.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return pl.coalesce(*plain, zoned.dt.convert_time_zone("UTC"), day)


def _naive(text: pl.Expr, form: str) -> pl.Expr:
    return text.str.to_datetime(form, strict=False, time_unit="us").dt.replace_time_zone("UTC")


def strftime(pattern: str) -> str:
    """The standard writes formats as Java does (yyyy-MM-dd HH:mm:ss)."""
    for java, strf in _JAVA:
        pattern = pattern.replace(java, strf)
    return pattern
