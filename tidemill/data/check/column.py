"""What one column of a dataset must be. Stdlib only: the server carries it in a bundle's signature.

`readings` says how a value is read by it, `columns` the same for a whole column of a frame.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any

from tidemill.types import JsonObject, to_iso

BEYOND: tuple[tuple[str, str, Callable[[Any, Any], Any]], ...] = (
    ("below", "minimum", operator.lt),
    ("above", "maximum", operator.gt),
    ("not above", "above", operator.le),
    ("not below", "below", operator.ge),
)
"""For each limit of a number or a time: its words, its field, and what lies beyond it. For a value, or a column of a frame."""
LONGEST = 256
"""Of a longer text no pattern is judged in a request."""


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
    digits: str | None = None  # how numbers are written, of `readings.DIGITS`; as 1234.5 where nothing is said
    normal: bool = False  # a text that names something: blanks around it and Unicode's forms make no other name
    exact: bool = False  # a name that is left as it is written

    def json(self) -> JsonObject:
        """As a bundle's signature holds it: what is not said is left out.

        >>> Column("n", "integer", minimum=0).json()
        {'name': 'n', 'kind': 'integer', 'minimum': 0}
        """
        said = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}
        return said | ({"allowed": [_plain(v) for v in self.allowed]} if self.allowed is not None else {})

    def of_requests(self) -> Column:
        """As a request is judged by it: without a pattern that Python reads otherwise, or that a hostile text makes slow.

        >>> Column("sku", "string", pattern="^[A-Z]+$").of_requests().pattern, Column("sku", "string", pattern="^(a+)+$").of_requests().pattern
        ('^[A-Z]+$', None)
        """
        return self if self.pattern is None or _harmless(self.pattern) else replace(self, pattern=None)

    @property
    def limited(self) -> bool:
        """Whether some of the values of its type are none of its own."""
        said = (self.minimum, self.maximum, self.above, self.below, self.min_length, self.max_length, self.pattern)
        return self.allowed is not None or any(limit is not None for limit in said)

    def broken(self, value: Any) -> str:
        """The first limit that a value of its type breaks, in words; nothing where it breaks none.

        >>> Column("n", "integer", minimum=0).broken(-1), Column("n", "integer", minimum=0).broken(0)
        ('below 0', '')
        """
        return next(self._breaks(value), "") if self.limited else ""

    def _breaks(self, value: Any) -> Iterator[str]:
        if self.kind not in ("string", "boolean"):
            for words, name, beyond in BEYOND:
                bound = getattr(self, name)
                if bound is not None and beyond(value, bound):
                    yield f"{words} {self.limit(bound)}"
        if self.kind == "string":
            yield from self._lengths(value)
            if self.pattern is not None and len(value) <= LONGEST and not _compiled(self.pattern).search(value):
                yield f"does not match {self.pattern}"
        if self.allowed is not None and self.kind not in ("date", "timestamp") and value not in self.allowed:
            yield "not an allowed value"

    def _lengths(self, text: str) -> Iterator[str]:
        if self.min_length is not None and len(text) < self.min_length:
            yield f"shorter than {self.min_length}"
        if self.max_length is not None and len(text) > self.max_length:
            yield f"longer than {self.max_length}"

    def limit(self, bound: float) -> str:
        """A limit as people write it."""
        return to_iso(int(bound)) if self.kind in ("date", "timestamp") else f"{bound:g}"


NAMES = ("subject", "item")
"""Roles of columns whose values requests and outcomes say, too."""


def roles_of(columns: Iterable[Column]) -> JsonObject:
    """The columns that name whose a row is and what it is about, by role, for a bundle's manifest."""
    return {str(c.role): c.of_requests().json() for c in columns if c.role in NAMES}


_compiled = lru_cache(maxsize=256)(re.compile)


def _harmless(pattern: str) -> bool:
    """Whether Python's search takes a time that grows with the text alone: no group is repeated."""
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    return not re.search(r"\)[*+{]", pattern)


def _plain(value: Any) -> Any:
    """As JSON says it."""
    return value if isinstance(value, str | int | float | bool | None) else str(value)
