"""A training that does not end: EASE on 4,000 items again and again. ``python -m bench.busy [quiet]``: as the loop's worker trains."""

from __future__ import annotations

import sys

import numpy as np

from noria.retrain.worker import quietly


def fit() -> None:
    rng = np.random.default_rng(1)
    matrix = rng.random((2_000, 4_000))
    print("fitting", flush=True)
    while True:
        gram = matrix.T @ matrix
        gram[np.diag_indices_from(gram)] += 100.0
        np.linalg.inv(gram)


if __name__ == "__main__":
    quietly(fit) if "quiet" in sys.argv else fit()
