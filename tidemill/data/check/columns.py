"""What one column of a dataset must be, and which part it plays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

ROLES = ("time", "subject", "item", "value", "target")
"""Parts a column can play: when, whose, of what, how much (its sign tells purchase from return), what is to be said."""


@dataclass(frozen=True, slots=True)
class Column:
    """What one column must be. Limits are in the column's own unit; for times in µs UTC."""

    name: str
    kind: str  # string | integer | number | boolean | date | timestamp
    narrow: bool = False  # 32 bit, where physicalType says so
    required: bool = False
    unique: bool = False
    role: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None  # exclusive minimum
    below: float | None = None  # exclusive maximum
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    allowed: tuple[Any, ...] | None = None
    format: str | None = None
    description: str = ""
