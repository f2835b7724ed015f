"""Trials: recipes measured on validation windows, here or elsewhere, and told in the order in which they were asked for.

What a trial finds depends on its recipe, the rows and on what was held best before its batch, and on no other trial of it.
So trials of a batch may be made side by side, by other processes or machines: the search that asked for them is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ModelError
from tidemill.types import JsonObject

F8 = NDArray[np.float64]
Arrays = Mapping[str, NDArray[Any]]
Validation = Callable[[JsonObject, str], tuple[F8, NDArray[Any]]]
"""(recipe, metric) → its value for each validation request, and each one's independent unit; the same requests for all."""
Settle = Callable[[JsonObject, str], JsonObject]
"""(recipe, metric) → what the validation windows make of it, before it is measured. Raises ModelError."""


class Stopped(ModelError):
    """A trial that was given up after its first windows. ``values``: what the metric was there."""

    def __init__(self, why: str, values: F8) -> None:
        super().__init__(why)
        self.values = values


class Measured(NamedTuple):
    """What the windows say of one recipe: a value for each request, or why there is none."""

    recipe: JsonObject  # as they settled it
    values: F8  # none of one that failed; of one that was given up those of its first window
    units: NDArray[Any]
    error: str = ""
    stopped: str = ""


Batch = Callable[[Sequence[JsonObject], str], Iterator[Measured]]
"""(recipes, metric) → what came of each, in their order."""
Elsewhere = Callable[[Sequence[JsonObject], JsonObject | None, str, Arrays], Iterator[tuple[Measured, Arrays]]]
"""(recipes, champion's, metric, `Trials.held`) → what came of each in their order, with `Trials.made` of it."""
NONE: NDArray[Any] = np.empty(0)


def measured(validate: Validation, settle: Settle | None, recipe: JsonObject, metric: str) -> Measured:
    """One recipe, settled and measured; one that cannot be settled stays as it is, and is tried in vain."""
    try:
        recipe = settle(recipe, metric) if settle else recipe
        return Measured(recipe, *validate(recipe, metric))
    except Stopped as exc:
        return Measured(recipe, exc.values, NONE, stopped=str(exc))
    except ModelError as exc:
        return Measured(recipe, NONE, NONE, error=str(exc))


class Trials:
    """Makes the trials of one search. A task that keeps something between them says what of it goes to other processes."""

    def __init__(self, validate: Validation, incumbent: JsonObject | None = None) -> None:
        self.validate, self.incumbent = validate, incumbent

    def batch(self, elsewhere: Elsewhere | None = None) -> Batch:
        """How to measure some recipes, here one after the other."""

        def measure(recipes: Sequence[JsonObject], metric: str) -> Iterator[Measured]:
            held = self.held()
            if elsewhere is None:
                yield from (self.measure(recipe, metric, held) for recipe in recipes)
                return
            for found, arrays in elsewhere(recipes, self.incumbent, metric, held):
                self.take(found, metric, arrays)
                yield found

        return measure

    def held(self) -> Arrays:
        """What a batch's trials are held against, as it is before the batch."""
        return {}

    def measure(self, recipe: JsonObject, metric: str, held: Arrays) -> Measured:
        """One trial, made here."""
        return measured(self.validate, None, recipe, metric)

    def made(self, found: Measured) -> Arrays:
        """What the search wants to have of a trial that was made elsewhere, beside what was measured."""
        return {}

    def take(self, found: Measured, metric: str, arrays: Arrays) -> None:
        """Remember what was made elsewhere."""
