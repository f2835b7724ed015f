"""Validation windows of a table: each recipe is fitted before each of them and answers it; trees stop where all of them say so.

Rows are encoded and binned once for all recipes. How many trees there are is read off the windows (`Folds.settle`), then every later
fit has so many. A recipe that is clearly worse than the best one on the first window is not tried on the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from tidemill.errors import ModelError, NotEnoughData
from tidemill.learning.measures import measure
from tidemill.learning.rows import I8
from tidemill.learning.threads import one_thread
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.tabular import fitting, learners
from tidemill.tasks.tabular.costs import Costs
from tidemill.tasks.tabular.learners import trees
from tidemill.tasks.tabular.learners.port import F8, Problem
from tidemill.tasks.tabular.probabilities import both_labels
from tidemill.tasks.tabular.row import RowScorer
from tidemill.tasks.tabular.scoring import Decision, values_of
from tidemill.tasks.tabular.tables import Table
from tidemill.types import JsonObject, Micros, canonical

CLEARLY = 3.0
"""Standard errors by which a recipe is worse on the first window, so that the others are spared."""


class Window(NamedTuple):
    """The rows that a recipe learns from, and those that it answers."""

    learned: I8
    asked: I8
    end: Micros
    """What is learned from was known before this."""
    start: Micros | None


class Fold:
    """One window: what is learned from and asked, encoded when first needed."""

    def __init__(self, table: Table, task: str, window: Window, costs: Costs | None = None) -> None:
        self.table, self.task, self.window, self.costs = table, task, window, costs
        self._problems: dict[bool, tuple[Problem, F8]] = {}

    def problem(self, recipe: JsonObject) -> tuple[Problem, F8]:
        """What the recipe's learner learns from, and the encoded rows that are asked."""
        series = learners.of(recipe["method"]).series
        if series not in self._problems:
            if not len(self.window.learned):
                raise NotEnoughData("there is no row to learn from")
            made = fitting.problem_of(recipe, self.table, self.window.learned)
            self._problems[series] = made, self.table.encoded(made.inputs, self.window.asked)
        return self._problems[series]

    def truth(self, problem: Problem) -> F8:
        return fitting.targets(self.table, self.window.asked, problem.labels)

    @cached_property
    def units(self) -> Any:
        return self.table.units[self.window.asked]

    @cached_property
    def binned(self) -> Any:
        """LightGBM's bins of both, made once."""
        problem, asked = self.problem({"method": "trees", "task": self.task})
        return trees.binned(problem, asked, self.truth(problem))

    def values(self, recipe: JsonObject, metric: str) -> F8:
        """What each answer adds to the metric. Raises ModelError, NotEnoughData."""
        if recipe.get("calibration") == fitting.OWN:
            scorer = RowScorer(fitting.fit(recipe, self.table, self.window.end, self.window.start))
            return self.scored(metric, scorer.many(self.table.encoded(scorer.inputs, self.window.asked)), scorer.labels)
        problem, asked = self.problem(recipe)
        said = {"labels": problem.labels, "columns": problem.inputs}
        learner = learners.of(fitting.learner_of(recipe, problem))
        told = learner.open(Bundle(said, learner.fit(recipe, problem))).rows(asked)
        return self.scored(metric, told, problem.labels)

    def scored(self, metric: str, told: F8, labels: list[Any] | None) -> F8:
        """What these answers add to the metric."""
        threshold = self.costs.said(labels) if self.costs else None
        truth = fitting.targets(self.table, self.window.asked, labels)
        return values_of(metric, both_labels(told, labels), truth, labels, Decision(threshold, self.costs))

    def staged(self, recipe: JsonObject, metric: str) -> trees.Staged | None:
        """Trees one after the other, with how well the first n of them do; None where there is nothing to learn."""
        problem, asked = self.problem(recipe)
        if fitting.learner_of(recipe, problem) != "trees":
            return None
        return trees.staged(recipe, problem, self.binned, asked, metric)


class Folds:
    """Some windows: a `tidemill.learning.search.Validation`. ``keep``: many recipes come, so that encoded rows stay."""

    def __init__(
        self, table: Table, task: str, windows: Sequence[Window], costs: Costs | None = None, keep: bool = False
    ) -> None:
        self._made = [(table, task, window, costs) for window in windows]
        self._kept = [Fold(*made) for made in self._made] if keep else None
        self._known: dict[tuple[bytes, str], list[F8]] = {}
        self._best: list[F8] = []

    @property
    def folds(self) -> list[Fold]:
        return self._kept if self._kept is not None else [Fold(*made) for made in self._made]

    def __call__(self, recipe: JsonObject, metric: str) -> tuple[F8, Any]:
        """The metric's value for each asked row of each window, and whose it was. Raises ModelError, NotEnoughData."""
        folds = self.folds
        found = self._known.get((canonical(recipe), metric))
        if found is None:
            with one_thread():
                found = [fold.values(recipe, metric) for fold in folds]
        return np.concatenate(found), np.concatenate([fold.units for fold in folds])

    def settle(self, recipe: JsonObject, metric: str) -> JsonObject:
        """The recipe with as many trees as these windows ask for; another learner's as it is. Raises ModelError for a hopeless one.

        A window before which there was one label only says nothing of it; where all are such, one tree is as good as many.
        """
        if recipe["method"] != "trees" or recipe["num_iterations"]:
            return recipe
        folds, staged = self.folds, []
        with one_thread():
            for fold in folds:
                found = fold.staged(recipe, metric)
                staged.append(found)
                if found and len(staged) == 1 < len(folds):
                    self._spare(self._values(fold, found, found.best, metric), metric)
            n = trees.best_of([one for one in staged if one])
            settled = {**recipe, "num_iterations": n}
            values = [
                self._values(fold, one, n, metric) if one and n <= len(one.loss) else fold.values(settled, metric)
                for fold, one in zip(folds, staged, strict=True)
            ]
        self._known[canonical(settled), metric] = values
        if not self._best or _gain(metric, values, self._best) > 0:
            self._best = values
        return settled

    def _spare(self, values: F8, metric: str) -> None:
        if not self._best or len(self._best[0]) != len(values):
            return
        gain = measure(metric).sign * (values - self._best[0])
        if gain.mean() < -CLEARLY * gain.std() / max(len(gain), 1) ** 0.5:
            raise ModelError("clearly worse than another on the first window: not tried on the others")

    def _values(self, fold: Fold, staged: trees.Staged, n: int, metric: str) -> F8:
        problem, _ = fold.problem({"method": "trees", "task": fold.task})
        return fold.scored(metric, staged.told(n), problem.labels)


def _gain(metric: str, values: list[F8], other: list[F8]) -> float:
    return float(measure(metric).sign * (np.concatenate(values).mean() - np.concatenate(other).mean()))
