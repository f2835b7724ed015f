"""Do labels that came contradict the estimates beyond their stated error? Two-sided sums over windows, as the decay test's.

A window's truth is off by d. Of that the steady part of the stated error may be in every window alike (a test is finite, rows are others),
so it is allowed, two standard errors of it, or the least loss that matters; z = (|d| - allowed) / s is summed on each side. Under
the estimate's assumptions the sums drift to 0, and thresholds are of a run between false alarms as the endpoint promises.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from tidemill.learning.measures import Measure
from tidemill.monitor.decay import CLIP, REFERENCES, thresholds
from tidemill.monitor.promise import LEAST_LOSS
from tidemill.store.payloads import Checked
from tidemill.types import Micros

WINDOWS = 2
"""So many windows speak, at least: one mad day is none."""
_Z = 1.959963984540054


class Step(NamedTuple):
    """After a window: the largest sum in shares of its threshold, and since when the estimates are contradicted, if they are."""

    score: float
    since: Micros | None


def stepped(measure: Measure, checked: Sequence[tuple[Micros, Checked | None]], run: float) -> Iterable[Step]:
    """Window by window of one version, oldest first (start, estimate beside truth, if that is there). Once contradicted, it stays so.

    ``run``: windows between two false alarms, at least.
    """
    limits = np.asarray(thresholds(2 * run))
    sums, counts = np.zeros((2, len(REFERENCES))), np.zeros((2, len(REFERENCES)), np.int64)
    began = np.zeros((2, len(REFERENCES)), np.int64)
    since: Micros | None = None
    score = 0.0
    for start, one in checked:
        if one is not None and since is None:
            began = np.where(counts == 0, start, began)
            sums = np.maximum(sums + np.array(_sides(measure, one))[:, None] - REFERENCES, 0.0)
            counts = np.where(sums > 0, counts + 1, 0)
            shares = np.where(counts >= WINDOWS, sums / limits, 0.0)
            score = float(shares.max())
            since = int(began.flat[int(shares.argmax())]) if score >= 1 else None
        yield Step(score, since)


def _sides(measure: Measure, one: Checked) -> tuple[float, float]:
    """How far the truth is above the estimate, and below it, beyond what is allowed; in standard errors."""
    allowed = max(_Z * math.sqrt(one.steady), LEAST_LOSS * abs(measure.mean(one.value)))
    error = math.sqrt(one.chance + one.steady)
    if not error:  # labels that leave nothing to chance
        return (CLIP if one.off > allowed else 0.0), (CLIP if -one.off > allowed else 0.0)
    return min((one.off - allowed) / error, CLIP), min((-one.off - allowed) / error, CLIP)
