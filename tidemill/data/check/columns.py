"""A column of a file cast to what a contract says, from what a source gives: text, or typed. Built from the tables of `readings`.

A value that does not fit becomes null; the caller sees it as "was something, is nothing" and gives it a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import polars as pl

from tidemill.data.check.column import Column
from tidemill.data.check.formats import MONTHS, WEEKDAYS, Grammar, grammar
from tidemill.data.check.readings import (
    BLANKS,
    CENTURY,
    DIGITS,
    EPOCH,
    EXACT,
    FALSE,
    FIRST,
    GROUPED,
    LAST,
    NOTHING,
    NUMBER,
    TIME,
    TRUE,
    WHOLE,
    WHOLE_TIME,
)
from tidemill.types import DAY

UTC_TIME = pl.Datetime("us", "UTC")
_Way = Callable[[pl.Expr], pl.Expr]
_TIME_FORMATS = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M")
_ZONED = ("%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%dT%H:%M%z")
_TO_ZONED = (
    (r" ?(?:[Zz]|UTC)$", "+00:00"),
    (r" ([+-])", "${1}"),
    (r"(:[0-9]+(?:\.[0-9]+)?[+-][0-9]{2})$", "${1}:00"),
    (" ", "T"),
)
"""What makes one spelling of a time's zone of those that `TIME` takes."""
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
    return value.to_physical().is_between(FIRST // unit, LAST // unit).fill_null(True)


def all_in_years(times: pl.Series) -> bool:
    """Whether every time or date of the column is of these years."""
    return bool(times.to_frame().select(in_years(pl.col(times.name), times.dtype).all()).item())


def cast(column: Column, given: pl.DataType) -> pl.Expr:
    """The column as the contract types it; null where the value does not fit."""
    source, given = _plain(column, given)
    target = target_type(column)
    if given == pl.Null():
        return source.cast(target)
    if given == pl.Date() or isinstance(given, pl.Datetime):
        source = pl.when(in_years(source, given)).then(source)
    if isinstance(given, pl.String):
        typed = _from_text(source, column, target)
        return pl.when(in_years(typed, target)).then(typed) if target.is_temporal() else typed
    if given.is_numeric():
        return _from_number(source, column, given, target)
    if target.is_temporal():
        return _from_time(source, given, target)
    return source if given == target else pl.lit(None, target)


def missing(column: Column, given: pl.DataType) -> pl.Expr:
    """Where the source has nothing: null, NaN in a float column, a word for nothing in text."""
    source, given = _plain(column, given)
    if given.is_float():
        return source.is_null() | source.is_nan()
    return source.is_null() | _nothing(source, column) if isinstance(given, pl.String) else source.is_null()


def _plain(column: Column, given: pl.DataType) -> tuple[pl.Expr, pl.DataType]:
    """The source's column, categories as the texts that they stand for."""
    source = pl.col(column.name)
    return (source.cast(pl.String), pl.String()) if isinstance(given, pl.Categorical | pl.Enum) else (source, given)


def stripped(source: pl.Expr) -> pl.Expr:
    """Texts without the blanks around them."""
    return source.str.strip_chars(BLANKS)


def _nothing(source: pl.Expr, column: Column) -> pl.Expr:
    if column.kind == "string" and not column.normal:
        return source == ""
    return stripped(source).str.to_lowercase().is_in(NOTHING)


def _from_text(source: pl.Expr, column: Column, target: pl.DataType) -> pl.Expr:
    if target == pl.String():
        text = stripped(source).map_batches(_composed, return_dtype=pl.String()) if column.normal else source
        return pl.when(~_nothing(source, column)).then(text)
    text = _digits_in(stripped(source), column) if target.is_numeric() else stripped(source)
    if target.is_integer():
        whole = pl.when(_is(text, WHOLE)).then(text.str.replace(r"\..*$", "").str.replace(r"^\+", ""))
        return whole.cast(target, strict=False)
    if target.is_float():
        return _finite(pl.when(_is(text, NUMBER)).then(text).cast(target, strict=False))
    if target == pl.Boolean():
        low = text.str.to_lowercase()
        return pl.when(low.is_in(TRUE)).then(True).when(low.is_in(FALSE)).then(False)
    if target == pl.Date():
        return _day(text, column)
    if column.format:
        return pl.coalesce(by_format(text, column.format), _whole_time(text))
    plain = pl.when(_is(text, TIME) | _is(text, NUMBER)).then(text)
    return plain.map_batches(partial(_found, ways=(*_TIMES, _epoch_of_text)), return_dtype=UTC_TIME)


def _digits_in(text: pl.Expr, column: Column) -> pl.Expr:
    """Texts of numbers as `NUMBER` has them, where the column says that they are written otherwise; null for others."""
    if column.digits is None:
        return text
    point, between = DIGITS[column.digits]
    bare = text.str.replace_all(f"[{between}]", "").str.replace(point, ".", literal=True)
    return pl.when(_is(text, GROUPED[column.digits])).then(bare)


def _day(text: pl.Expr, column: Column) -> pl.Expr:
    """A day; a time by its format, or written out, where it is midnight."""
    if not column.format:
        return _day_of(_time(pl.when(_is(text, TIME)).then(text)))
    return pl.coalesce(_day_of(by_format(text, column.format)), _day_of(_whole_time(text)))


def _composed(texts: pl.Series) -> pl.Series:
    """Letters composed; mostly there are none to compose."""
    plain = (texts.str.len_bytes() == texts.str.len_chars()).all()
    return texts if plain else texts.str.normalize("NFC")


def _is(text: pl.Expr, pattern: str) -> pl.Expr:
    return text.str.contains(f"^(?:{pattern})$")


def _finite(number: pl.Expr) -> pl.Expr:
    return pl.when(number.is_finite()).then(number)  # null where there is no number, never NaN or infinity


def _naive(text: pl.Expr, form: str) -> pl.Expr:
    return text.str.to_datetime(form, strict=False, time_unit="us").dt.replace_time_zone("UTC")


def _time(text: pl.Expr) -> pl.Expr:
    """Of texts that `TIME` takes."""
    return text.map_batches(partial(_found, ways=_TIMES), return_dtype=UTC_TIME)


def _found(texts: pl.Series, ways: Sequence[_Way]) -> pl.Series:
    """The moments of texts, each by the first way that reads it. A way is asked of what none before it has read: mostly one reads all."""
    found = pl.repeat(None, len(texts), dtype=UTC_TIME, eager=True)
    for way in ways:
        left = pl.DataFrame({"t": texts, "at": found})
        if not left.select((pl.col("t").is_not_null() & pl.col("at").is_null()).any()).item():
            break
        rest = pl.when(pl.col("at").is_null()).then(pl.col("t"))
        found = left.select(pl.coalesce("at", way(rest)))["at"]
    return found


def _zoned(text: pl.Expr) -> pl.Expr:
    for pattern, by in _TO_ZONED:
        text = text.str.replace(pattern, by)
    parsed = [text.str.to_datetime(form, strict=False, time_unit="us") for form in _ZONED]
    return pl.coalesce(time.dt.convert_time_zone("UTC") for time in parsed)


def _midnight(text: pl.Expr) -> pl.Expr:
    return text.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _whole_time(text: pl.Expr) -> pl.Expr:
    return _time(pl.when(_is(text, WHOLE_TIME)).then(text))


def by_format(text: pl.Expr, form: str) -> pl.Expr:
    """Times of a contract's format in UTC, null where the text is none; one without a zone is UTC."""
    return text.map_batches(partial(_of_grammar, of=grammar(form)), return_dtype=UTC_TIME)


def _of_grammar(texts: pl.Series, of: Grammar) -> pl.Series:
    """The moments that the texts say; `readings` reads one text the same."""
    said = texts.str.extract_groups(f"^(?:{of.pattern})$").struct.unnest()
    clock = pl.concat_str(_hour(of), pl.lit(":"), _part(of, "minute"), pl.lit(":"), _part(of, "second"))
    iso = pl.concat_str(_date(of), pl.lit(" "), clock, pl.lit("."), _part(of, "fraction"))
    found = said.select(_naive(iso, "%Y-%m-%d %H:%M:%S%.f").alias("at"), pl.all())
    at = pl.col("at") - pl.duration(minutes=_minutes(pl.col("zone"))) if "zone" in of.parts else pl.col("at")
    right = _number(pl.col("weekday"), WEEKDAYS) == pl.col("at").dt.weekday() if "weekday" in of.parts else True
    return found.select(pl.when(right).then(at)).to_series()


def _part(of: Grammar, name: str) -> pl.Expr:
    return pl.col(name).fill_null("0") if name in of.parts else pl.lit("0")


def _number(name: pl.Expr, names: Mapping[str, int]) -> pl.Expr:
    return name.str.slice(0, 3).str.to_lowercase().replace_strict(names, default=None, return_dtype=pl.Int8)


def _date(of: Grammar) -> pl.Expr:
    """The day as ISO 8601 writes it."""
    year = pl.col("year") if "year" in of.parts else _of_century(pl.col("short"))
    if "nth" in of.parts:
        first = pl.concat_str(year, pl.lit("-01-01")).str.to_date("%Y-%m-%d", strict=False)
        day = first + pl.duration(days=pl.col("nth").cast(pl.Int64) - 1)
        return pl.when(day.dt.year() == first.dt.year()).then(day.dt.to_string("%Y-%m-%d"))
    month = _number(pl.col("named"), MONTHS).cast(pl.String) if "named" in of.parts else pl.col("month")
    return pl.concat_str(year, month, pl.col("day"), separator="-")


def _of_century(short: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.when(short.cast(pl.Int8) < CENTURY).then(pl.lit("20")).otherwise(pl.lit("19")), short)


def _hour(of: Grammar) -> pl.Expr:
    if "half" not in of.parts:
        return _part(of, "hour")
    late = pl.col("noon").str.to_lowercase() == "pm"
    return (pl.col("half").cast(pl.Int8) % 12 + pl.when(late).then(12).otherwise(0)).cast(pl.String)


def _minutes(zone: pl.Expr) -> pl.Expr:
    """How far a zone is ahead of UTC; words for none are not."""
    plain = zone.str.replace(":", "")
    hours, minutes = (plain.str.slice(at, 2).cast(pl.Int64, strict=False).fill_null(0) for at in (1, 3))
    return (hours * 60 + minutes) * pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)


