"""Whether a model would answer for the same reasons if it had been fitted to other rows of the same kind, and for the champion's.

The recipe is fitted to random halves of the independent units: two of them share half of theirs, so that they differ as two fits to
all of two such sets of units would. What each value weighs (`weights`) is compared by the share on which two fits agree: the sum of
the lesser weights. A champion may weigh otherwise by as much as such fits differ among themselves, and by what is allowed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from tidemill.errors import ConfigError, ModelError, NotEnoughData
from tidemill.evaluation.inputs.weights import weights
from tidemill.learning.evaluate import F8
from tidemill.learning.rows import AT, UNIT
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.table import training_of
from tidemill.tasks.tabular.training import TabularTrainer
from tidemill.types import JsonObject, Micros

HALVES, FEWEST = 6, 3
"""Fits to halves, and of so many something is known: some may have lost a label."""
TOP = 3


@dataclass(frozen=True)
class Stability:
    """``whole``: what each value weighs in the candidate; ``halves``: in fits of its recipe to halves; ``champion``: in the champion."""

    whole: Mapping[str, float]
    halves: Sequence[Mapping[str, float]]
    champion: Mapping[str, float] | None = None

    @property
    def among(self) -> float:
        """How far two fits to halves differ, on average: 0 they weigh all alike, 1 nothing."""
        return float(np.mean([differs(one, other) for one, other in combinations(self.halves, 2)]))

    @property
    def beyond(self) -> float | None:
        """How much further the candidate is from the champion than its own fits to halves are from one another."""
        return None if self.champion is None else differs(self.whole, self.champion) - self.among

    def json(self) -> JsonObject:
        pairs = [*combinations(self.halves, 2)]
        found: JsonObject = {
            "weights": rounded(self.whole),
            "halves": [rounded(one) for one in self.halves],
            "among": round(self.among, 4),
            "rank_correlation": round(float(np.mean([rank_correlation(a, b) for a, b in pairs])), 4),
            "top": {"of": TOP, "shared": round(float(np.mean([len(top(a) & top(b)) for a, b in pairs])), 2)},
        }
        if self.champion is not None:
            found |= {"champion": rounded(self.champion), "beyond": round(self.beyond or 0.0, 4)}
        return found


def differs(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """The share of what weighs on which two models do not agree.

    >>> round(differs({"a": 0.7, "b": 0.3}, {"a": 0.5, "c": 0.5}), 6), differs({"a": 1.0}, {"a": 1.0}), differs({"a": 0.0}, {"a": 0.0})
    (0.5, 0.0, 0.0)
    """
    if not any(one.values()) and not any(other.values()):
        return 0.0
    return max(0.0, 1.0 - sum(min(one.get(name, 0.0), other.get(name, 0.0)) for name in {*one, *other}))


def rank_correlation(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Spearman's, of what each value weighs; 1 of a single value."""
    names = sorted({*one, *other})
    ranks = [_ranks(np.array([each.get(name, 0.0) for name in names])) for each in (one, other)]
    if len(names) < 2 or not ranks[0].std() or not ranks[1].std():
        return 1.0
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _ranks(values: F8) -> F8:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[place], np.float64)


def top(one: Mapping[str, float]) -> set[str]:
    """The values that weigh most."""
    return {*sorted(one, key=lambda name: (-one[name], name))[:TOP]}


def rounded(one: Mapping[str, float]) -> JsonObject:
    return {name: round(weight, 4) for name, weight in sorted(one.items(), key=lambda pair: -pair[1])}


def stability(
    trainer: TabularTrainer, bundle: Bundle, champion: Bundle | None, span: tuple[Micros, Micros], seed: int
) -> Stability:
    """Of a candidate's evaluation model, on its test. Raises NotEnoughData where its recipe cannot be fitted to halves, ModelError."""

    def weigh(one: Bundle) -> dict[str, float]:
        return weights(trainer.sample(one, *span), seed)

    halves = [weigh(one) for one in _halves(trainer, bundle.manifest["recipe"], span[0], seed)]
    if len(halves) < FEWEST:
        raise NotEnoughData(
            "its recipe cannot be fitted to halves of the rows: they are too few, or it is not made here"
        )
    return Stability(weigh(bundle), halves, weigh(champion) if champion else None)


def _halves(trainer: TabularTrainer, recipe: JsonObject, end: Micros, seed: int) -> Iterator[Bundle]:
    """Fits of the recipe to what was known before ``end`` of random halves of the units."""
    frame, training = trainer.table.frame, training_of(trainer.settings.task)
    before = frame[AT].to_numpy() < end
    _, units = np.unique(frame[UNIT].to_numpy().astype(str), return_inverse=True)
    rng = np.random.default_rng(seed)
    for _ in range(HALVES):
        drawn = rng.permutation(int(units.max()) + 1) < (int(units.max()) + 1) / 2
        kept = (drawn[units] & before) | ~before  # with the test's rows: "now" stays what it is
        try:
            yield training.open_trainer(frame.filter(kept), trainer.settings).fit(recipe, end)
        except (ModelError, ConfigError):
            continue


def moved(one: Mapping[str, float], other: Mapping[str, float]) -> str:
    """The value whose weight differs most."""
    return max({*one, *other}, key=lambda name: (abs(one.get(name, 0.0) - other.get(name, 0.0)), name))


def widest(halves: Sequence[Mapping[str, float]]) -> tuple[str, float, float]:
    """The value whose weight differs most between two of these fits: its least and its greatest weight."""
    ends = {
        name: (min(one.get(name, 0.0) for one in halves), max(one.get(name, 0.0) for one in halves))
        for name in {name for one in halves for name in one}
    }
    name = max(ends, key=lambda name: (ends[name][1] - ends[name][0], name))
    return name, *ends[name]
