"""The search for a recipe: a few trials by TPE, the fixed candidates (baselines, the champion's recipe) always among them.

A trial learns from what was before each validation window and answers that window; nobody sees the test. The search starts
from the champion's recipe and keeps it unless another one is better beyond noise (without a champion, from the
method's own defaults, by one standard error). The number of trials is the budget: same data and seed, same outcome. Wall
time is only a cap for a machine that is too slow: it begins no further trial, the outcome and the card say how many were
made, and the fixed candidates, the champion's recipe and the defaults are tried all the same. A replay has no cap.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import NotEnoughData
from tidemill.learning.evaluate import metric_value
from tidemill.learning.intervals import Difference, paired_bootstrap
from tidemill.learning.measures import measure
from tidemill.types import JsonObject

F8 = NDArray[np.float64]
SURE = 0.90
"""Of the two-sided interval: a challenger's lower bound above 0 is 95 % one-sided."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One hyper-parameter of the space: numbers from low to high (``log``: by ratio), or one of a few."""

    low: float = 0.0
    high: float = 0.0
    log: bool = False
    whole: bool = False
    of: tuple[float, ...] = ()

    def distribution(self) -> Any:
        from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

        if self.of:
            return CategoricalDistribution(self.of)
        if self.whole:
            return IntDistribution(int(self.low), int(self.high), log=self.log)
        return FloatDistribution(self.low, self.high, log=self.log)

    def has(self, value: Any) -> bool:
        """Whether the value is in this part of the space."""
        return value in self.of if self.of else self.low <= value <= self.high


class Validation(Protocol):
    """What a search asks: the value of a metric for each validation request, in the same order for every recipe."""

    @property
    def units(self) -> NDArray[Any]: ...
    def values(self, recipe: JsonObject, metric: str) -> F8: ...


@dataclass(frozen=True)
class Trial:
    recipe: JsonObject
    mean: float  # of the metric
    error: str = ""  # why there is no right mean


@dataclass(frozen=True)
class SearchResult:
    """The outcome. ``kept``: the champion's recipe stays. ``against``: the best other recipe less the one begun with."""

    recipe: JsonObject
    kept: bool
    tried: list[Trial]
    against: Difference | None
    requests: int
    metric: str
    trials: int = 0  # made
    wanted: int = 0
    cap: float | None = None  # in seconds of wall time

    @property
    def capped(self) -> bool:
        """Whether the cap ended the search before the trials did."""
        return self.trials < self.wanted

    def json(self) -> JsonObject:
        """For the record: no wall times, so that the same search has the same digest."""
        return {
            "recipe": self.recipe,
            "kept": self.kept,
            "metric": self.metric,
            "requests": self.requests,
            "trials": [self.trials, self.wanted],
            "cap": self.cap if self.capped else None,
            "tried": [_told(tried) for tried in self.tried],
            "against": self.against._asdict() if self.against else None,
        }


def _told(tried: Trial) -> JsonObject:
    said: JsonObject = {"recipe": tried.recipe, "mean": tried.mean}
    return {**said, "error": tried.error} if tried.error else said


def search(
    validation: Validation,
    metric: str,
    *,
    fixed: Sequence[JsonObject],
    space: Mapping[str, Choice],
    start: JsonObject,
    incumbent: JsonObject | None,
    trials: int,
    seconds: float | None,
    seed: int,
    progress: Callable[[int, int, str], None] | None = None,
) -> SearchResult:
    """Try the fixed recipes, then ``trials`` of the space beginning with ``start``, and choose.

    ``start`` is a whole recipe of the method that the space belongs to. ``incumbent``: the champion's recipe. After
    ``seconds`` of wall time no trial but the first is begun; None: all are made, however long it takes.
    Raises NotEnoughData when there is no validation request.
    """
    if not len(validation.units):
        raise NotEnoughData("no request to choose a recipe by", hint="a longer split.test, or more data")
    bench = _Bench(validation, metric, progress or (lambda done, total, text: None), len(fixed) + trials)
    for recipe in [*([incumbent] if incumbent else []), *fixed]:
        bench.measure(recipe)
    bench.measure(start)
    made = _explore(bench, space, start, incumbent, trials, seconds, seed)
    return replace(_choose(bench, start, incumbent, seed), trials=made, wanted=trials, cap=seconds)


class _Bench:
    """Measures recipes, each once."""

    def __init__(
        self, validation: Validation, metric: str, progress: Callable[[int, int, str], None], total: int
    ) -> None:
        self.validation, self.metric, self._progress, self._total = validation, metric, progress, total
        self.sign = measure(metric).sign
        self.tried: list[tuple[Trial, F8]] = []
        self.began = time.monotonic()

    def measure(self, recipe: JsonObject) -> float:
        """Greater is better."""
        known = next((tried for tried, _ in self.tried if tried.recipe == recipe), None)
        if known is None:
            values = self.validation.values(recipe, self.metric)
            known = Trial(recipe, metric_value(self.metric, values))
            self.tried.append((known, values))
            done = min(len(self.tried), self._total)
            self._progress(done, self._total, f"{recipe['method']} {self.metric} {known.mean:.4f}")
        return self.sign * known.mean


def _explore(
    bench: _Bench,
    space: Mapping[str, Choice],
    start: JsonObject,
    incumbent: JsonObject | None,
    trials: int,
    seconds: float | None,
    seed: int,
) -> int:
    """Ask and tell; how many trials were made. The first is the start: it has been measured, and costs nothing."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=min(5, trials))
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for recipe in (start, incumbent):
        if recipe and recipe.get("method") == start["method"] and all(space[n].has(recipe.get(n)) for n in space):
            study.enqueue_trial({name: recipe[name] for name in space}, skip_if_exists=True)
    distributions = {name: choice.distribution() for name, choice in space.items()}
    for made in range(trials):
        if made and seconds is not None and time.monotonic() - bench.began > seconds:
            return made
        trial = study.ask(distributions)
        study.tell(trial, bench.measure({**start, **trial.params}))
    return trials


def _choose(bench: _Bench, start: JsonObject, incumbent: JsonObject | None, seed: int) -> SearchResult:
    """The best recipe if it beats the one that we begin with: the champion's beyond noise, else ``start`` by a standard error."""
    reference = incumbent or start
    own = next(v for tried, v in bench.tried if tried.recipe == reference)
    others = [one for one in bench.tried if one[0].recipe != reference]
    against: Difference | None = None
    recipe = reference
    if others:
        best, values = max(others, key=lambda one: bench.sign * one[0].mean)  # the first of equal ones
        against = paired_bootstrap(bench.sign * values, bench.sign * own, bench.validation.units, seed, level=SURE)
        better = against.low > 0 if incumbent else against.mean > against.error
        recipe = best.recipe if better else reference
    return SearchResult(
        recipe=recipe,
        kept=incumbent is not None and recipe == incumbent,
        tried=[tried for tried, _ in bench.tried],
        against=against,
        requests=len(bench.validation.units),
        metric=bench.metric,
    )
