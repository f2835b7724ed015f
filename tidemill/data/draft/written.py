"""Times and numbers as files write them, in other ways than the plain one: which way all values of a text column have."""

from __future__ import annotations

from itertools import product

import polars as pl

from tidemill.data.check.column import Column
from tidemill.data.check.columns import cast, missing
from tidemill.data.check.readings import DIGITS, Unread, read

_DIGITS = ("yyyy/MM/dd", "yyyy.MM.dd", "dd.MM.yyyy", "dd/MM/yyyy", "MM/dd/yyyy", "dd-MM-yyyy", "MM-dd-yyyy")
_DATES = (*_DIGITS, "MMM d yyyy", "MMM d, yyyy", "d MMM yyyy", "dd-MMM-yyyy", "dd-MMM-yy")
_CLOCKS = (" HH:mm:ss", " HH:mm", " hh:mm:ss a", " hh:mm a", ", HH:mm:ss", ", hh:mm:ss a")
_WHOLE = ("yyyy-MM-dd HH:mm:ss,S", "yyyyMMdd'T'HHmmssX", "yyyyMMdd'T'HHmmss", "EEE, d MMM yyyy HH:mm:ss Z")
FORMATS = (
    *(("date", day) for day in _DATES),
    *(("timestamp", whole) for whole in _WHOLE),
    *(("timestamp", day + clock) for day, clock in product(_DATES, _CLOCKS)),
)
# four digits of a year, or a month by name: 1.5.2 is no time
_DAYS = r"\d{4}[./]\d{1,2}[./]\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{4}|[A-Za-z]{3} \d{1,2},? \d{4}|\d{1,2}[ -][A-Za-z]{3}[ -](?:\d\d){1,2}"
_LIKE = rf"^\s*(?:(?:{_DAYS})(?:$|[\s,])|[A-Za-z]{{3}}, \d|\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d,\d|\d{{8}}T\d{{6}})"


def written_as(values: pl.Series) -> list[tuple[str, str]]:
    """(logicalType, format) of every format that all values have: one says what they are, two say that it cannot be told.

    >>> written_as(pl.Series(["2012/01/31", None])), written_as(pl.Series(["01/02/2012"])), written_as(pl.Series(["1.5"]))
    ([('date', 'yyyy/MM/dd')], [('date', 'dd/MM/yyyy'), ('date', 'MM/dd/yyyy')], [])
    """
    known = values.drop_nulls().unique()
    if not isinstance(values.dtype, pl.String) or not len(known) or not known.str.contains(_LIKE).all():
        return []
    first = known[0]  # read by itself: a query for each format would take longer than all that is left to look at
    some = [(kind, form) for kind, form in FORMATS if _says(first, Column(values.name, kind, format=form))]
    return [(kind, form) for kind, form in some if _fits(known, kind, form)]


def digits_as(values: pl.Series) -> list[tuple[str, str]]:
    """(logicalType, tidemill.number) of every way in which all values are numbers; of 1,234 there are two.

    >>> digits_as(pl.Series(["1,5", "1.200,75"])), digits_as(pl.Series(["1,234", "7"])), digits_as(pl.Series(["1,5", "x"]))
    ([('number', 'comma')], [('number', 'comma'), ('integer', 'point')], [])
    """
    known = values.drop_nulls().unique()
    found = []
    for digits, (point, _) in DIGITS.items():
        if isinstance(values.dtype, pl.String) and len(known) and _numbers(known, digits):
            found.append(("number" if known.str.contains(point, literal=True).any() else "integer", digits))
    return found


def _numbers(values: pl.Series, digits: str) -> bool:
    """Whether each is a number written so, or a word for nothing, and one of them shows it."""
    column = Column(values.name, "number", digits=digits)
    read, nothing = cast(column, values.dtype).is_not_null(), missing(column, values.dtype)
    frame = values.to_frame()
    return frame.select((read | nothing).all() & read.any()).item() and bool(
        values.str.contains("[0-9][.,'][0-9]").any()
    )


def _says(text: str, column: Column) -> bool:
    try:
        return read(column, text) is not None
    except Unread:
        return False


def _fits(values: pl.Series, kind: str, form: str) -> bool:
    column = Column(values.name, kind, format=form)
    return not values.to_frame().select(cast(column, values.dtype).is_null().any()).item()
