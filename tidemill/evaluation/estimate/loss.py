"""A model of the error: how large it is on average where the answer and the columns lie in these bins. numpy only.

Its logarithm is a sum over bins, fitted as a Poisson mean is (any positive errors may be: Gourieroux, Monfort, Trognon 1984): then
the errors of the test in each bin come out right, and so does the mean of rows that are spread over the bins in another way.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from tidemill.evaluation.estimate.expected import Expected

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]
MOST = 4
"""So many columns at most, those along which errors differ most."""
HELD = 5.0
"""Each bin is drawn to the mean as by so many rows."""
_STEPS, _NEAR, _REACH = 25, 1e-8, 20.0


class LossModel(msgspec.Struct, frozen=True):
    """``mean`` times e to the sum of the ``weights`` of a row's bins; ``columns``: places of the columns among all."""

    mean: float
    columns: tuple[int, ...] = ()
    weights: tuple[tuple[float, ...], ...] = ()
    start: float = 0.0
    ratio: float = 0.0
    """The variance of an error in shares of the square of its mean."""

    def of(self, places: I8) -> Expected:
        """The errors of rows with these bins (rows x all columns)."""
        eta = np.full(len(places), self.start)
        for column, weights in zip(self.columns, self.weights, strict=True):
            eta += np.asarray(weights)[places[:, column]]
        mean = self.mean * np.exp(np.clip(eta, -_REACH, _REACH))
        return Expected(mean, self.ratio * mean**2)


def fit_loss(losses: F8, places: I8, bins: Sequence[int]) -> LossModel:
    """The model of these errors; ``bins``: how many each column has. Where none is above 0, that none is."""
    mean = float(losses.mean())
    if mean <= 0:
        return LossModel(0.0)
    scaled = losses / mean
    columns = _telling(scaled, places, bins)
    shown = [np.eye(bins[column])[places[:, column]] for column in columns]
    start, weights = _poisson(scaled, np.hstack([np.ones((len(scaled), 1)), *shown]))
    ends = np.cumsum([bins[column] for column in columns])[:-1]
    parts = tuple(tuple(part.tolist()) for part in np.split(weights, ends)) if columns else ()
    made = LossModel(mean, columns, parts, start)
    told = made.of(places).mean
    ratio = float(((losses - told) ** 2).sum() / (told**2).sum())
    return msgspec.structs.replace(made, ratio=ratio)


def _telling(scaled: F8, places: I8, bins: Sequence[int]) -> tuple[int, ...]:
    """The columns along which errors differ beyond what chance makes of it, the most telling first."""
    variance, found = float(scaled.var()), list[tuple[float, int]]()
    for column, many in enumerate(bins):
        counts = np.bincount(places[:, column], minlength=many)
        sums = np.bincount(places[:, column], scaled - scaled.mean(), many)
        spread = float((sums**2 / np.maximum(counts, 1)).sum())
        free = max(int((counts > 0).sum()) - 1, 0)
        found.append((spread - 2 * free * variance, column))
    return tuple(column for gain, column in sorted(found, reverse=True)[:MOST] if gain > 0)


def _poisson(losses: F8, shown: F8) -> tuple[float, F8]:
    """Intercept and weights by Newton's steps, shrunk by `HELD`; the intercept is free, so that the sum of the means is that of the losses."""
    held = np.full(shown.shape[1], HELD)
    held[0] = 0.0
    weights = np.zeros(shown.shape[1])
    for _ in range(_STEPS):
        mean = np.exp(np.clip(shown @ weights, -_REACH, _REACH))
        slope = shown.T @ (losses - mean) - held * weights
        curve = (shown * mean[:, None]).T @ shown + np.diag(held + 1e-9)
        step = np.linalg.solve(curve, slope)
        weights = weights + step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        if float(np.abs(step).max()) < _NEAR:
            break
    return float(weights[0]), weights[1:]
