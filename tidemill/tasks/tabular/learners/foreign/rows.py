"""The rows that a project's own learner learns from. numpy only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

F8 = NDArray[np.float64]


@dataclass(frozen=True)
class Learned:
    """What a learner's function may ask for: ``def make(train): …``.

    ``x``: rows x columns in the order of time, numbers that are exact in 32 bits; of a category its place among
    ``categories[column]``, and one more for a rare or unknown one; NaN is what is missing. ``y``: the value, or the place of the label
    among ``labels``.
    """

    x: F8
    y: NDArray[Any]
    columns: tuple[str, ...]
    categories: dict[int, tuple[Any, ...]]
    labels: list[Any] | None

    @staticmethod
    def of(x: F8, y: F8, inputs: Sequence[Sequence[Any]], labels: list[Any] | None) -> Learned:
        """``inputs``: of each column its name, kind and categories."""
        with np.errstate(over="ignore"):
            exact = x.astype(np.float32).astype(np.float64)
        kept = {place: tuple(values) for place, (_, kind, values) in enumerate(inputs) if kind == "category"}
        target = y if labels is None else y.astype(np.int64)
        return Learned(exact, target, tuple(str(name) for name, _, _ in inputs), kept, labels)

    def row(self, place: int) -> str:
        """A row as a message names it."""
        said = ", ".join(f"{name} = {value:g}" for name, value in zip(self.columns, self.x[place].tolist()))
        return f"row {place} of those learned from ({said[:300]})"
