"""How far a value, or the probability of a label, is from the truth. numpy only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

VALUED: dict[str, Callable[[Any, Any], Any]] = {
    "mae": lambda told, true: np.abs(told - true),
    "rmse": lambda told, true: np.square(told - true),
    "log_loss": lambda told, true: -np.log(np.clip(np.where(true > 0, told, 1 - told), 1e-15, 1.0)),
}
"""What one row of a table adds, for one or for arrays; ``told`` is the value, or the probability of the true label's being
``true`` = 1. The metric is the mean; of ``rmse`` its root."""
