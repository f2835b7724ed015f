"""What a table's model answers by: how much worse it does when one value of its requests is taken from other rows.

Permutation importance (Breiman 2001; Fisher, Rudin and Dominici 2019) of the evaluation model on its test, by the metric of the
search, with an interval by the independent unit. Values that say the same share what they weigh, since the model finds in one
what the other has lost; so they are shuffled together, too, and both figures stand side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tidemill.errors import NotEnoughData
from tidemill.evaluation.inputs.alike import associations, groups_of, of_values
from tidemill.evaluation.inputs.weights import weights
from tidemill.evaluation.port import Examination, Look
from tidemill.learning.evaluate import F8, Scored
from tidemill.learning.intervals import clustered_error
from tidemill.learning.measures import Measure, measure
from tidemill.tasks.tabular.learners import FOREIGN as FOREIGN_METHODS
from tidemill.tasks.tabular.sample import Sample
from tidemill.tasks.tabular.training import TabularTrainer
from tidemill.types import JsonObject

ROWS, FEWEST = 2_000, 200
"""Rows of the test that are asked again: so many at most, and for ever so many values no fewer than these."""
ASKED, FOREIGN = 60_000, 6_000
"""Answers in all, as far as `FEWEST` rows allow: of a learner of Tidemill's own, and of one that somebody else made."""
REPEATS = 3
MOST_ON_CARD = 12


def rows_for(values: int, foreign: bool = False) -> int:
    """So many rows of the test are asked, of a model with so many values.

    >>> rows_for(10), rows_for(100), rows_for(1_000), rows_for(10, foreign=True)
    (2000, 200, 200, 200)
    """
    return max(FEWEST, min(ROWS, (FOREIGN if foreign else ASKED) // (REPEATS * max(values, 1))))


@dataclass(frozen=True, slots=True)
class Lost:
    """How much worse the metric is; more than 0 is worse, of an error too. 95 %, by the independent unit."""

    mean: float
    reach: float | None = 0.0
    """Half of the interval; None where all rows are of one unit, and nothing is known of it."""

    @staticmethod
    def of(metric: Measure, base: Scored, other: F8) -> Lost:
        """``other``: what each row adds with the values shuffled."""
        from scipy.special import stdtrit

        before, after = float(base.values.mean()), float(other.mean())
        mean = metric.sign * (metric.figure(before) - metric.figure(after))
        free = len(np.unique(base.units)) - 1
        if free < 1:
            return Lost(mean, None)
        slopes = [0.5 / max(metric.figure(m), 1e-12) if metric.root else 1.0 for m in (before, after)]  # delta method
        error = clustered_error(slopes[1] * other - slopes[0] * base.values, base.units)
        return Lost(mean, float(stdtrit(free, 0.975)) * error)

    def json(self) -> list[float | None]:
        """[mean, low, high]."""
        if self.reach is None:
            return [_figure(self.mean), None, None]
        return [_figure(value) for value in (self.mean, self.mean - self.reach, self.mean + self.reach)]


def _figure(value: float) -> float:
    return float(f"{value:.6g}")


def importance(sample: Sample, metric: str, seed: int) -> JsonObject:
    """What each value of a request is worth, the most first; and each group of values that say the same, together.

    Raises NotEnoughData where the test does not give the metric, ModelError.
    """
    if metric not in sample.base:
        raise NotEnoughData(f"{metric} cannot be measured on these rows of the test", hint="a longer split.test")
    names, base = list(sample.places), sample.base[metric]
    alike = groups_of(names, of_values(associations(sample.x, sample.categories), sample.places))
    weighs = weights(sample, seed)
    found = {which: _lost(sample, which, metric, seed) for which in (*((name,) for name in names), *alike)}
    return {
        "metric": metric,
        "rows": len(base.values),
        "units": len(np.unique(base.units)),
        "unit": base.unit,
        "repeats": REPEATS,
        "values": sorted(_of_one(sample, found, alike, weighs), key=lambda one: -one["lost"][0]),
        "groups": [{"names": list(one), "lost": found[one].json()} for one in alike],
    }


def _lost(sample: Sample, names: tuple[str, ...], metric: str, seed: int) -> Lost:
    """The mean of several shuffles; a value that never differs can lose nothing, and is not asked."""
    columns = sample.x[:, [place for name in names for place in sample.places[name]]]
    base = sample.base[metric]
    if _constant(columns):
        return Lost(0.0)
    rng = np.random.default_rng([seed, *(place for name in names for place in sample.places[name])])
    values = [sample.judge(sample.told(sample.shuffled(names, rng)))[metric].values for _ in range(REPEATS)]
    return Lost.of(measure(metric), base, np.mean(values, axis=0))


def _constant(columns: F8) -> bool:
    return bool(((columns == columns[:1]) | (np.isnan(columns) & np.isnan(columns[:1]))).all())


def _of_one(
    sample: Sample, found: Mapping[tuple[str, ...], Lost], alike: Sequence[tuple[str, ...]], weighs: Mapping[str, float]
) -> Iterator[JsonObject]:
    for name, places in sample.places.items():
        told: JsonObject = {"name": name, "lost": found[(name,)].json(), "weight": _figure(weighs[name])}
        if _constant(sample.x[:, places]):
            told["constant"] = True
        if shared := next((group for group in alike if name in group), None):
            told["alike"] = [one for one in shared if one != name]
        yield told


def _of(look: Look) -> JsonObject:
    trainer = look.trainer
    assert isinstance(trainer, TabularTrainer)
    foreign = look.recipe.get("method") in FOREIGN_METHODS
    most = rows_for(len({one.source for one in trainer.table.inputs}), foreign)
    sample = trainer.sample(look.bundle, look.cut.test_start, look.cut.end, most)
    return importance(sample, look.settings.metric, look.seed)


def _card(found: JsonObject) -> str:
    rows = [
        f"| {one['name']}{_alike(one)} | {_interval(one['lost'])} | {one['weight']:.0%} |"
        for one in found["values"][:MOST_ON_CARD]
    ]
    rows += [f"| {' and '.join(one['names'])} together | {_interval(one['lost'])} | |" for one in found["groups"]]
    head = (
        f"## What it answers by\nHow much worse {found['metric']} is on {found['rows']} rows of the test when a value is taken "
        f"from another row (permutation importance), with 95 % intervals over {found['units']} {found['unit']}.\n\n"
    )
    return head + "| value | worse by | share of its contributions |\n|---|---|---|\n" + "\n".join(rows)


def _alike(one: JsonObject) -> str:
    """That its share is one of several."""
    return f" (says the same as {', '.join(one['alike'])}: they share)" if "alike" in one else ""


def _interval(lost: list[float | None]) -> str:
    if lost[1] is None:
        return f"{lost[0]:.4g} (of one unit: nothing is known of how sure)"
    return f"{lost[0]:.4g} ({lost[1]:.4g} to {lost[2]:.4g})"


IMPORTANCE = Examination("importance", lambda look: isinstance(look.trainer, TabularTrainer), _of, _card)
