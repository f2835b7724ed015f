"""The inputs of a row: what each one is, and how a value of a request becomes the number that a learner takes. numpy only."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from tidemill.data.check.column import Column
from tidemill.data.check.readings import Unread, read
from tidemill.errors import SignatureMismatch
from tidemill.features.transforms import CALENDAR, calendar
from tidemill.tasks.tabular.embed import Embedding, component

SERIES = "_unit"
"""The input that says whose row it is: the rows' own column of units, where these are subjects."""
MOST_SAID = 60
"""Characters of a value in a message."""


class Input(msgspec.Struct, frozen=True):
    """One column that a learner takes. ``source``: the input it is made from (for a calendar column, the time); ``column``: what that must be;
    ``embedding``: of a text, the process that gives it numbers."""

    name: str
    kind: str  # number | category | embed | a calendar operation
    source: str
    required: bool = False
    categories: tuple[str | bool, ...] = ()
    column: Column | None = None
    embedding: Embedding | None = None
    place: int = 0  # of the number in an embedding's vector

    @property
    def read_as(self) -> Column:
        """How a value is read: by the contract's column, else by what the learner was fitted on."""
        if self.column is not None:
            return self.column
        of = {"number": "number", "category": "boolean" if True in self.categories else "string"}
        return Column(self.source, of.get(self.kind, "timestamp"))

    def number(self, value: Any) -> float:
        """The value as a learner takes it; NaN for what is missing, `other` for a rare or unknown category. Raises SignatureMismatch."""
        found = reading(self.read_as, value)
        return math.nan if found is None else float(self.encoder()(found))

    @property
    def other(self) -> float:
        """The place of a category that training saw once or never: those seen once stand for those that are yet to come."""
        return float(len(self.categories))

    def encoder(self) -> Callable[[Any], float]:
        """What makes a number of a value that is read and there."""
        if self.kind in CALENDAR:
            return partial(calendar, self.kind)
        if self.embedding is not None:
            return partial(component, self.embedding, self.place)
        if self.kind == "category":
            return partial(_place, {value: float(i) for i, value in enumerate(self.categories)}, self.other)
        return float


def called(one: Input) -> str:
    """What it is called to whom it is explained: the numbers of a text are that text, and a series is its subject."""
    return one.source if one.embedding or one.name == SERIES else one.name


def _place(places: Mapping[Any, float], other: float, value: Any) -> float:
    return places.get(value, other)


def reading(column: Column, value: Any) -> Any:
    """The value of a request as the column reads it. Raises SignatureMismatch."""
    try:
        return read(column, value)
    except Unread as exc:
        place, said = f"$.inputs.{column.name}", repr(value)
        said = said if len(said) <= MOST_SAID else f"{said[:MOST_SAID]}…"
        raise SignatureMismatch(f"{column.name!r} is {said}", place=place, hint=exc.hint) from exc
