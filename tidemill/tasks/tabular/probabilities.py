"""Probabilities as they came true on a window of their own: the map that a bundle keeps, and how it is served. numpy only.

Two kinds. ``platt``: the logarithms of the probabilities by one slope, and a shift for each label (of two labels Platt's sigmoid).
``isotonic``: of two labels, how often each probability came true, never falling. ``weights``: how much the rows of each label counted
in training; what that moved is taken back before (Elkan 2001).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ModelError
from tidemill.types import JsonObject

F8 = NDArray[np.float64]
FILE = "calibration.json"
LEAST = 1e-12
Map = Callable[[F8], F8]
"""Probabilities of all labels, of one row or of many → those that come true."""


def open_map(said: JsonObject) -> Map:
    """The map of a bundle. Raises ModelError.

    >>> open_map({"kind": "isotonic", "told": [0.2, 0.8], "came": [0.1, 0.5]})(np.array([0.5, 0.5])).round(2).tolist()
    [0.7, 0.3]
    """
    if "weights" in said:
        weights, then = (
            np.array(said["weights"], np.float64),
            open_map({k: v for k, v in said.items() if k != "weights"}),
        )
        return lambda chance: then(unweighted(chance, weights))
    if said["kind"] == "isotonic":
        told, came = (np.array(said[name], np.float64) for name in ("told", "came"))
        return lambda chance: _two(np.interp(chance[..., 1], told, came))
    if said["kind"] == "platt":
        slope, shift = float(said["slope"]), np.array(said["shift"], np.float64)
        return lambda chance: scaled(chance, slope, shift)
    raise ModelError(f"no map of probabilities {said['kind']!r}")


def scaled(chance: F8, slope: float, shift: F8) -> F8:
    """Platt's map: the odds to the power of ``slope``, times e to the ``shift``."""
    eta = slope * np.log(np.maximum(chance, LEAST)) + shift
    odds = np.exp(eta - eta.max(axis=-1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=-1, keepdims=True))


def unweighted(chance: F8, weights: F8) -> F8:
    """Probabilities of one whose rows counted so much by label, as they are where all count alike.

    >>> unweighted(np.array([0.5, 0.5]), np.array([1.0, 9.0])).round(2).tolist()
    [0.9, 0.1]
    """
    return scaled(chance, 1.0, -np.log(weights))


def both_labels(told: F8, labels: list[Any] | None) -> F8:
    """Answers with the probability of each label, where that of the second alone is told: rows x outputs."""
    return told if labels is None or told.shape[1] > 1 or len(labels) < 2 else np.hstack([1 - told, told])


def _two(chance: F8) -> F8:
    return np.stack([1.0 - chance, chance], axis=-1)
