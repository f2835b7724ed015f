"""Rows of a test with one value of the request changed: gone, another row's, of another unit, moved by its own spread, never seen.

A change that a request cannot say is not made: without a required value it is refused. The same rows are changed whatever other
columns there are and whichever model is asked.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from tidemill.tasks.tabular.sample import Sample

F8 = NDArray[np.float64]
MISSING, SHUFFLED, TENFOLD, MOVED, UNKNOWN = "missing", "shuffled", "times 10", "2 sd more", "never seen"
LATE = "30 days late"
"""Of a history."""
LARGEST = float(np.finfo(np.float64).max)
CHANGES = (MISSING, SHUFFLED, TENFOLD, MOVED, UNKNOWN, LATE)


def rng_of(seed: int, name: str) -> np.random.Generator:
    """What draws for one column."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def changed(sample: Sample, name: str, seed: int) -> Iterator[tuple[str, F8]]:
    """(what is done to the value, all rows with it done)."""
    places = sample.places[name]
    inputs, x = [sample.scorer.inputs[place] for place in places], sample.x[:, places]
    kinds = {one.kind for one in inputs}
    if not is_required(sample, name):
        yield MISSING, _with(sample.x, places, math.nan)
    yield SHUFFLED, sample.shuffled([name], rng_of(seed, name))
    if kinds == {"number"}:
        yield TENFOLD, _with(sample.x, places, _sayable(lambda: x * 10))
        spread = spread_of(x[np.isfinite(x)])
        if spread:
            yield MOVED, _with(sample.x, places, _sayable(lambda: x + 2 * spread))
    if kinds == {"category"} and not any(isinstance(value, bool) for one in inputs for value in one.categories):
        yield UNKNOWN, _with(sample.x, places, np.where(np.isnan(x), x, inputs[0].other))


def _sayable(make: Callable[[], F8]) -> F8:
    """Numbers that a request can say: no infinite ones."""
    with np.errstate(over="ignore"):
        return np.clip(make(), -LARGEST, LARGEST)


def spread_of(known: F8) -> float:
    """The standard deviation; 0 of none, and where it is more than a number can be."""
    with np.errstate(over="ignore", invalid="ignore"):
        found = float(known.std()) if len(known) else 0.0
    return found if math.isfinite(found) else 0.0


def is_required(sample: Sample, name: str) -> bool:
    """Whether no request is answered without it."""
    return any(sample.scorer.inputs[place].required for place in sample.places[name])


def _with(x: F8, places: list[int], values: F8 | float) -> F8:
    out = x.copy()
    out[:, places] = values
    return out