def _day_of(times: pl.Expr) -> pl.Expr:
    """The day of a midnight."""
    return pl.when(times.dt.truncate("1d") == times).then(times.dt.date())


def _epoch(number: pl.Expr, *, whole: bool) -> pl.Expr:
    found: pl.Expr = pl.lit(None, pl.Int64)
    for _, least, end, times, by in EPOCH:
        scaled = number * times
        micros = (scaled if whole else scaled.floor().cast(pl.Int64, strict=False)) // by
        found = pl.when((number >= least) & (number < end)).then(micros).otherwise(found)
    return found.cast(UTC_TIME)


def _epoch_of_text(text: pl.Expr) -> pl.Expr:
    number = pl.when(_is(text, NUMBER)).then(text)
    whole, some = number.cast(pl.Int64, strict=False), number.cast(pl.Float64, strict=False)
    return pl.coalesce(_epoch(whole, whole=True), _epoch(some, whole=False))


def _from_number(source: pl.Expr, column: Column, given: pl.DataType, target: pl.DataType) -> pl.Expr:
    if target.is_integer():
        whole = source.cast(target, strict=False)
        return whole if given.is_integer() else pl.when(whole.cast(given, strict=False) == source).then(whole)
    if target.is_float():
        return _finite(source.cast(target, strict=False))
    if target == pl.String():
        return _digits(source, given)
    if not (given.is_integer() or given.is_float()):  # a decimal
        source, given = source.cast(pl.Float64), pl.Float64()
    if target == pl.Boolean():
        return pl.when(source == 1).then(True).when(source == 0).then(False)
    if target == UTC_TIME:
        wide = source.cast(pl.Int64 if given.is_integer() else pl.Float64, strict=False)
        return _epoch(wide, whole=given.is_integer())
    return pl.lit(None, target)


