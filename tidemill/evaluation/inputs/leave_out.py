"""What each feature is worth and costs: the recipe fitted again without it, beside what it takes to serve it.

A feature that is worth nothing costs all the same: it can fail, drift, leak and delay (Breck et al. 2017, The ML Test Score, Data 2-4).
A shuffled column says what a fit answers by; only a fit without it says what the model would be without it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from tidemill.config.amounts import percent
from tidemill.errors import NotEnoughData
from tidemill.evaluation.robustness.falls import LEAST, fall_of, student
from tidemill.learning.search import Settings
from tidemill.tasks.tabular.inputs import Input
from tidemill.tasks.tabular.sample import Sample
from tidemill.types import JsonObject

F8 = NDArray[np.float64]
Said = Literal["needed", "spare", "harms", "unused", "constant", "not_enough_data", "failed", "not_asked"]
SURE = 0.95


class Left(msgspec.Struct, frozen=True):
    """What is left out together: one value of a request, a view's features, or values that say the same. ``why``: it is not asked."""

    name: str
    kind: Literal["column", "view", "alike"]
    columns: tuple[str, ...]
    why: str = ""


class Cost(msgspec.Struct, frozen=True):
    """What it takes to serve: of the model that was fitted without it the median answer beside the whole one's, in µs; of the
    bundle so many bytes. ``error``: why there is no such model."""

    answer_us: float = 0.0
    whole_us: float = 0.0
    bundle_bytes: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Feature:
    """One that was left out: ``fall`` is what the metric loses without it, in shares of what it reaches (95 %, by unit); more than 0: it is
    worth that. ``read_us``: to read and encode its values of one request, ``request_bytes`` what they take in it; ``said``: what to do."""

    name: str
    kind: str
    columns: tuple[str, ...]
    verdict: Said
    said: str
    fall: float | None = None
    low: float | None = None
    high: float | None = None
    cost: Cost = field(default_factory=Cost)
    read_us: float = 0.0
    request_bytes: float = 0.0
    alike: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeatureReport:
    """Of one version on its own test. ``useful``: the share of the metric that is worth keeping something for."""

    metric: str
    better: str
    rows: int
    units: int
    unit: str
    figure: float
    useful: float
    features: list[Feature] = field(default_factory=list)


def named(one: Input) -> str:
    """What the feature is called that an input belongs to: itself; of a text's numbers the text."""
    return one.source if one.embedding else one.name


def without(settings: Settings, columns: Sequence[str]) -> Settings:
    """The settings of a model that is not given these values. Raises NotEnoughData where none is left."""
    inputs = zip(settings.details["columns"], msgspec.convert(settings.details["columns"], list[Input]), strict=True)
    kept = [said for said, one in inputs if named(one) not in columns]
    if not kept:
        raise NotEnoughData("nothing is left to answer by")
    monotone = {name: way for name, way in settings.details.get("monotone", {}).items() if name not in columns}
    return replace(settings, details={**settings.details, "columns": kept, "monotone": monotone})


def turned(settings: Settings, by: int) -> Settings:
    """The same model with its columns in another order: what a learner draws falls otherwise, and nothing else does."""
    columns = settings.details["columns"]
    turn = by % len(columns)
    return replace(settings, details={**settings.details, "columns": [*columns[turn:], *columns[:turn]]})


@dataclass(frozen=True)
class Whole:
    """What each request adds to the metric by fits of all features: the evaluation model first, then the same `turned`."""

    metric: str
    values: F8  # fits x requests
    units: NDArray[Any]

    @property
    def mean(self) -> F8:
        """Of all fits: one of them may be a lucky one, and every other would look worse beside it."""
        return np.asarray(self.values.mean(axis=0))

    @property
    def luck(self) -> float:
        """The standard deviation of what one fit falls by against the others, where nothing differs but what was drawn."""
        falls = [fall_of(self.metric, self.mean, one, self.units)[0] for one in self.values]
        return float(np.std(falls, ddof=1)) if len(falls) > 1 else 0.0

    def against(self, less: F8) -> tuple[float, float | None, float]:
        """(fall, standard error, degrees of freedom) of a fit without something: by chance of the test, and by luck of fits."""
        fall, spread, *_ = fall_of(self.metric, self.mean, less, self.units)
        groups, fits = len(np.unique(self.units)), len(self.values)
        if spread is None:
            return fall, None, 0.0
        test, luck = spread**2, self.luck**2 * (1 + 1 / fits)
        unsure = test**2 / (groups - 1) + luck**2 / max(fits - 1, 1)
        return fall, math.sqrt(test + luck), (test + luck) ** 2 / unsure if unsure > 0 else float(groups - 1)


