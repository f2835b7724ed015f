"""How much worse answers get where one input is missing, shuffled, shifted or never seen: by column and share of rows.

An answer depends on its own row alone, so that each change is asked once, of all rows, and a share of them is a mixture of both
answers. Columns that say what others say stand in for each other here, as they will when one of them fails: what they matter
together is the feature report's matter.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ModelError, NotEnoughData
from tidemill.evaluation.robustness.changed import CHANGES, changed, is_required, rng_of
from tidemill.learning.evaluate import metric_value
from tidemill.learning.intervals import ratio
from tidemill.learning.measures import measure
from tidemill.tasks.tabular.sample import Sample

F8 = NDArray[np.float64]
SHARES = (0.1, 0.5, 1.0)
LEAST = 20
"""With fewer independent units nothing is said: an error of so few is itself not known."""
ASKED, FOREIGN = 60_000, 6_000
"""So many rows are asked again in all, of each model: of a learner of Tidemill's own, and of one that somebody else made."""
MOST, FEWEST = 2_000, 200
"""Rows of the test, at most; and at least, whatever that costs."""
COLUMNS = 100
"""So many columns are looked at; the others are named."""
Above = tuple[float, float, float]
"""mean, low, high"""


@dataclass(frozen=True, slots=True)
class Fall:
    """What the metric loses where this share of rows is changed so: ``fall`` in shares of what the model reaches, above 0 is worse.

    ``above``: by another model how much better this one is where both are asked the changed rows, in shares of what the other
    reaches. Intervals: 95 %, by unit. ``error``: why it could not be asked.
    """

    column: str
    change: str
    share: float
    figure: float | None = None
    fall: float | None = None
    spread: float | None = None  # standard error
    low: float | None = None
    high: float | None = None
    above: Mapping[str, Above] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True, slots=True)
class Robustness:
    """``figure``: of the rows as they are; ``skipped``: why a column is not missing, or not looked at."""

    metric: str
    better: str
    rows: int
    units: int
    unit: str
    figure: float
    falls: Sequence[Fall]
    skipped: Mapping[str, str]

    @property
    def enough(self) -> bool:
        """Whether there are units enough to say anything."""
        return self.units >= LEAST

    def of(self, change: str, share: float = 1.0) -> list[Fall]:
        """By column what one change does, the greatest fall first; before all what could not be asked."""
        found = [one for one in self.falls if one.change == change and one.share == share]
        return sorted(found, key=lambda one: math.inf if one.fall is None else one.fall, reverse=True)