def _digits(source: pl.Expr, given: pl.DataType) -> pl.Expr:
    """Whole numbers as their digits."""
    if given.is_integer():
        return source.cast(pl.String)
    if given.is_float():
        whole = source.cast(pl.Int64, strict=False)
        fits = (whole.cast(given) == source) & (source.abs() < EXACT)
        return pl.when(fits).then(whole).cast(pl.String)
    text = source.cast(pl.String)
    return pl.when(_is(text, WHOLE)).then(text.str.replace(r"\..*$", ""))


def _from_time(source: pl.Expr, given: pl.DataType, target: pl.DataType) -> pl.Expr:
    if target == UTC_TIME and isinstance(given, pl.Datetime):
        time = source.cast(pl.Datetime("us", given.time_zone))
        return time.dt.convert_time_zone("UTC") if given.time_zone else time.dt.replace_time_zone("UTC")
    if target == UTC_TIME and given == pl.Date():
        return source.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if target == pl.Date() and isinstance(given, pl.Datetime):
        return pl.when(source.dt.truncate("1d") == source).then(source.cast(pl.Date))
    return source if given == target else pl.lit(None, target)


_TIMES: tuple[_Way, ...] = (*(partial(_naive, form=form) for form in _TIME_FORMATS), _zoned, _midnight)
