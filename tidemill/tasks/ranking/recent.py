"""What a request itself says was taken just now: a session that was told to nobody yet. It comes after all that the history knows. numpy only."""

from __future__ import annotations

from collections.abc import Collection, Container, Sequence
from typing import NamedTuple

import numpy as np

from tidemill.features.times import Times
from tidemill.features.transforms import decay
from tidemill.tasks.ranking.rank import F8
from tidemill.types import Micros


class Row(NamedTuple):
    """An item as if it were a row of the history."""

    item: str
    at: Micros
    value: float = 1.0


def heard(recent: Sequence[str], catalogue: Container[str], own: Collection[str]) -> list[str]:
    """Those that the model or the subject's history knows: what nobody sells is offered to nobody.

    >>> heard(["mug", "mgu"], {"mug", "lamp"}, [])
    ['mug']
    """
    return [item for item in recent if item in catalogue or item in own]


def rows_of(recent: Sequence[str], at: Micros) -> list[Row]:
    """One each, the last one a microsecond before the request.

    >>> rows_of(["mug", "lamp"], 10)
    [Row(item='mug', at=8, value=1.0), Row(item='lamp', at=9, value=1.0)]
    """
    return [Row(item, at - len(recent) + place) for place, item in enumerate(recent)]


def with_recent(
    items: Sequence[str], values: F8, rows: Sequence[Row], at: Micros, half_life: Micros
) -> tuple[list[str], F8]:
    """Items, sorted, and their decayed counts, these rows among them."""
    counts = dict(zip(items, values.tolist()))
    for row in rows:
        counts[row.item] = counts.get(row.item, 0.0) + float(decay(np.array(at - row.at), half_life))
    names = sorted(counts)
    return names, np.array([counts[name] for name in names], np.float64)


def times_with(items: Sequence[str], times: Times, rows: Sequence[Row]) -> Times:
    """How often, first and last, in the order of `with_recent`. ``items``: those that ``times`` is of."""
    places = {name: place for place, name in enumerate(items)}
    for row in rows:
        places.setdefault(row.item, len(places))
    new = len(places) - len(items)
    counts, first, last = (
        np.concatenate([one, np.zeros(new, np.int64)]) for one in (times.counts, times.first, times.last)
    )
    for row in rows:
        place = places[row.item]
        first[place] = first[place] if counts[place] else row.at
        counts[place] += 1
        last[place] = row.at
    order = np.array([places[name] for name in sorted(places)], np.int64)
    return Times(counts, first, last, times.visits + len(rows)).take(order)
