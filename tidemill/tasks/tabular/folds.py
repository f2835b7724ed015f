"""Validation windows of a table: each recipe is fitted before each of them and answers it; trees stop where all of them say so.

Rows are encoded and binned once for all recipes. How many trees there are is read off the windows (`Folds.settle`), then every later
fit has so many. A recipe that is clearly worse than the best one on the first window is not tried on the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from tidemill.errors import NotEnoughData
from tidemill.learning.intervals import clustered_error
from tidemill.learning.measures import measure
from tidemill.learning.rows import I8
from tidemill.learning.search import Trial
from tidemill.learning.threads import one_thread
from tidemill.learning.trials import Arrays, Measured, Stopped, Trials, measured
from tidemill.tasks.tabular import fitting, grouped, learners, mitigate
from tidemill.tasks.tabular.begun import KEY
from tidemill.tasks.tabular.costs import Costs
from tidemill.tasks.tabular.learners import blend, scale, trees
from tidemill.tasks.tabular.learners.port import F8, Problem
from tidemill.tasks.tabular.probabilities import open_map
from tidemill.tasks.tabular.scoring import Decision, values_of
from tidemill.tasks.tabular.tables import Table
from tidemill.types import JsonObject, Micros, canonical

BLENDED, AMONG = ("trees", "linear"), 8
"""What a mean may be of, and of how many of the best ones it is chosen."""
CLEARLY = 2.0
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
        self._problems: dict[tuple[bool, bool, bytes], tuple[Problem, F8]] = {}
        self._binned: dict[str, trees.Binned] = {}

    def problem(self, recipe: JsonObject) -> tuple[Problem, F8]:
        """What the recipe's learner learns from, and the encoded rows that are asked."""
        learner = learners.of(recipe["method"])
        asks = learner.series, learner.weighs, canonical([recipe.get(KEY), recipe.get(mitigate.KEY)])
        if asks not in self._problems:
            if not len(self.window.learned):
                raise NotEnoughData("there is no row to learn from")
            before = fitting.begin(recipe, self.table, self.window.end, self.window.start)
            made = fitting.problem_of(recipe, self.table, self.window.learned, before)
            self._problems[asks] = made, self.table.encoded(made.inputs, self.window.asked)
        return self._problems[asks]

    def truth(self, problem: Problem) -> F8:
        return fitting.targets(self.table, self.window.asked, problem.labels)

    @cached_property
    def units(self) -> Any:
        return self.table.units[self.window.asked]

    def binned(self, recipe: JsonObject, problem: Problem, asked: F8) -> trees.Binned:
        """LightGBM's bins of both, made once for each scale."""
        name = str(recipe.get(scale.SCALE, scale.PLAIN))
        if name not in self._binned:
            truth = self.truth(problem)
            self._binned[name] = trees.binned(
                learners.scaled(recipe, problem), asked, truth if problem.labels else scale.down(recipe, truth)
            )
        return self._binned[name]

    def labels(self, recipe: JsonObject) -> list[Any] | None:
        """Those that are known before the window."""
        return self.problem(recipe)[0].labels

    def told(self, recipe: JsonObject) -> F8:
        """What a fit of the recipe answers to the window. Raises ModelError, NotEnoughData."""
        return fitting.told_by(recipe, *self.problem(recipe))

    def mapped(self, recipe: JsonObject, told: F8) -> F8:
        """What the recipe told, held against a window of its own."""
        learned, (problem, _) = self.window.learned, self.problem(recipe)
        found = fitting.calibration(recipe, self.table, learned, self.window.start, problem)
        return open_map(found)(told) if found else told

    def scored(self, metric: str, told: F8, labels: list[Any] | None, threshold: JsonObject | None = None) -> F8:
        """What these answers (values, or each label's probability) add to the metric. ``threshold``: where it is not that of the costs."""
        threshold = threshold or (self.costs.said(labels) if self.costs else None)
        truth = fitting.targets(self.table, self.window.asked, labels)
        at = self.table.at_each(threshold, self.window.asked)
        return values_of(metric, told, truth, labels, Decision(threshold, self.costs, at=at))

    def threshold(self, recipe: JsonObject) -> JsonObject | None:
        """By group, where the recipe says so, as a fit of it has them."""
        if not grouped.asks(recipe):
            return None
        learned, (problem, _) = self.window.learned, self.problem(recipe)
        of = self.table, learned, self.window.start, problem
        found = fitting.calibration(recipe, *of) if recipe.get("calibration") == fitting.OWN else None
        mapped = open_map(found) if found else None
        return grouped.thresholds(recipe, self.table, learned, problem, self.costs, mapped)

    def staged(self, recipe: JsonObject, metric: str) -> trees.Staged | None:
        """Trees one after the other, with how well the first n of them do; None where there is nothing to learn."""
        problem, asked = self.problem(recipe)
        if fitting.learner_of(recipe, problem) != "trees":
            return None
        made = learners.scaled(recipe, problem)
        own = None if made is problem and problem.weights is None else self._exact(recipe, problem, metric)
        found = trees.staged(recipe, made, self.binned(recipe, problem, asked), _by(metric), own)
        return found._replace(told=lambda n: fitting.answered(problem, scale.up(recipe, found.told(n))))

    def _exact(self, recipe: JsonObject, problem: Problem, metric: str) -> Callable[[F8], float]:
        """The loss of what trees told: on the values' own scale, of probabilities without weights."""
        metric = _by(metric)
        name = metric if metric in trees.STOPS_BY else "log_loss"

        def loss(told: F8) -> float:
            told = fitting.answered(problem, scale.up(recipe, told))
            return float(self.scored(name, told, problem.labels).mean()) * -measure(name).sign

        return loss


