"""The CUSUM that knows the stream, the loss and the best reference, at the same realised rate of false alarms: nobody is faster."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

F8 = NDArray[np.float64]
KS = np.array([0.3, 0.5, 0.7, 0.85])
"""References, as shares of the loss."""
HS = np.geomspace(0.4, 150, 32)
"""Thresholds, in standard deviations."""


def rates(clean: F8, losses: Sequence[float], sd: float) -> F8:
    """Alarms a window without a loss: by loss, reference and threshold."""
    windows, streams = clean.shape
    references = (np.array(losses)[:, None] * KS).astype(np.float32)[..., None, None]
    limits = (HS * sd).astype(np.float32)[:, None]
    sums = np.zeros((len(losses), len(KS), len(HS), streams), np.float32)
    found = np.zeros(sums.shape[:3])
    for row in clean.astype(np.float32):
        sums += row - references
        np.maximum(sums, 0, out=sums)
        alarm = sums > limits
        found += alarm.sum(-1)
        sums[alarm] = 0
    a_window: F8 = found / (windows * streams)
    return a_window


def threshold(rate: F8, target: float) -> float:
    """In standard deviations, where the rate falls to the target: log-linear between the thresholds and beyond them."""
    there = rate > 0
    if not there.any() or rate[0] <= target:
        return float(HS[0])
    x, y, goal = HS[there], np.log(rate[there]), np.log(target)
    if y[-1] > goal:
        slope, height = np.polyfit(x[max(len(x) - 5, 0) :], y[max(len(x) - 5, 0) :], 1)
        return float((goal - height) / min(slope, -1e-6))
    j = int(np.argmax(y <= goal))
    return float(x[j - 1] + (y[j - 1] - goal) / (y[j - 1] - y[j]) * (x[j] - x[j - 1]))


def delay(share: F8, onset: NDArray[np.int64], loss: float, rate: F8, target: float, sd: float) -> float:
    """The shortest median delay among the references, each at the threshold that gives this rate of false alarms."""
    limits = np.array([threshold(rate[j], target) for j in range(len(KS))])[:, None] * sd
    references = (KS * loss)[:, None]
    sums = np.zeros((len(KS), share.shape[1]))
    first = np.full(sums.shape, np.inf)
    for t, row in enumerate(share):
        sums = np.maximum(sums + row - references, 0)
        alarm = sums > limits
        sums[alarm] = 0
        new = alarm & (t >= onset) & np.isinf(first)
        first[new] = np.broadcast_to(t - onset + 1.0, new.shape)[new]
    return float(np.median(first, axis=-1).min())
