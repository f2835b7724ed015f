"""Whether the rows that a version learned from represent what it is asked: the training data, and not a window, is what is judged here.

Requests are those of the prediction log; rows are read as the model reads them, so that what no input is does not count. What is made
of the time is left out: it is never the same again. The monitor of requests (`tidemill.monitor.asked`) says when what is asked changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import NotEnoughData
from tidemill.features.transforms import CALENDAR
from tidemill.learning.domain import Domain, Units, domain, reweighted
from tidemill.learning.intervals import clustered_error
from tidemill.tasks.tabular.inputs import SERIES, Input

F8 = NDArray[np.float64]
Interval = tuple[float, float, float]
Said = Literal["represents", "differs", "not_enough_data"]
APART = 0.6
"""From this AUC on rows and requests are told apart well enough to matter."""
OUTSIDE = 0.05
"""The share of requests beyond everything that was learned from, from which on it matters."""
FEWEST = 0.1
"""With a smaller share of the test that still counts, its quality says nothing of what is asked."""
_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Column:
    """``apart``: how far rows and requests are apart in it (Kolmogorov-Smirnov; of categories total variation), in [0, 1].
    ``outside``: the share of requests whose value no row had: beyond the least and the greatest, never seen, missing where none was."""

    name: str
    apart: float
    outside: float


@dataclass(frozen=True, slots=True)
class Represents:
    """``auc``: of telling rows and requests apart; ``outside``: the share of requests with some value that no row had; ``effective``: the share
    of the rows that counts when they are weighed as requests are. ``quality``: by how much the metric of the test differs when it is
    weighed so (mean, low, high), beside ``figure``; None with ``why``."""

    verdict: Said
    rows: int
    requests: int
    units: int
    auc: Interval
    outside: Interval
    effective: float
    metric: str
    figure: float | None = None
    quality: Interval | None = None
    why: str = ""
    columns: Sequence[Column] = field(default_factory=tuple)


@dataclass(frozen=True)
class Rows:
    """Encoded as a bundle takes them: rows x inputs, and whose they are."""

    x: F8
    units: Units

    def take(self, places: NDArray[np.int64]) -> Rows:
        return Rows(self.x[places], self.units[places])


def represents(
    inputs: Sequence[Input], learned: Rows, asked: Rows, test: Rows, values: F8, metric: str, most: int = 4_000
) -> Represents:
    """``values``: what each row of the test adds to the metric. Raises NotEnoughData for too few rows or requests."""
    watched = [place for place, one in enumerate(inputs) if one.kind not in CALENDAR and one.name != SERIES]
    if not watched:
        raise NotEnoughData("every input is made of the time: there is nothing to compare")
    names = [inputs[place].name for place in watched]
    whole, (rows, requests, tested) = (
        learned.x[:, watched],
        (Rows(one.x[:, watched], one.units) for one in (learned, asked, test)),
    )
    some, part = _some(rows, most), _some(requests, most)
    apart = domain(some.x, part.x, some.units, part.units)
    beyond = outside(whole, requests.x, [inputs[place] for place in watched])
    share = _share(np.asarray(beyond.any(axis=1)), requests.units)
    said = _verdict(apart.auc, share)
    units = len(np.unique(requests.units))
    columns = [
        Column(name, distance(some.x[:, n], part.x[:, n], inputs[place].kind == "category"), float(beyond[:, n].mean()))
        for n, (name, place) in enumerate(zip(names, watched))
    ]
    columns.sort(key=lambda one: (-one.apart, one.name))
    figure, quality, why = _quality(tested, part, values)
    return Represents(
        said,
        len(rows.x),
        len(requests.x),
        units,
        apart.auc,
        share,
        apart.effective,
        metric,
        figure,
        quality,
        why,
        columns,
    )


def _some(rows: Rows, most: int) -> Rows:
    from tidemill.learning.rows import evenly

    return rows.take(evenly(len(rows.x), most))


def _verdict(auc: Interval, outside: Interval) -> Said:
    if auc[1] > APART or outside[1] > OUTSIDE:
        return "differs"
    return "represents" if auc[2] < APART and outside[2] < OUTSIDE else "not_enough_data"


def _share(is_so: NDArray[np.bool_], units: Units) -> Interval:
    values = is_so.astype(np.float64)
    mean, error = float(values.mean()), clustered_error(values, units)
    if not values.any():  # none of so many: the rule of three, by unit
        return 0.0, 0.0, 3.0 / len(np.unique(units))
    return mean, max(mean - _Z * error, 0.0), min(mean + _Z * error, 1.0)


def _quality(test: Rows, asked: Rows, values: F8) -> tuple[float | None, Interval | None, str]:
    """The test as it would be with rows as they are asked."""
    try:
        found: Domain = domain(test.x, asked.x, test.units, asked.units)
        gain = reweighted(values, found.weights, test.units)
    except NotEnoughData as exc:
        return None, None, str(exc)
    figure = float(values.mean())
    if found.effective < FEWEST:
        return figure, None, f"only {found.effective:.0%} of the test would count: it says nothing of what is asked"
    return figure, gain, ""


def outside(learned: F8, asked: F8, inputs: Sequence[Input]) -> NDArray[np.bool_]:
    """Of each request and column, whether no row had its value: requests x columns."""
    found = np.zeros(asked.shape, np.bool_)
    for place, one in enumerate(inputs):
        known, value = learned[:, place][~np.isnan(learned[:, place])], asked[:, place]
        gone = np.isnan(value)
        if not len(known):
            found[:, place] = ~gone
        elif one.kind == "category":
            found[:, place] = ~np.isin(value, np.unique(known)) & ~gone
        else:
            found[:, place] = (value < known.min()) | (value > known.max())
        found[:, place] |= gone & (len(known) == len(learned))
    return found


def distance(one: F8, other: F8, category: bool) -> float:
    """How far two columns are apart: the greatest difference of their distributions; what is missing is one more value.

    >>> distance(np.array([1.0, 2.0, 3.0, 4.0]), np.array([3.0, 4.0, 5.0, 6.0]), False)
    0.5
    >>> distance(np.array([0.0, 0.0, 1.0, np.nan]), np.array([0.0, 0.0, 0.0, 0.0]), True)
    0.5
    """
    a, b = (np.where(np.isnan(values), -np.inf, values) for values in (one, other))
    values = np.unique(np.concatenate([a, b]))
    if category:
        shares = [np.bincount(np.searchsorted(values, each), minlength=len(values)) / len(each) for each in (a, b)]
        return float(np.abs(shares[0] - shares[1]).sum() / 2)
    below = [np.searchsorted(np.sort(each), values, side="right") / len(each) for each in (a, b)]
    return float(np.abs(below[0] - below[1]).max())
