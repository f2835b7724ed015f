"""A confidence sequence: an interval that holds the truth at every moment at once, however often and whenever one looks. Stdlib only.

The bet against "the difference is d" is Robbins' normal mixture (1970): its fair value is 1, and it grows to 1 / alpha with at most
that chance (Ville). With d̂ known to a standard error s, and stakes spread as N(0, τ²),

    s²/τ² = r:   |d̂ − d| ≥ s √((1 + r) (2 log(1/alpha) + log(1 + 1/r)))

is outside. Of means with an estimated error this holds as subjects come in (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024,
"Time-uniform central limit theory and asymptotic confidence sequences", theorem 2.2; Howard et al. 2021 on the mixture); of few
subjects the error is widened until the normal tail is Student's. What one subject does is not independent over time, and
need not be: the estimates of two moments are then closer to one another than those of independent steps, and the bound is crossed less often.
"""

from __future__ import annotations

import math
from statistics import NormalDist

ALPHA = 0.05
POWER = 0.8
_NORMAL = NormalDist()


def half_width(error: float, tau: float, alpha: float = ALPHA) -> float:
    """How far the interval reaches to either side of the estimate. ``error``: its standard error; ``tau``: what it is tuned to.

    >>> round(half_width(0.01, tuned(0.04)) / 0.01, 2), round(half_width(0.001, tuned(0.04)) / 0.001, 2)
    (3.04, 3.57)
    """
    r = (error / tau) ** 2
    return error * math.sqrt((1 + r) * (2 * math.log(1 / alpha) + math.log1p(1 / r))) if error > 0 else 0.0


def tuned(effect: float, alpha: float = ALPHA) -> float:
    """The spread of the stakes with which an effect of this size is found with the fewest subjects (`POWER` of the time).

    >>> round(tuned(0.05), 4)
    0.037
    """
    wide, k = _narrowest(alpha)
    return effect / (k + _NORMAL.inv_cdf(POWER)) * math.sqrt(wide)


def needed(effect: float, tau: float, alpha: float = ALPHA) -> float:
    """The standard error at which an effect of this size has been found in `POWER` of the tests.

    That is the chance at one look; who looks all the time finds it a little earlier.

    >>> round(0.05 / needed(0.05, tuned(0.05)), 2)
    3.88
    """
    low, high = effect * 1e-3, effect
    for _ in range(60):
        middle = (low + high) / 2
        found = (effect - half_width(middle, tau, alpha)) / middle >= _NORMAL.inv_cdf(POWER)
        low, high = (middle, high) if found else (low, middle)
    return low


def student(reach: float, error: float, freedom: float) -> float:
    """So many errors, widened until they have the chance in Student's tail that they have in the normal's.

    Hill's expansion of the quantile: off by less than 1 % from 10 degrees of freedom on.

    >>> round(student(3.0, 1.0, 1e9), 3), round(student(3.0, 1.0, 30.0), 2)
    (3.0, 3.27)
    """
    z = reach / error if error > 0 else 0.0
    return reach * (1 + (z**2 + 1) / (4 * freedom) + (5 * z**4 + 16 * z**2 + 3) / (96 * freedom**2))


def _narrowest(alpha: float) -> tuple[float, float]:
    """(τ²/s² with which the interval is narrowest at an error s, its half width in errors)."""
    low, high = 1.0, 1_000.0

    def squared(x: float) -> float:
        return (1 + 1 / x) * (2 * math.log(1 / alpha) + math.log1p(x))

    for _ in range(80):  # it falls, then rises
        a, b = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, b) if squared(a) < squared(b) else (a, high)
    return low, math.sqrt(squared(low))
