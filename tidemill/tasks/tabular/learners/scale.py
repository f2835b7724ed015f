"""The scale on which values are learned: as they are, or by their logarithm, where none is negative. numpy only.

A median stays a median on any rising scale, so that absolute errors may be lessened on either; a mean does not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ModelError
from tidemill.types import JsonObject

F8 = NDArray[np.float64]
SCALE, PLAIN, LOG = "scale", "plain", "log"
_MOST = 700.0
"""The logarithm of about the largest number."""


def down(recipe: JsonObject, y: F8) -> F8:
    """Values on the recipe's scale. Raises ModelError where one is negative and they are to be logarithms.

    >>> down({"scale": "log"}, np.array([0.0, 1.0])).round(3).tolist()
    [0.0, 0.693]
    """
    if recipe.get(SCALE) != LOG:
        return y
    if len(y) and y.min() < 0:
        raise ModelError("a negative value has no logarithm", hint="scale = 'plain'")
    return np.log1p(y)


def up(recipe: JsonObject, told: F8) -> F8:
    """Answers on that scale, as values."""
    return told if recipe.get(SCALE) != LOG else np.expm1(np.minimum(told, _MOST))
