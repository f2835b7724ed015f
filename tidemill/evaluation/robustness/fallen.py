"""What falls say in words and in a table, the same in the card, on the page and by a gate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from tidemill.evaluation.robustness.changed import CHANGES, MISSING, SHUFFLED
from tidemill.evaluation.robustness.falls import LEAST, SHARES, Fall, Robustness, share_of
from tidemill.learning.measures import measure
from tidemill.types import JsonObject

SHOWN = 12
"""Columns in the card; the record has all."""


def read(told: JsonObject) -> Robustness:
    """What an examination found."""
    return msgspec.convert(told, Robustness)


def card(told: JsonObject) -> str:
    """A table of columns by changes, the worst first."""
    found = read(told)
    head = f"## Robustness\nHow much worse {found.metric} is, in shares of {measure(found.metric).text(found.figure)}"
    head += f", where a column of {found.rows:,} rows of the test is changed"
    if not found.enough:
        return f"{head}: not enough data, {found.units} {found.unit} are fewer than {LEAST}."
    lines = [f"- {line}." for line in sentences(found)]
    return "\n".join([f"{head}; 95 % intervals by {found.units:,} {found.unit}.\n", *_table(found), "", *lines])


def cells(found: Robustness) -> list[tuple[str, float]]:
    """What is done, to which share of the rows: the columns of a table."""
    changes = [one for one in CHANGES if found.of(one)]
    parts = [(MISSING, share) for share in SHARES[:-1]] if MISSING in changes else []
    return [*parts, *((change, 1.0) for change in changes)]


def by_cell(found: Robustness) -> dict[tuple[str, str, float], Fall]:
    """By column, change and share of rows."""
    return {(one.column, one.change, one.share): one for one in found.falls}


def _table(found: Robustness) -> Iterator[str]:
    heads = cells(found)
    yield "| column | " + " | ".join(named(*one) for one in heads) + " |"
    yield "|---" * (len(heads) + 1) + "|"
    by, names = by_cell(found), worst_first(found)
    for name in names[:SHOWN]:
        yield f"| {name} | " + " | ".join(percent(by.get((name, *cell))) for cell in heads) + " |"
    if len(names) > SHOWN:
        yield f"\n{len(names) - SHOWN} more columns cost less."


def named(change: str, share: float) -> str:
    """
    >>> named("missing", 0.1), named("shuffled", 1.0)
    ('missing in 10%', 'shuffled')
    """
    return change if share == 1 else f"{change} in {share:.0%}"


def worst_first(found: Robustness) -> list[str]:
    """The columns by the worst that is done to them."""
    order: dict[str, float] = {}
    for one in found.falls:
        order[one.column] = max(order.get(one.column, float("-inf")), float("inf") if one.fall is None else one.fall)
    return sorted(order, key=lambda name: order[name], reverse=True)


def percent(one: Fall | None) -> str:
    """
    >>> percent(Fall("a", "missing", 1.0, 1.0, 0.5, 0.1, 0.3, 0.7)), percent(Fall("a", "missing", 1.0, error="no"))
    ('+50.0 % (+30.0 to +70.0)', 'fails: no')
    """
    if one is None:
        return ""
    if one.error:
        return f"fails: {one.error}"
    return share_of(one.fall, one.low, one.high)


def sentences(found: Robustness) -> list[str]:
    """The column whose loss costs most; where a simpler model or the champion is better then; what is not taken away."""
    missing = [one for one in found.of(MISSING) if one.fall is not None]
    shuffled = [one for one in found.of(SHUFFLED) if one.fall is not None]
    told = [f"the most is lost without {missing[0].column}: {percent(missing[0])}"] if missing else []
    if not missing and shuffled:
        told = [f"the most hangs on {shuffled[0].column}: {percent(shuffled[0])} where it is shuffled"]
    left = [f"not taken away: {', '.join(found.skipped)}"] if found.skipped else []
    return [*told, *beside(missing), *left]


def beside(falls: Sequence[Fall]) -> list[str]:
    """Where another model is shown to be better once a column is missing.

    >>> beside([Fall("a", "missing", 1.0, above={"linear": (-0.2, -0.3, -0.1), "champion": (0.1, -0.1, 0.3)})])
    ['without a linear is better, by 20.0 % (10.0 to 30.0)']
    """
    losing = [(one.column, who, above) for one in falls for who, above in one.above.items() if above[2] < 0]
    return [
        f"without {name} {who} is better, by {-mean * 100:.1f} % ({-high * 100:.1f} to {-low * 100:.1f})"
        for name, who, (mean, low, high) in losing
    ]
