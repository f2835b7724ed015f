"""The course of quality over a walk: by span, refit against left alone against the baselines; what a fit loses with its age.

Comparisons are those of the gates (`tidemill.release.gates.compare`): the same requests for both, clustered by the independent
unit, with the spread between spans where there are several.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tidemill.backtest.answers import scored_in
from tidemill.errors import GateRefused, NotEnoughData
from tidemill.learning.evaluate import Scored
from tidemill.learning.intervals import bootstrap_intervals, ratio
from tidemill.learning.measures import measure
from tidemill.release.gates.compare import Comparison, pooled
from tidemill.release.gates.sentences import percent
from tidemill.types import Micros

if TYPE_CHECKING:
    import polars as pl

    from tidemill.backtest.cuts import Span

REFIT, STATIC = "refit", "static"
"""The arms beside the baselines: fitted anew at each cut, and the first fit left alone."""
SURE = 1.959963984540054  # the quantile of a two-sided 95 % interval
Figure = tuple[float, float, float]
"""mean, low, high"""


@dataclass(frozen=True)
class Gain:
    """One against another on the same requests, in shares of the other's level; more is better. 95 % interval."""

    gain: float
    low: float
    high: float
    visible: float  # the least true change that 4 of 5 such comparisons would see
    requests: int
    units: int
    spans: int
    figures: tuple[float, float]

    @staticmethod
    def of(found: Comparison) -> Gain:
        counts = found.requests, found.subjects, found.windows
        gain, low, high, visible = map(float, (found.gain, found.low, found.high, found.visible))
        figures = float(found.candidate), float(found.other)
        return Gain(gain, low, high, visible, *counts, figures)

    @property
    def verdict(self) -> str:
        """better | worse | not shown: whether the interval leaves 0 out.

        >>> Gain(0.1, 0.02, 0.18, 0.1, 100, 50, 1, (0.3, 0.27)).verdict
        'better'
        """
        return "better" if self.low > 0 else "worse" if self.high < 0 else "not shown"


def interval(gain: Gain) -> str:
    """
    >>> interval(Gain(0.1, 0.02, 0.18, 0.1, 100, 50, 1, (0.3, 0.27)))
    '+10.0 % (95 %: +2.0 to +18.0 %)'
    """
    return f"{percent(gain.gain)} (95 %: {gain.low * 100:+.1f} to {percent(gain.high)})"


@dataclass(frozen=True)
class Stretch:
    """One span: how good each arm was in it, and the refit against the first fit. ``why``: what it says nothing for."""

    start: Micros
    end: Micros
    n: int
    units: int
    arms: dict[str, Figure]
    gain: Gain | None
    method: str
    why: str = ""


@dataclass(frozen=True)
class Aged:
    """What fits of this age (in spans) lose against fresh ones on the same requests: a gain below 0."""

    age: int
    gain: Gain


@dataclass(frozen=True)
class Slope:
    """The gain for each span of age, in shares of the fresh fits' level: through 0, by least squares. 95 % interval by unit."""

    gain: float
    low: float
    high: float


@dataclass(frozen=True)
class Course:
    """What a walk found."""

    metric: str
    better: str
    unit: str
    spans: list[Stretch]
    against: dict[str, Gain]  # refit against each other arm, over all spans
    staleness: list[Aged]
    slope: Slope | None

    @property
    def names(self) -> list[str]:
        """Of all arms: the refit, the first fit, the baselines."""
        found = {name for span in self.spans for name in span.arms}
        return [*(name for name in (REFIT, STATIC) if name in found), *sorted(found - {REFIT, STATIC})]


Pair = tuple[Scored, Scored]


def course(
    metric: str,
    unit: str,
    spans: Sequence[Span],
    methods: Sequence[str],
    fits: Sequence[pl.DataFrame],
    others: Sequence[pl.DataFrame],
    missing: Mapping[str, str],
    seed: int,
) -> Course:
    """``fits``: what the fit of each cut answered, its own span first; ``others``: what the baselines answered, by span.

    ``missing``: by a span's beginning why nobody could be measured in it.
    """
    arms = [_arms(place, start, unit, fits, others[place]) for place, (start, _) in enumerate(spans)]
    stretches = [
        _stretch(metric, span, found, method, missing.get(str(span[0]), ""), seed)
        for span, found, method in zip(spans, arms, methods, strict=True)
    ]
    names = dict.fromkeys(name for found in arms for name in found if name != REFIT)
    against = {name: gain_of(metric, _beside(name, arms[1:] if name == STATIC else arms)) for name in names}
    pairs = _aged_pairs([start for start, _ in spans], unit, fits)
    aged = {age: gain_of(metric, found) for age, found in pairs.items()}
    return Course(
        metric,
        measure(metric).better,
        unit,
        stretches,
        {name: gain for name, gain in against.items() if gain is not None},
        [Aged(age, gain) for age, gain in aged.items() if gain is not None],
        _slope(metric, pairs),
    )


