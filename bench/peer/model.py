"""What every peer calls: LightGBM's text file named by MODEL, asked one row, as `tidemill` asks it."""

import os

import lightgbm
import numpy as np

NAMES = [f"x{i:02}" for i in range(30)]
BOOSTER = lightgbm.Booster(model_file=os.environ["MODEL"])


def predict(row: dict[str, float]) -> float:
    values = np.array([[row[name] for name in NAMES]], dtype=np.float64)
    return float(BOOSTER.predict(values, num_threads=1)[0])
