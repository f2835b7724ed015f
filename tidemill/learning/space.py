"""Where a search looks: hyper-parameters by name, each a `Choice`. Plain values: what fits and what serves may both read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Choice:
    """One hyper-parameter of the space: numbers from low to high (``log``: by ratio), or one of a few."""

    low: float = 0.0
    high: float = 0.0
    log: bool = False
    whole: bool = False
    of: tuple[float | str, ...] = ()

    def has(self, value: Any) -> bool:
        """Whether the value is in this part of the space."""
        if self.of:
            return value in self.of
        return isinstance(value, int | float) and self.low <= value <= self.high
