"""Times as files write them that do not keep to ISO 8601: which format all values of a text column have, in the standard's letters."""

from __future__ import annotations

from itertools import product

import polars as pl

from tidemill.data.check.column import Column
from tidemill.data.check.columns import cast

_DIGITS = ("yyyy/MM/dd", "yyyy.MM.dd", "dd.MM.yyyy", "dd/MM/yyyy", "MM/dd/yyyy", "dd-MM-yyyy", "MM-dd-yyyy")
_DATES = (*_DIGITS, "MMM d yyyy", "MMM d, yyyy", "d MMM yyyy", "dd-MMM-yyyy")
_CLOCKS = (" HH:mm:ss", " HH:mm")
FORMATS = (*(("date", day) for day in _DATES), *(("timestamp", day + clock) for day, clock in product(_DATES, _CLOCKS)))
# four digits of a year, or a month by name: 1.5.2 is no time
_LIKE = r"^\s*(?:\d{4}[./]\d{1,2}[./]\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{4}|[A-Za-z]{3} \d{1,2},? \d{4}|\d{1,2}[ -][A-Za-z]{3}[ -]\d{4})(?:$|\s)"


def written_as(values: pl.Series) -> list[tuple[str, str]]:
    """(logicalType, format) of every format that all values have: one says what they are, two say that it cannot be told.

    >>> written_as(pl.Series(["2012/01/31", None])), written_as(pl.Series(["01/02/2012"])), written_as(pl.Series(["1.5"]))
    ([('date', 'yyyy/MM/dd')], [('date', 'dd/MM/yyyy'), ('date', 'MM/dd/yyyy')], [])
    """
    known = values.drop_nulls().unique()
    if not isinstance(values.dtype, pl.String) or not len(known) or not known.str.contains(_LIKE).all():
        return []
    return [(kind, form) for kind, form in FORMATS if _fits(known, kind, form)]


def _fits(values: pl.Series, kind: str, form: str) -> bool:
    column = Column(values.name, kind, format=form)
    return not values.to_frame().select(cast(column, values.dtype).is_null().any()).item()
