"""How high the alarm must hang so that the promise about false alarms is kept, from the project's own clean past.

The promise ("1 per quarter") is about alarms that a person sees: one that persists is one. A threshold starts at
Bonferroni over the columns and is raised until a moving-block bootstrap of the past windows' scores keeps the promise
too; the last part of the past, which the fit has not seen, shows what is realised.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.config.policies import FalseAlarms
from tidemill.monitor.drift import ENOUGH, Column, Counts, Samples, fit_spread
from tidemill.store.payloads import AlarmRate
from tidemill.types import DAY, Micros

PERSIST = 3
"""An alarm that comes again within this many windows is the same alarm."""
_BLOCK = 7
_RESAMPLES = 400
_HOLD_OUT = 0.4
_WEEKS = 8  # of the past, before weekdays are looked at
_CLEARER = 0.7  # X2 against the same weekdays beside X2 against all days, from which weekdays differ


@dataclass(frozen=True, slots=True)
class Blocks:
    """A column's counts in each past window, in order: shape (windows, bins). A row of zeros is a window without rows.

    ``first`` is the first window's number, in windows since 1970.
    """

    counts: Counts
    first: int = 0

    def __len__(self) -> int:
        return len(self.counts)

    def part(self, start: int, end: int) -> Blocks:
        """Those of these places."""
        return Blocks(self.counts[start:end], self.first + start)

    def sums(self, period: int) -> Counts:
        """Over the windows of each phase: shape (period, bins)."""
        found = np.zeros((period, self.counts.shape[1]))
        np.add.at(found, self.phases(period), self.counts)
        return found

    def phases(self, period: int) -> NDArray[np.int64]:
        """Of each window: its number by the period."""
        return (self.first + np.arange(len(self.counts))) % period

    def others(self, period: int) -> Counts:
        """For each window what all the others of its phase hold."""
        return self.sums(period)[self.phases(period)] - self.counts


def by_weekday(column: Column, blocks: Blocks, window: Micros) -> Column:
    """The column with the baseline's counts, and with those of each weekday where windows are days and weekdays clearly differ."""
    column = replace(column, counts=tuple(blocks.counts.sum(axis=0).tolist()))
    if window != DAY or len(blocks) < 7 * _WEEKS or column.kind == "new":
        return column
    alike, all_ = (column.against(blocks.counts, blocks.others(period)) for period in (7, 1))
    told = (alike.df > 0) & (all_.df > 0)
    if not told.any() or _ratio(alike, told) > _CLEARER * _ratio(all_, told):
        return column
    return replace(column, phases=tuple(tuple(row) for row in blocks.sums(7).tolist()))


def _ratio(found: Samples, told: NDArray[np.bool_]) -> float:
    return float((found.x2[told] / found.df[told]).mean())


def onsets(alarms: Sequence[bool] | NDArray[np.bool_]) -> Any:
    """How many alarms a person sees: those within `PERSIST` windows of the one before are the same. Of each row, if there are some.

    >>> int(onsets([True, True, False, True, False, False, False, True]))
    2
    """
    alarm = np.asarray(alarms, np.bool_)
    recent = np.zeros_like(alarm)
    for back in range(1, PERSIST + 1):
        recent[..., back:] |= alarm[..., :-back]
    return (alarm & ~recent).sum(axis=-1)


def calibrate(
    columns: Sequence[Column], blocks: Sequence[Blocks], promise: FalseAlarms, window: Micros, seed: int = 0
) -> tuple[list[Column], AlarmRate]:
    """The columns with their spread, and the threshold. ``blocks[j]`` is column j's past."""
    per_window = promise.per_window(window)
    floor = -math.log(per_window / max(len(columns), 1))
    windows = min((len(b) for b in blocks), default=0)
    if windows < ENOUGH or not columns:
        return _fit(columns, blocks, windows)[0], AlarmRate(floor, promise.at_most, windows=windows)
    tails = [block.part(len(block) - windows, len(block)) for block in blocks]
    fitted, scores = _fit(columns, blocks, windows)
    length = max(1, round(promise.span / window))
    threshold, expected = _raise(scores, floor, promise.at_most, length, seed)
    realised, seen = _realised(columns, tails, floor, promise.at_most, length, seed)
    return fitted, AlarmRate(threshold, promise.at_most, expected, realised, seen, windows, "block bootstrap")


def _fit(columns: Sequence[Column], blocks: Sequence[Blocks], windows: int) -> tuple[list[Column], Counts]:
    """The columns with their spread, and the score of each of the last past windows against all the others."""
    scores = np.zeros(windows)
    fitted = []
    for column, block in zip(columns, blocks, strict=True):
        found = column.against(block.counts, block.others(max(len(column.phases), 1)))
        told = found.df > 0
        spread = fit_spread(found.x2[told] / found.df[told], found.g[told], clumped=column.rho > 0)
        fitted.append(replace(column, spread=spread))
        scores = np.maximum(scores, _scores(fitted[-1].p_values(found))[-windows:])
    return fitted, scores


def _scores(p: Counts) -> Counts:
    scores: Counts = -np.log(np.maximum(p, 1e-300))
    return scores


def _raise(scores: Counts, floor: float, count: float, length: int, seed: int) -> tuple[float, float]:
    """The lowest threshold from ``floor`` on at which the bootstrap, with its standard error, keeps the promise.

    Also what it expects there. Where even the highest score of a short past leaves too much unknown, the tail is taken
    to fall as it does among the higher scores.
    """
    samples = scores[_block_indices(len(scores), length, seed)]
    expected, threshold = 0.0, floor
    for threshold in [floor, *sorted(float(s) for s in scores if s > floor)]:
        seen = onsets(samples > threshold)
        expected, error = float(seen.mean()), float(seen.std()) * (length / len(scores)) ** 0.5
        if expected + error <= count:
            break
    unknown = length / len(scores) / count
    if expected == 0.0 and unknown > 1.0:
        high = np.sort(scores)[-max(5, len(scores) // 10) :]
        threshold += math.log(unknown) * max(1.0, float(high.mean() - high[0]))
    return threshold, expected


def _block_indices(count: int, length: int, seed: int) -> NDArray[np.intp]:
    """Rows of indices of a moving-block bootstrap: shape (resamples, length)."""
    rng = np.random.default_rng(seed)
    block = min(_BLOCK, count)
    starts = rng.integers(0, count - block + 1, size=(_RESAMPLES, -(-length // block)))
    return (starts[:, :, None] + np.arange(block)).reshape(_RESAMPLES, -1)[:, :length]


def _realised(
    columns: Sequence[Column], tails: Sequence[Blocks], floor: float, count: float, length: int, seed: int
) -> tuple[float | None, int]:
    """Alarms per span of the promise on the last part of the past, fitted on the part before it."""
    held = int(len(tails[0]) * _HOLD_OUT)
    if len(tails[0]) - held < ENOUGH:
        return None, 0
    # what lies before the common part is left out: it may be of another time
    early = [tail.part(0, len(tail) - held) for tail in tails]
    late = [tail.part(len(tail) - held, len(tail)) for tail in tails]
    fitted, past = _fit(columns, early, len(early[0]))
    threshold, _ = _raise(past, floor, count, length, seed)
    scores = np.zeros(held)
    for column, before, after in zip(fitted, early, late, strict=True):
        period = max(len(column.phases), 1)
        found = column.against(after.counts, before.sums(period)[after.phases(period)])
        scores = np.maximum(scores, _scores(column.p_values(found)))
    return float(onsets(scores > threshold)) * length / held, held