def _beside(name: str, arms: Sequence[Mapping[str, Scored]]) -> list[Pair]:
    """The refit with this arm, in every span that both answered."""
    return [(one[REFIT], one[name]) for one in arms if REFIT in one and name in one]


def _arms(
    place: int, start: Micros, unit: str, fits: Sequence[pl.DataFrame], others: pl.DataFrame
) -> dict[str, Scored]:
    found = {REFIT: scored_in(fits[place], start, unit), STATIC: scored_in(fits[0], start, unit)}
    found |= {name: scored_in(others, start, unit, name) for name in others["arm"].unique(maintain_order=True)}
    return {name: scored for name, scored in found.items() if scored is not None}


def _stretch(metric: str, span: Span, arms: dict[str, Scored], method: str, why: str, seed: int) -> Stretch:
    if REFIT not in arms:
        return Stretch(*span, 0, 0, {}, None, method, why or "nobody answered it")
    same = {name: one for name, one in arms.items() if len(one.values) == len(arms[REFIT].values)}
    units, figures = arms[REFIT].units, figures_of(metric, same, seed)
    both = gain_of(metric, [(arms[REFIT], arms[STATIC])]) if STATIC in arms else None
    return Stretch(*span, len(units), len(np.unique(units)), figures, both, method)


def figures_of(metric: str, arms: Mapping[str, Scored], seed: int) -> dict[str, Figure]:
    """How good each arm was on the same requests, with its interval over units."""
    kind, (first, *_) = measure(metric), arms.values()
    found = bootstrap_intervals([one.values for one in arms.values()], first.units, seed)
    told = ([kind.figure(max(v, 0.0) if kind.root else v) for v in each] for each in found)
    return {name: (mean, low, high) for name, (mean, low, high) in zip(arms, told, strict=True)}


def gain_of(metric: str, pairs: Sequence[Pair]) -> Gain | None:
    """Over these spans; None where nothing can be compared."""
    with suppress(NotEnoughData, GateRefused):
        if pairs:
            found = Gain.of(pooled(metric, pairs))
            if all(math.isfinite(x) for x in (found.gain, found.low, found.high)):
                return found
    return None


def _aged_pairs(starts: Sequence[Micros], unit: str, fits: Sequence[pl.DataFrame]) -> dict[int, list[Pair]]:
    """By age in spans: an older fit beside the fresh one, in every span that both answered."""
    found: dict[int, list[Pair]] = {}
    fresh = [scored_in(fit, start, unit) for fit, start in zip(fits, starts, strict=True)]
    for age in range(1, len(starts)):
        for place in range(age, len(starts)):
            old, new = scored_in(fits[place - age], starts[place], unit), fresh[place]
            if old is not None and new is not None and np.array_equal(old.at, new.at):
                found.setdefault(age, []).append((old, new))
    return found


def _slope(metric: str, pairs: Mapping[int, Sequence[Pair]]) -> Slope | None:
    """Σ age·gain / Σ age²·level by unit: least squares through 0, where all lose alike the share of their level."""
    kind = measure(metric)
    parts = [(age, old, new) for age, found in pairs.items() for old, new in found]
    if not parts:
        return None
    units = np.concatenate([new.units for _, _, new in parts])
    gain = np.concatenate([age * kind.sign * (old.values - new.values) for age, old, new in parts])
    level = np.concatenate([age * age * (new.values - kind.zero) for age, _, new in parts])
    names, codes = np.unique(units, return_inverse=True)
    if len(names) < 2 or not level.sum() > 0:
        return None
    found = ratio(*(np.bincount(codes, part).astype(np.float64) for part in (gain, level)))
    by_figure = 0.5 if kind.root else 1.0
    mean, error = float(found.gain) * by_figure, float(found.error) * by_figure
    return Slope(mean, mean - SURE * error, mean + SURE * error)
