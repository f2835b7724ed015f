"""What a walk through the past is asked for, and where it cuts: moments a fixed span apart, up to the end of the data."""

from __future__ import annotations

from dataclasses import dataclass

from tidemill.errors import BadRequest, NotEnoughData
from tidemill.types import DAY, Micros, to_iso

MOST = 60  # cuts: each fit answers every span after it
TO_LEARN = 3
"""A third of the time is learned from before the first cut, where nobody says from when on: the first model is a fair one."""

Span = tuple[Micros, Micros]
WALK = "backtest"
"""The name of its pipeline."""
FIRST, EACH = "first", "each"
"""How the recipe is come by: searched once at the first cut, or anew at each; else the version is named whose recipe it is."""


@dataclass(frozen=True)
class Asked:
    """What a walk is asked for, as the command line says it."""

    model: str | None = None
    every: str = "30 days"
    since: str | None = None
    recipe: str = FIRST
    loop: bool = False  # with the loop's own policy
    endpoint: str | None = None  # whose policy, where several serve the model


def spans_of(first: Micros, last: Micros, every: Micros, since: Micros | None, test: Micros) -> list[Span]:
    """Each cut with the next one, oldest first, of rows from the first to the last moment; whole days where it is days apart.

    ``since``: the first cut; the last span may then be a short one. ``test``: the length of a validation window, and how long
    labels are open: a search needs that, and as much before it. Raises NotEnoughData where not one span fits, BadRequest for
    more than `MOST`.

    >>> [(a // DAY, b // DAY) for a, b in spans_of(0, 365 * DAY - 5, 60 * DAY, None, 28 * DAY)]
    [(125, 185), (185, 245), (245, 305), (305, 365)]
    >>> [(a // DAY, b // DAY) for a, b in spans_of(0, 365 * DAY - 5, 60 * DAY, 250 * DAY, 28 * DAY)]
    [(250, 310), (310, 365)]
    """
    end, earliest = (last // DAY + 1) * DAY if every >= DAY else last + 1, first + 2 * test
    begin = max(earliest, first + (end - first) // TO_LEARN) if since is None else since
    if begin < earliest or end - begin < every:
        raise _too_long(first, last, every, begin, earliest)
    start = begin if since is not None else end - (end - begin) // every * every
    cuts = range(start, end, every)
    if len(cuts) > MOST:
        hint = f"a longer --every, or a later --since: at most {MOST}"
        raise BadRequest(f"{len(cuts):,} models would be fitted", place="--every", hint=hint)
    return list(zip(cuts, [*cuts[1:], end]))


def _too_long(first: Micros, last: Micros, every: Micros, begin: Micros, earliest: Micros) -> NotEnoughData:
    there = f"the data goes from {to_iso(first)} to {to_iso(last)}"
    if begin < earliest:
        message = f"{there}: before {to_iso(begin)} there is too little to choose a model by"
        return NotEnoughData(message, place="--since", hint=f"not before {to_iso(earliest)}, or a shorter split.test")
    message = f"{there}: from {to_iso(begin)} on no span of this length fits"
    return NotEnoughData(message, place="--every", hint="a shorter --every, an earlier --since, or more data")
