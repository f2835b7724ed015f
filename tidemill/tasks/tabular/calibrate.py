"""The map of probabilities, fitted to answers of a window that the model did not learn from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tidemill.tasks.tabular.probabilities import scaled
from tidemill.types import JsonObject

F8 = NDArray[np.float64]
ISOTONIC = 1_000
"""Rows of each of two labels from which on a curve of any rising shape is sure enough; with fewer it has two numbers."""
PRIOR = 1.0
"""How strongly the two numbers are held to those that change nothing."""


def fit_map(told: F8, truth: F8) -> JsonObject:
    """The map that fits these probabilities (rows x labels) to what came true (places of labels); its kind by how many rows there are."""
    known = truth >= 0
    told, truth = told[known], truth[known]
    if told.shape[1] == 2 and np.bincount(truth.astype(np.int64), minlength=2).min() >= ISOTONIC:
        return isotonic(told[:, 1], truth)
    return platt(told, truth)


def unchanged(labels: int) -> JsonObject:
    """The map that changes nothing."""
    return {"kind": "platt", "slope": 1.0, "shift": [0.0] * labels}


def isotonic(told: F8, true: F8) -> JsonObject:
    """How often each probability came true, never falling; none is nought or one (Laplace's rule, over the window)."""
    from scipy.optimize import isotonic_regression

    order = np.argsort(told, kind="stable")
    values, starts, counts = np.unique(told[order], return_index=True, return_counts=True)
    share = np.add.reduceat(true[order], starts) / counts
    came = isotonic_regression(share, weights=counts).x
    keep = np.flatnonzero((np.diff(came, prepend=-1) != 0) | (np.diff(came, append=2) != 0))  # the ends of each step
    least = 1.0 / (len(true) + 2)
    return {"kind": "isotonic", "told": values[keep].tolist(), "came": np.clip(came[keep], least, 1 - least).tolist()}


def platt(told: F8, truth: F8, prior: float = PRIOR) -> JsonObject:
    """One slope, and a shift for each label but the first, of the least log loss."""
    from scipy.optimize import minimize

    places = truth.astype(np.int64)
    rows, labels = np.arange(len(told)), told.shape[1]
    start = np.array([1.0, *np.zeros(labels - 1)])

    def cost(weights: F8) -> float:
        chance = scaled(told, weights[0], np.concatenate([[0.0], weights[1:]]))
        off = weights - start
        return float(-np.log(np.maximum(chance[rows, places], 1e-300)).sum() + prior / 2 * (off @ off)) / max(
            len(told), 1
        )

    found = minimize(cost, start, method="L-BFGS-B", bounds=[(0.05, 20.0), *[(-20.0, 20.0)] * (labels - 1)]).x
    return {"kind": "platt", "slope": float(found[0]), "shift": [0.0, *map(float, found[1:])]}
