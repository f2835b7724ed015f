"""Two walks of one model side by side: on the same requests, each answered by the fit that was the newest of its walk then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tidemill.backtest.answers import scored_in, together
from tidemill.backtest.course import Course, Gain, gain_of
from tidemill.learning.measures import measure

if TYPE_CHECKING:
    import polars as pl

    from tidemill.backtest.course import Pair
    from tidemill.learning.evaluate import Scored
    from tidemill.types import Micros


@dataclass(frozen=True)
class Walked:
    """A walk's course, and what the fit of each span answered (`tidemill.backtest.answers`)."""

    course: Course
    fits: Sequence[pl.DataFrame]


def between(one: Walked, other: Walked) -> Gain | None:
    """The first against the second, by the spans of whichever has more; None where they did not answer the same requests."""
    return gain_of(one.course.metric, _pairs(one, other))


def _pairs(one: Walked, other: Walked) -> list[Pair]:
    ours, theirs = (dict(_fresh(walk)) for walk in (one, other))
    if measure(one.course.metric).watched_by:  # a placement among the rows of its span: of the same spans alone
        both = [(ours[at], theirs[at]) for at in ours if at in theirs]
        return [pair for pair in both if _same(*pair)]
    if not ours or not theirs:
        return []
    mine, other_ = together(list(ours.values())), together(list(theirs.values()))
    low, high = max(mine.at.min(), other_.at.min()), min(mine.at.max(), other_.at.max())
    mine, other_ = (each.take((each.at >= low) & (each.at <= high)) for each in (mine, other_))
    if not _same(mine, other_):
        return []
    spans = max(one.course.spans, other.course.spans, key=len)
    masks = ((mine.at >= span.start) & (mine.at < span.end) for span in spans)
    return [(mine.take(mask), other_.take(mask)) for mask in masks if mask.any()]


def _fresh(walk: Walked) -> list[tuple[Micros, Scored]]:
    """By the beginning of a span how well its own fit answered it."""
    spans = zip(walk.course.spans, walk.fits, strict=True)
    found = ((span.start, scored_in(fit, span.start, walk.course.unit)) for span, fit in spans)
    return [(at, scored) for at, scored in found if scored is not None]


def _same(one: Scored, other: Scored) -> bool:
    return np.array_equal(one.at, other.at) and np.array_equal(one.units, other.units)
