"""A refit of the champion's own recipe: shrunk to what refits have gained before, promoted on the gain that is expected.

One window of a small shop cannot tell a refit that is 2 % worse from one that is equal. What earlier refits gained is
evidence too, and most refits are alike: the prior is that of the last windows, with a part for a refit that is broken.
Measured: docs/decisions/0032-gates-that-can-decide.md. All of it works on arrays, so that simulations run the gate's own code.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

F8 = NDArray[np.float64]
LEAST, MOST = 3, 8
"""Past windows: with fewer nothing is known of refits; older ones are of another time."""
UNKNOWN = 0.02
"""The spread of what refits gain where nothing is known of them; the mean is 0."""
FLOOR = 0.01
"""The least spread: what a refit gains is never known more exactly."""
BROKEN, BROKEN_SPREAD = 0.05, 0.15
"""The share of refits that are broken (a fault in the data, a fit that failed), and how much these differ."""
ALLOWED = 0.06
"""The chance of losing more than the margin with which a refit is still promoted: at 0.10 one that loses 10 % passes 4 times in 100."""
SHOWN = 0.5
"""The chance of losing more than the margin from which it is called worse."""


class Prior(NamedTuple):
    """What refits of this recipe gain: mean and spread, from how many past windows."""

    mean: Any = 0.0
    spread: Any = UNKNOWN
    windows: int = 0


def prior_of(gains: ArrayLike, errors: ArrayLike) -> Prior:
    """From the gain of each past refit and its standard error (the last axis, newest last): the last `MOST` of them.

    The mean is shrunk to 0, the spread is DerSimonian and Laird's with a floor, and what is not known of the mean is in it.

    >>> prior_of([0.02] * 6, [0.01] * 6).mean.round(4), prior_of([0.02, 0.03], [0.01, 0.01])
    (np.float64(0.0185), Prior(mean=0.0, spread=0.02, windows=0))
    """
    gain = np.asarray(gains, np.float64)[..., -MOST:]
    error = np.maximum(np.asarray(errors, np.float64)[..., -MOST:], 1e-9)
    windows = gain.shape[-1]
    if windows < LEAST:
        return Prior()
    weight = 1 / (error**2 + FLOOR**2)
    total = weight.sum(-1)
    mean, unsure = (weight * gain).sum(-1) / total, 1 / total
    shrunk = UNKNOWN**2 / (UNKNOWN**2 + unsure)
    between = (windows * spread_of(gain, error) + 4 * FLOOR**2) / (windows + 4)
    return Prior(shrunk * mean, np.sqrt(np.maximum(FLOOR**2, between) + shrunk * unsure), windows)


def spread_of(gain: F8, error: F8) -> F8:
    """The variance of the true gain between windows: DerSimonian and Laird (1986), at least 0."""
    weight = 1 / error**2
    total = weight.sum(-1)
    mean = (weight * gain).sum(-1) / total
    heterogeneity = (weight * (gain - mean[..., None]) ** 2).sum(-1)
    scale = total - (weight**2).sum(-1) / total
    found: F8 = np.maximum(0.0, (heterogeneity - (gain.shape[-1] - 1)) / scale)
    return found


NOTHING_KNOWN = Prior()


class Posterior(NamedTuple):
    """The gain that is expected, and the chance of losing more than the margin."""

    expected: Any
    worse: Any


def posterior(gain: ArrayLike, error: ArrayLike, prior: Prior, margin: float) -> Posterior:
    """The prior's two parts (refits as they were, broken ones) after what this window shows.

    >>> [round(float(x), 3) for x in posterior(0.004, 0.0145, Prior(0.018, 0.012, 6), 0.02)]
    [0.012, 0.001]
    """
    from scipy.special import ndtr

    seen, noise = np.asarray(gain, np.float64), np.maximum(np.asarray(error, np.float64), 1e-9)
    parts = []
    for share, mean, spread in ((1 - BROKEN, prior.mean, prior.spread), (BROKEN, 0.0, BROKEN_SPREAD)):
        both = noise**2 + np.square(spread)
        weight = share * np.exp(-0.5 * (seen - mean) ** 2 / both) / np.sqrt(both)
        pull = np.square(spread) / both
        expected, sd = mean + pull * (seen - mean), noise * np.sqrt(pull)
        parts.append((weight, expected, ndtr((-margin - expected) / sd)))
    total = sum(weight for weight, _, _ in parts)
    return Posterior(*(sum(part[0] * part[place] for part in parts) / total for place in (1, 2)))


def promoted(found: Posterior, allowed: float = ALLOWED) -> Any:
    """Whether (each of) these refits is promoted."""
    return (found.expected > 0) & (found.worse < allowed)


def shown_worse(found: Posterior) -> Any:
    """Whether (each of) these refits is called worse."""
    return found.worse > SHOWN
