"""Whether probabilities were right: by label, the mean that was predicted beside the share that came true. numpy only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tidemill.learning.labelled import LabelledPrediction, answer_of
from tidemill.types import JsonObject

F8 = NDArray[np.float64]
MOST_LABELS = 20
WITHIN = "within the interval"
"""What a window calls it that the truth lay within what was answered."""
_CLUSTERS = 10  # units, from which on their own differences are known
_Z = 1.959964
_PLACES = 4


def calibration(scored: Sequence[LabelledPrediction]) -> JsonObject:
    """{label: {"predicted": mean, "observed": [share, low, high]}} of answers that are about the same labels; else nothing.

    The interval is that of the share, 95 %: what chance and units (subjects, else days) that err together leave open. A
    predicted mean outside of it is a probability that was not right.

    >>> from tidemill.testing.records import prediction
    >>> half = [LabelledPrediction(prediction(), {"no": 0.5, "yes": 0.5}, truth) for truth in ("no", "yes") * 200]
    >>> calibration(half)["yes"]
    {'predicted': 0.5, 'observed': [0.5, 0.451, 0.549]}
    """
    labels = {tuple(j.told) for j in scored}
    if len(labels) != 1 or not (names := next(iter(labels))) or len(names) > MOST_LABELS:
        return {}
    _, units = np.unique([j.unit for j in scored], return_inverse=True)
    return {name: _of(name, scored, units) for name in names}


def interval_calibration(scored: Sequence[LabelledPrediction]) -> JsonObject:
    """The same of values that were answered with an interval: that the truth lies within it was told with its level."""
    found = [
        (answer["level"], answer["lower"] <= j.truth <= answer["upper"], j.unit)
        for j in scored
        if "level" in (answer := answer_of(j.prediction))
    ]
    if not found:
        return {}
    level, inside, units = zip(*found, strict=True)
    told, true = np.array(level, np.float64), np.array(inside, np.float64)
    return {WITHIN: _share(told, true, np.unique(units, return_inverse=True)[1])}


def _of(name: str, scored: Sequence[LabelledPrediction], units: NDArray[np.int64]) -> JsonObject:
    chance = np.array([float(j.told[name]) for j in scored])
    true = np.array([float(j.truth == name) for j in scored])
    return _share(chance, true, units)


def _share(chance: F8, true: F8, units: NDArray[np.int64]) -> JsonObject:
    wrong = np.bincount(units, weights=true - chance)
    variance = max(float((chance * (1 - chance)).sum()), float((true - true.mean()).var() * len(true)))
    if len(wrong) >= _CLUSTERS:
        variance = max(variance, float(((wrong - wrong.mean()) ** 2).sum()))
    share, reach = float(true.mean()), _Z * variance**0.5 / len(true)
    interval = [share, max(share - reach, 0.0), min(share + reach, 1.0)]
    return {"predicted": round(float(chance.mean()), _PLACES), "observed": [round(x, _PLACES) for x in interval]}
