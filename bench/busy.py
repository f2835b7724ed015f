"""A training that does not end: EASE on 4,000 items again and again. ``python -m bench.busy NICENESS``."""

from __future__ import annotations

import os
import sys

import numpy as np


def main() -> None:
    os.nice(int(sys.argv[1]))
    rng = np.random.default_rng(1)
    matrix = rng.random((2_000, 4_000))
    print("fitting", flush=True)
    while True:
        gram = matrix.T @ matrix
        gram[np.diag_indices_from(gram)] += 100.0
        np.linalg.inv(gram)


if __name__ == "__main__":
    main()
