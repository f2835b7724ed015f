"""What each kind of difference adds to the difference of a metric. Pure functions, on what each request adds to its mean.

Two versions are rebuilt here with either's data and either's parameters: four corners. What data and what parameters add is Shapley's share:
the mean over both orders in which one becomes the other, so that none is favoured. What is left between the versions as they are and the
corners as they are rebuilt here is of code and environment. Request by request these add up to the whole, so that each has a paired interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.learning.intervals import LEVEL, clustered_error, paired_bootstrap

F8 = NDArray[np.float64]
CORNERS = ("", "data", "parameters", "data parameters")
"""What is of the other version in a rebuild of the one."""


@dataclass(frozen=True)
class Term:
    """What one kind adds, in the metric's own unit and direction, with its interval."""

    kind: str
    adds: float
    low: float
    high: float


def shares(corners: Mapping[str, F8], one: F8, other: F8) -> dict[str, F8]:
    """What data, parameters, and code with environment add to each request, from the one to the other.

    >>> corners = {"": 1.0, "data": 2.0, "parameters": 4.0, "data parameters": 7.0}
    >>> found = shares({name: np.array([v]) for name, v in corners.items()}, np.array([1.0]), np.array([7.5]))
    >>> {kind: float(v[0]) for kind, v in found.items()}
    {'data': 2.0, 'parameters': 4.0, 'code and environment': 0.5}
    """
    none, data, parameters, both = (corners[name] for name in CORNERS)
    return {
        "data": ((data - none) + (both - parameters)) / 2,
        "parameters": ((parameters - none) + (both - data)) / 2,
        "code and environment": (other - both) - (one - none),
    }


def terms(found: Mapping[str, F8], units: NDArray[Any], scale: float, seed: int) -> list[Term]:
    """Each with its interval. ``scale``: from a mean's difference to the figure's."""
    told = []
    for kind, values in found.items():
        gain = paired_bootstrap(values, np.zeros(len(values)), units, seed)
        told.append(Term(kind, *(scale * x for x in (gain.mean, gain.low, gain.high))))
    return told


def of_window(own: F8, own_units: NDArray[Any], fixed: F8, units: NDArray[Any], scale: float) -> Term:
    """What another test window adds: one model's answers to both, which are other requests, so that nothing is paired."""
    differs = float(fixed.mean() - own.mean())
    error = float(np.hypot(clustered_error(own, own_units), clustered_error(fixed, units)))
    z = NormalDist().inv_cdf(LEVEL[1])
    return Term("window", scale * differs, scale * (differs - z * error), scale * (differs + z * error))


def scale_of(root: bool, one: float, other: float) -> float:
    """From the difference of two means to that of their figures: of a root it is divided by the sum of both.

    >>> scale_of(True, 3.0, 5.0) * (25.0 - 9.0)
    2.0
    """
    return 1 / (one + other) if root and one + other > 0 else 1.0
