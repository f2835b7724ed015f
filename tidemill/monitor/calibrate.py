"""How high the alarm must hang so that the promise about false alarms is kept, from the project's own clean past.

The promise ("1 per quarter") is about alarms that a person sees: one that persists is one. A threshold starts at
Bonferroni over the columns and is raised until a moving-block bootstrap of the past windows' scores keeps the promise
too; the last part of the past, which the fit has not seen, shows what is realised.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.config.policies import FalseAlarms
from tidemill.monitor.drift import Column, Counts, fit_spread
from tidemill.store.payloads import AlarmRate
from tidemill.types import Micros

PERSIST = 3
"""An alarm that comes again within this many windows is the same alarm."""
_BLOCK = 7
_RESAMPLES = 400
_HOLD_OUT = 0.4


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
    columns: Sequence[Column],
    blocks: Sequence[NDArray[np.float64]],
    promise: FalseAlarms,
    window: Micros,
    seed: int = 0,
) -> tuple[list[Column], AlarmRate]:
    """The columns with their spread, and the threshold.

    ``blocks[j]`` holds column j's counts in each past window, in order: shape (windows, bins). A row of zeros is a
    window without rows.
    """
    per_window = promise.per_window(window)
    floor = -math.log(per_window / max(len(columns), 1))
    windows = min((len(b) for b in blocks), default=0)
    if windows < 20 or not columns:
        return list(columns), AlarmRate(floor, promise.at_most, windows=windows)
    tails = [block[-windows:] for block in blocks]
    fitted, scores = _fit(columns, blocks, tails)
    length = max(1, round(promise.span / window))
    threshold, expected = _raise(scores, floor, promise.at_most, length, seed)
    realised, seen = _realised(columns, tails, floor, promise.at_most, length, seed)
    return fitted, AlarmRate(threshold, promise.at_most, expected, realised, seen, windows, "block bootstrap")


def _fit(columns: Sequence[Column], blocks: Sequence[Counts], tails: Sequence[Counts]) -> tuple[list[Column], Counts]:
    """The columns with their spread, and the score of each past window against all the others."""
    scores = np.zeros(len(tails[0]))
    fitted = []
    for column, block, tail in zip(columns, blocks, tails, strict=True):
        found = column.against(block, block.sum(axis=0) - block)
        told = found.df > 0
        fitted.append(replace(column, spread=fit_spread(found.x2[told] / found.df[told], found.g[told])))
        scores = np.maximum(scores, _scores(fitted[-1].p_values(found))[-len(tail) :])
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
    columns: Sequence[Column], tails: Sequence[Counts], floor: float, count: float, length: int, seed: int
) -> tuple[float | None, int]:
    """Alarms per span of the promise on the last part of the past, fitted on the part before it."""
    held = int(len(tails[0]) * _HOLD_OUT)
    if len(tails[0]) - held < 20:
        return None, 0
    early = [tail[:-held] for tail in tails]  # what lies before the common part is left out: it may be of another time
    fitted, past = _fit(columns, early, early)
    threshold, _ = _raise(past, floor, count, length, seed)
    scores = np.zeros(held)
    for column, before, tail in zip(fitted, early, tails, strict=True):
        late = tail[-held:]
        found = column.against(late, np.broadcast_to(before.sum(axis=0), late.shape))
        scores = np.maximum(scores, _scores(column.p_values(found)))
    return float(onsets(scores > threshold)) * length / held, held