def judged(whole: Whole, less: F8, useful: float, asked: int) -> tuple[Said, tuple[float, float | None, float | None]]:
    """What the refit shows, and the fall with its interval. Of ``asked`` refits none is called needed or harmful by chance (Bonferroni)."""
    fall, spread, degrees = whole.against(less)
    if spread is None:
        return "not_enough_data", (fall, None, None)
    reach = student(degrees, 0.975) * spread
    interval = (fall, fall - reach, fall + reach)
    if len(np.unique(whole.units)) < LEAST:
        return "not_enough_data", interval
    surely = student(degrees, 1 - (1 - SURE) / 2 / max(asked, 1)) * spread
    if fall - surely > 0:
        return "needed", interval
    if fall + surely < 0:
        return "harms", interval
    return ("spare" if fall + student(degrees, SURE) * spread < useful else "not_enough_data"), interval


def unused(sample: Sample, columns: Sequence[str]) -> Said | None:
    """Whether the values are the same in every row; or no answer changes, whatever they are: shuffled or missing."""
    places = [place for place, one in enumerate(sample.scorer.inputs) if named(one) in columns]
    x = sample.x[:, places]
    if not places or bool(((x == x[:1]) | (np.isnan(x) & np.isnan(x[:1]))).all()):
        return "constant"
    gone, shuffled = sample.x.copy(), sample.x.copy()
    gone[:, places], shuffled[:, places] = np.nan, x[np.random.default_rng(0).permutation(len(x))]
    plain = sample.told(sample.x)
    return "unused" if all(np.array_equal(plain, sample.told(other)) for other in (gone, shuffled)) else None


def sentence(one: Feature, useful: float) -> str:
    """What to do with it."""
    what = "it" if one.kind == "column" else "them"
    if one.verdict in ("not_asked", "failed"):
        return one.said
    if one.verdict == "constant":
        return f"the same in every row: exclude {what}"
    if one.verdict == "unused":
        return f"no answer changes with {what}: exclude {what}"
    without = f"without {what} {_change(one)}"
    if one.verdict == "needed":
        return f"{without}: keep {what}"
    if one.verdict == "harms":
        return f"{without}: exclude {what}"
    if one.verdict == "spare":
        others = f"; {' and '.join(one.alike)} say the same: keep one" if one.alike and one.kind == "column" else ""
        return f"{without}, less than the {percent(useful)} that are worth it: {what} may go{others}"
    return f"{without}: not enough data to say; a longer test would"


def _change(one: Feature) -> str:
    fall = one.fall or 0.0
    said = f"{abs(fall) * 100:.1f} % {'worse' if fall > 0 else 'better'}"
    if one.low is None or one.high is None:
        return said
    low, high = sorted((one.low, one.high)) if fall > 0 else sorted((-one.low, -one.high))
    return f"{said} ({low * 100:.1f} to {high * 100:.1f})"


def report(
    sample: Sample,
    whole: Whole,
    head: Mapping[str, Any],
    asked: Sequence[tuple[Left, F8, Cost]],
    reading: Mapping[str, tuple[float, float]],
    alike: Sequence[Sequence[str]],
) -> FeatureReport:
    """``asked``: what was left out, what each answer added then, its cost; ``reading``: (µs, bytes) of each value of a request."""
    made = FeatureReport(**head)
    refits = sum(not one.why and not cost.error for one, _, cost in asked)
    for one, less, cost in asked:
        others = tuple(name for group in alike if one.name in group for name in group if name != one.name)
        us, size = (sum(reading.get(name, (0.0, 0.0))[n] for name in one.columns) for n in (0, 1))
        found = Feature(one.name, one.kind, one.columns, "not_asked", one.why, None, None, None, cost, us, size, others)
        if cost.error:
            found = replace(found, verdict="failed", said=f"not fitted without it: {cost.error}")
        elif not one.why:
            said, interval = judged(whole, less, made.useful, refits)
            found = replace(found, fall=interval[0], low=interval[1], high=interval[2], verdict=said)
        found = replace(found, verdict=unused(sample, one.columns) or found.verdict)
        made.features.append(replace(found, said=sentence(found, made.useful)))
    order: list[Said] = ["harms", "constant", "unused", "spare", "not_enough_data", "needed", "failed", "not_asked"]
    made.features.sort(key=lambda one: (order.index(one.verdict), -(one.fall or 0.0)))
    return made


def as_json(found: FeatureReport) -> JsonObject:
    built: JsonObject = msgspec.to_builtins(found)
    return built