def most_rows(columns: int, foreign: bool = False) -> int:
    """How many rows of the test are asked, so that all of it stays within bounds.

    >>> most_rows(5), most_rows(50), most_rows(10_000), most_rows(5, foreign=True)
    (2000, 200, 200, 200)
    """
    return max(FEWEST, min(MOST, (FOREIGN if foreign else ASKED) // max(min(columns, COLUMNS) * len(CHANGES), 1)))


def robustness(
    sample: Sample,
    metric: str,
    seed: int,
    others: Mapping[str, Sample] | None = None,
    changes: Sequence[str] = CHANGES,
    most: int = COLUMNS,
) -> Robustness:
    """Each of these changes of every column. ``others``: the same rows as other models take them. Raises NotEnoughData without the metric."""
    names = list(sample.places)
    if metric not in sample.base:
        raise NotEnoughData(f"{metric} cannot be measured on this test", hint="a longer split.test, or more data")
    skipped = {name: "required: a request without it is refused" for name in names if is_required(sample, name)}
    skipped |= dict.fromkeys(names[most:], f"only the first {most} columns are looked at")
    beside = {who: one for who, one in (others or {}).items() if _same(sample, one, metric)}
    asked = _Asked(sample, metric, seed, beside, changes)
    falls = [fall for name in names[:most] for fall in asked.column(name)]
    base, units = sample.base[metric], len(np.unique(sample.units))
    figure = metric_value(metric, base.values)
    return Robustness(metric, measure(metric).better, len(sample.x), units, base.unit, figure, falls, skipped)


def _same(one: Sample, other: Sample, metric: str) -> bool:
    """Whether both are asked the same, and can be judged alike."""
    return metric in other.base and np.array_equal(one.rows, other.rows)


@dataclass(frozen=True)
class _Asked:
    """Rows that one model is asked again, and others beside it."""

    sample: Sample
    metric: str
    seed: int
    others: Mapping[str, Sample]
    changes: Sequence[str]

    @cached_property
    def plain(self) -> F8:
        return self.sample.told(self.sample.x)

    def column(self, name: str) -> Iterator[Fall]:
        """Each change by share of rows."""
        order = rng_of(self.seed, name).permutation(len(self.sample.x))
        for change, x in changed(self.sample, name, self.seed):
            if change not in self.changes:
                continue
            try:
                told = self.sample.told(x)
                yield from (self._fall(name, change, share, told, order) for share in SHARES)
            except ModelError as exc:
                yield Fall(name, change, 1.0, error=str(exc))

    def _fall(self, name: str, change: str, share: float, told: F8, order: NDArray[np.int64]) -> Fall:
        mixed, rows = self.plain.copy(), order[: round(share * len(order))]
        mixed[rows] = told[rows]
        values = self.sample.judge(mixed)[self.metric].values
        if not np.isfinite(values).all():
            raise ModelError("its answers are so far off that the metric is no number")
        figures = fall_of(self.metric, self.sample.base[self.metric].values, values, self.sample.units)
        above = self._above(name, change, values) if share == 1 else {}
        return Fall(name, change, share, metric_value(self.metric, values), *figures, above)

    def _above(self, name: str, change: str, values: F8) -> dict[str, Above]:
        """Beside each other model on the changed rows; one that does not ask for the column answers as ever."""
        found = {}
        for who, other in self.others.items():
            x = dict(changed(other, name, self.seed)).get(change, other.x) if name in other.places else other.x
            theirs = other.judge(other.told(x))[self.metric].values
            worse, _, low, high = fall_of(self.metric, theirs, values, self.sample.units)
            if low is not None and high is not None:
                found[who] = (-worse, -high, -low)
        return found


def fall_of(
    metric: str, plain: F8, values: F8, units: NDArray[Any]
) -> tuple[float, float | None, float | None, float | None]:
    """(fall, standard error, low, high) from one set of answers to another, in shares of what the first reaches; above 0 is worse.

    Of one unit nobody knows the error.

    >>> fall_of("mae", np.array([1.0, 1.0, 1.0, 1.0]), np.array([1.5, 1.5, 1.5, 1.5]), np.arange(4))
    (0.5, 0.0, 0.5, 0.5)
    """
    kind, (names, codes) = measure(metric), np.unique(units, return_inverse=True)
    level, lost = plain - kind.zero, kind.sign * (plain - values)
    level = level if level.sum() > 0 else np.ones_like(level)  # it reaches nothing: a share is a plain difference
    before, after = metric_value(metric, plain), metric_value(metric, values)
    by_figure = before / (before + after) if kind.root and before > 0 else 1.0
    if len(names) < 2:
        return float(lost.sum() / level.sum()) * by_figure, None, None, None
    found = ratio(*(np.bincount(codes, one).astype(np.float64) for one in (lost, level)))
    share, error = float(found.gain) * by_figure, float(found.error) * by_figure
    reach = student(len(names) - 1, 0.975) * error
    return share, error, share - reach, share + reach


def share_of(fall: float | None, low: float | None, high: float | None) -> str:
    """
    >>> share_of(0.5, 0.3, 0.7), share_of(0.5, None, None), share_of(None, None, None)
    ('+50.0 % (+30.0 to +70.0)', '+50.0 %', '')
    """
    if fall is None:
        return ""
    ends = "" if low is None or high is None else f" ({low * 100:+.1f} to {high * 100:+.1f})"
    return f"{fall * 100:+.1f} %{ends}"


def student(degrees: float, chance: float) -> float:
    """The quantile of Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, chance))