class Folds:
    """Some windows: a `tidemill.learning.trials.Validation`. ``keep``: many recipes come, so that encoded rows stay."""

    def __init__(
        self, table: Table, task: str, windows: Sequence[Window], costs: Costs | None = None, keep: bool = False
    ) -> None:
        self._made = [(table, task, window, costs) for window in windows]
        self._kept = [Fold(*made) for made in self._made] if keep else None
        self.known: dict[bytes, list[F8]] = {}  # what a recipe answered to each window, where that is kept
        self.best: list[F8] = []  # the best values so far, window by window

    @property
    def folds(self) -> list[Fold]:
        return self._kept if self._kept is not None else [Fold(*made) for made in self._made]

    def __call__(self, recipe: JsonObject, metric: str) -> tuple[F8, Any]:
        """The metric's value for each asked row of each window, and whose it was. Raises ModelError, NotEnoughData."""
        folds = self.folds
        with one_thread():
            found = [
                fold.scored(metric, told, fold.labels(recipe), fold.threshold(recipe))
                for fold, told in zip(folds, self._answers(recipe, folds))
            ]
        return np.concatenate(found), np.concatenate([fold.units for fold in folds])

    def _answers(self, recipe: JsonObject, folds: Sequence[Fold]) -> list[F8]:
        """What the recipe answers to each window; known of those that were tried, where they are kept."""
        found = self.known.get(canonical(recipe))
        if found is None:
            plain = _plain(recipe)
            if plain != recipe:
                told = self._answers(plain, folds)
                found = [fold.mapped(recipe, one) for fold, one in zip(folds, told, strict=True)]
            else:
                found = [fold.told(recipe) for fold in folds]
            if self._kept is not None:
                self.known[canonical(recipe)] = found
        return found

    @property
    def sizes(self) -> list[int]:
        """How many rows each window asks."""
        return [len(made[2].asked) for made in self._made]

    def settle(self, recipe: JsonObject, metric: str, best: Sequence[F8] | None = None) -> JsonObject:
        """The recipe with as many trees as these windows ask for; another learner's as it is. Raises Stopped for a hopeless one.

        ``best``: the values that it is held against, window by window; the best ones so far, where none are given.
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
                    first = fold.scored(metric, found.told(found.best), fold.labels(recipe))
                    _spare(first, self.best if best is None else best, fold.units, metric)
            n = trees.best_of([one for one in staged if one])
            settled = {**recipe, "num_iterations": n}
            answers = [
                one.told(n) if one and n <= len(one.loss) else fold.told(settled)
                for fold, one in zip(folds, staged, strict=True)
            ]
            values = [fold.scored(metric, told, fold.labels(recipe)) for fold, told in zip(folds, answers)]
        if self._kept is not None:
            self.known[canonical(settled)] = answers
        self.hold(values, metric)
        return settled

    def hold(self, values: list[F8], metric: str) -> None:
        """These values of a recipe, where none were better."""
        if not self.best or _gain(metric, values, self.best) > 0:
            self.best = values

    def blended(self, best: JsonObject, tried: Sequence[Trial], metric: str) -> JsonObject | None:
        """The mean of some of these that does best on the windows, the first of them ``best``; None where no mean does better."""
        sign = measure(metric).sign
        able = [
            one
            for one in tried
            if one.recipe["method"] in BLENDED and one.fits and not one.stopped and KEY not in one.recipe
        ]
        able.sort(key=lambda one: -sign * one.mean)
        others = [_plain(one.recipe) for one in able]  # a member's map is not in the mean: the mean has its own
        members = [best, *(one for one in others if one != best)][: 1 + AMONG]
        if best["method"] not in BLENDED or KEY in best or any(canonical(one) not in self.known for one in members):
            return None
        answers = [self.known[canonical(one)] for one in members]

        def mixed(shares: Mapping[int, float]) -> list[F8]:
            return [blend.mean([answers[i][f] for i in shares], [*shares.values()]) for f in range(len(self.sizes))]

        def score(shares: Mapping[int, float]) -> float:
            values = [fold.scored(metric, told, fold.labels(best)) for fold, told in zip(self.folds, mixed(shares))]
            return sign * float(np.concatenate(values).mean())

        shares = blend.chosen(range(len(members)), score)
        if len(shares) < 2:
            return None
        made = blend.recipe_of(best["task"], [members[i] for i in shares], [*shares.values()])
        if self._made[0][0].weights is None:  # else they are averaged before what weights moved is taken back
            self.known[canonical(made)] = mixed(shares)
        return made


class TableTrials(Trials):
    """Trials on a table's windows, which keep what was answered, for a mean of them, and the best values, for sparing others."""

    def __init__(self, folds: Folds, incumbent: JsonObject | None) -> None:
        super().__init__(folds, incumbent)
        self.folds = folds
        champion = {name: value for name, value in (incumbent or {}).items() if name != "calibration"}
        self._its = {**champion, "num_iterations": 0}

    def held(self) -> Arrays:
        return {str(place): values for place, values in enumerate(self.folds.best)}

    def measure(self, recipe: JsonObject, metric: str, held: Arrays) -> Measured:
        best = [held[str(place)] for place in range(len(held))]

        def settle(recipe: JsonObject, metric: str) -> JsonObject:
            """The champion's own recipe is no other for having as many trees as it has."""
            its = self.incumbent if recipe == self._its else None
            return its or self.folds.settle(recipe, metric, best)

        return measured(self.folds, settle, recipe, metric)

    def made(self, found: Measured) -> Arrays:
        """``own``, ``plain``: what the recipe answered, and before that was held against what came true; ``best``: what it was settled by."""
        known = self.folds.known
        kept = {
            "own": known.get(canonical(found.recipe)),
            "plain": known.get(canonical(_plain(found.recipe))),
            "best": self.folds.best,
        }
        return {f"{what}.{place}": one for what, of in kept.items() for place, one in enumerate(of or ())}

    def take(self, found: Measured, metric: str, arrays: Arrays) -> None:
        def of(what: str) -> list[F8]:
            return [one for name, one in arrays.items() if name.startswith(f"{what}.")]

        for what, recipe in (("own", found.recipe), ("plain", _plain(found.recipe))):
            if answers := of(what):
                self.folds.known[canonical(recipe)] = answers
        if best := of("best"):
            self.folds.hold(best, metric)


def _spare(values: F8, best: Sequence[F8], units: Any, metric: str) -> None:
    if not best or len(best[0]) != len(values):
        return
    gain = measure(metric).sign * (values - best[0])
    if gain.mean() < -CLEARLY * clustered_error(gain, units):
        raise Stopped("clearly worse than another on the first window: not tried on the others", values)


def _plain(recipe: JsonObject) -> JsonObject:
    """The recipe as its learner answers, before that is held against what came true."""
    return {name: value for name, value in recipe.items() if name != "calibration"}


def _gain(metric: str, values: list[F8], other: list[F8]) -> float:
    return float(measure(metric).sign * (np.concatenate(values).mean() - np.concatenate(other).mean()))


def _by(metric: str) -> str:
    """By which metric trees stop: of the rows of one window wape is a multiple of mae."""
    return "mae" if metric == "wape" else metric
