"""Which of a contract's tests can fail at all on these rows: most cannot, and those are not asked of every row.

A range cannot be broken where the least and the greatest value keep it; a pattern that every different value matches is
matched by all rows. What is left is asked as it was: screening changes no outcome.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

LEAST_ROWS = 20_000
"""Below so many rows asking is cheaper than screening."""
_SAMPLE = 5_000
_FEW = 20  # a column is screened by value where its sample has this many rows a value, or more


@dataclass(frozen=True, slots=True)
class Check:
    """One test of one column. ``fails``: where it fails, row by row (null is: it does not).

    ``possible``: an aggregate that is true whenever a row can fail; None for tests of texts, which are screened by value.
    """

    reason: str
    column: str
    fails: pl.Expr
    possible: pl.Expr | None = None


def screen(tests: Sequence[Check], frame: pl.DataFrame) -> list[Check]:
    """The tests that can fail on these rows, in their order."""
    if frame.height < LEAST_ROWS:
        return list(tests)
    aggregates = [(str(i), test.possible) for i, test in enumerate(tests) if test.possible is not None]
    can = (
        frame.lazy().select(a.alias(name) for name, a in aggregates).collect().row(0, named=True) if aggregates else {}
    )
    values = {name: _values(frame[name]) for name in {t.column for t in tests if t.possible is None}}
    kept = []
    for i, test in enumerate(tests):
        if test.possible is not None:
            kept += [test] if can[str(i)] else []
        elif values[test.column] is None:
            kept.append(test)
        else:
            kept += _by_value(test, values[test.column])
    return kept


def _values(column: pl.Series) -> pl.Series | None:
    """The column's different values, where a sample from all over it says that they are few."""
    sample = column.gather_every(max(1, len(column) // _SAMPLE))
    return column.unique() if sample.n_unique() * _FEW <= len(sample) else None


def _by_value(test: Check, values: pl.Series | None) -> list[Check]:
    if values is None:
        return [test]
    failing = values.to_frame().filter(test.fails.fill_null(False)).to_series()
    return [replace(test, fails=pl.col(test.column).is_in(failing.implode()))] if len(failing) else []
