"""The search for a recipe: a few trials by TPE, the fixed candidates (baselines, the champion's recipe) always among them.

A trial learns from what was before each validation window and answers that window; nobody sees the test. The search starts
from the champion's recipe and keeps it unless another one is better beyond noise (without a champion, from the
method's own defaults, by one standard error). The number of trials is the budget: same data and seed, same outcome. Wall
time is only a cap for a machine that is too slow: it begins no further trial, the outcome and the card say how many were
made, and the fixed candidates, the champion's recipe and the defaults are tried all the same. A replay has no cap.
Trials are proposed four at a time and told in their order, wherever they are made: one machine and many choose the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from statistics import NormalDist
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tidemill.errors import NotEnoughData
from tidemill.learning.evaluate import metric_value
from tidemill.learning.intervals import LEVEL, Difference, clustered_error, paired_bootstrap
from tidemill.learning.measures import measure
from tidemill.learning.space import Choice
from tidemill.learning.trials import F8, Batch, Measured
from tidemill.types import JsonObject, Micros, canonical

AT_ONCE = 4
"""Trials that are proposed together."""
USEFUL = 0.01  # Of the level of the champion's recipe, or of the best simple one: what gains less over it is not worth being another
SURE = 0.90  # Of the two-sided interval: a challenger's lower bound above 0 is 95 % one-sided
_Z = NormalDist().inv_cdf(LEVEL[1])
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Settings:
    """What the configuration says of a training, as plain values: the parameters of a run."""

    task: str
    metric: str
    train: Micros | None  # how far back training looks; None: everything
    trials: int
    budget: float | None  # seconds of wall time after which the search begins no trial; None: no end but the trials
    details: JsonObject = field(default_factory=dict)  # what the task alone knows, see its ``training.py``
    only: JsonObject | None = None  # this recipe is fitted, and no other is tried


@dataclass(frozen=True)
class Candidates:
    """What a search tries. Every recipe of the space is a whole one: ``start`` with other values."""

    fixed: Sequence[JsonObject]
    start: JsonObject
    space: Mapping[str, Choice] = field(default_factory=dict)
    first: Sequence[JsonObject] = ()
    """Points of the space, whole or in part, that are tried before it is explored: what did well elsewhere."""
    simple: Sequence[JsonObject] = ()
    """Without a champion the best of these stays, unless another is better by a standard error."""
    more: Sequence[str] = ()  # methods that a champion may have, though none of these has them
    same: str = ""  # the term of all recipes in which a champion's must agree, to be compared with them

    def comparable(self, incumbent: JsonObject | None) -> JsonObject | None:
        """The champion's recipe where it could be one of these."""
        methods = {recipe["method"] for recipe in (*self.fixed, self.start)} | {*self.more}
        if incumbent is None or incumbent.get("method") not in methods:
            return None
        return incumbent if incumbent.get(self.same) == self.start.get(self.same) else None


@dataclass(frozen=True)
class Trial:
    """One recipe that was tried: a line of the leaderboard."""

    recipe: JsonObject
    mean: float  # of the metric
    error: str = ""  # why there is no mean
    low: float | None = None  # 95 %, by unit
    high: float | None = None
    folds: tuple[float, ...] = ()  # the metric of each window
    fits: int = 0  # what it cost: no wall time, so that the same search has the same digest
    stopped: str = ""  # why it was not tried on the later windows: its mean is that of the first

    @staticmethod
    def of(recipe: JsonObject, metric: str, values: F8, units: Any, sizes: Sequence[int]) -> Trial:
        """What came of it. ``sizes``: how many of the values are of each window."""
        figure, mean, error = measure(metric).figure, float(np.mean(values)), _Z * clustered_error(values, units)
        low, high = figure(max(mean - error, 0.0)), figure(mean + error)
        parts = np.split(values, np.cumsum(sizes)[:-1]) if sizes else [values]
        folds = tuple(metric_value(metric, part) for part in parts if len(part))
        known = np.isfinite(error)
        return Trial(
            recipe, figure(mean), "", low if known else None, high if known else None, folds, max(len(sizes), 1)
        )


@dataclass(frozen=True)
class SearchResult:
    """The outcome. ``kept``: the champion's recipe stays. ``against``: the best other recipe less the one begun with."""

    recipe: JsonObject
    kept: bool
    tried: list[Trial]
    against: Difference | None
    requests: int
    metric: str
    trials: tuple[int, int]  # made, of those wanted
    cap: float | None  # the seconds of wall time that ended it before the trials did
    begun: JsonObject | None = (
        None  # ``of`` what some began, and the ``gain`` of the best of them over the best of the others
    )

    def json(self) -> JsonObject:
        """For the record: no wall times, so that the same search has the same digest."""
        found: JsonObject = msgspec.to_builtins(self)
        return found if self.begun else {name: value for name, value in found.items() if name != "begun"}


def search(
    batch: Batch,
    settings: Settings,
    candidates: Candidates,
    incumbent: JsonObject | None,
    seed: int,
    progress: Progress | None = None,
    sizes: Sequence[int] = (),
) -> SearchResult:
    """Try the champion's recipe, the fixed ones, then trials of the space beginning with its start, and choose.

    ``batch``: measures recipes. ``incumbent``: the champion's recipe. ``sizes``: how many validation requests each window has.
    After the budget of wall time no trial but the first is begun. A recipe that raises ModelError is never chosen.
    Raises NotEnoughData when there is no validation request.
    """
    incumbent = candidates.comparable(incumbent)
    if settings.only:
        incumbent = incumbent if incumbent == settings.only else None
        candidates = replace(candidates, fixed=(), start=settings.only, space={}, simple=())
    settings = settings if candidates.space else replace(settings, trials=0)
    bench = _Bench(batch, settings, progress, candidates, sizes)
    list(bench.measure([*([incumbent] if incumbent else []), *candidates.fixed, candidates.start]))
    made = _explore(bench, candidates, incumbent, seed) if candidates.space else 0
    return _choose(bench, candidates, incumbent, made, seed)


class _Bench:
    """Measures recipes, each once."""

    def __init__(
        self,
        batch: Batch,
        settings: Settings,
        progress: Progress | None,
        candidates: Candidates,
        sizes: Sequence[int],
    ) -> None:
        self.settings, self.metric, self._sizes = settings, settings.metric, sizes
        self._batch = batch
        self._progress, self._total = progress, len(candidates.fixed) + settings.trials
        self._settled: dict[bytes, JsonObject] = {}
        self.sign = measure(self.metric).sign
        self.tried: list[tuple[Trial, F8]] = []  # with the values, of which a failed one has none
        self.units: NDArray[Any] = np.empty(0)
        self.began = time.monotonic()

    def measure(self, recipes: Sequence[JsonObject]) -> Generator[Trial, None, None]:
        """The trial of each, in their order and as it comes; what was tried is not tried again."""
        new = {canonical(one): one for one in recipes if canonical(one) not in self._settled}
        made = self._batch(list(new.values()), self.metric)
        for recipe in recipes:
            if canonical(recipe) not in self._settled:
                self._note(recipe, next(made))
            yield next(trial for trial, _ in self.tried if trial.recipe == self.settled(recipe))

    def settled(self, recipe: JsonObject) -> JsonObject:
        """A recipe that was tried, as the validation windows left it."""
        return self._settled[canonical(recipe)]

    def _note(self, recipe: JsonObject, found: Measured) -> None:
        self._settled[canonical(recipe)] = found.recipe
        if any(trial.recipe == found.recipe for trial, _ in self.tried):
            return
        trial = self._trial(found)
        self.tried.append((trial, found.values if trial.fits and not trial.stopped else np.empty(0)))
        if self._progress:
            done, what = min(len(self.tried), self._total), f"{found.recipe['method']} {self.metric} {trial.mean:.4f}"
            self._progress(done, self._total, what)

    def _trial(self, found: Measured) -> Trial:
        if found.error:
            return Trial(found.recipe, 0.0, found.error)
        if found.stopped:
            first = metric_value(self.metric, found.values)
            return Trial(found.recipe, first, folds=(first,), fits=1, stopped=found.stopped)
        if not len(found.values):
            raise NotEnoughData("no request to choose a recipe by", hint="a longer split.test, or more data")
        self.units = found.units
        return Trial.of(found.recipe, self.metric, found.values, found.units, self._sizes)

    def score(self, trial: Trial) -> float:
        """Greater is better; what was not measured on every window is never chosen."""
        return -np.inf if trial.error or trial.stopped else self.sign * trial.mean


def _explore(bench: _Bench, candidates: Candidates, incumbent: JsonObject | None, seed: int) -> int:
    """Ask and tell; how many trials were made. The first is the start: it has been measured, and costs nothing."""
    import optuna

    trials, budget = bench.settings.trials, bench.settings.budget
    space, start = candidates.space, candidates.start
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=AT_ONCE)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for recipe in (start, incumbent):
        if recipe and recipe.get("method") == start["method"] and all(space[n].has(recipe.get(n)) for n in space):
            study.enqueue_trial({name: recipe[name] for name in space}, skip_if_exists=True)
    for point in candidates.first:
        study.enqueue_trial({**{name: start[name] for name in space}, **point}, skip_if_exists=True)
    distributions = {name: _distribution(choice) for name, choice in space.items()}
    for made in range(0, trials, AT_ONCE):
        asked = [study.ask(distributions) for _ in range(min(AT_ONCE, trials - made))]
        with closing(bench.measure([{**start, **trial.params} for trial in asked])) as found:
            for number, trial in enumerate(asked, made):
                if number and budget is not None and time.monotonic() - bench.began > budget:
                    return number
                _tell(study, trial, next(found), bench)
    return trials


def _tell(study: Any, asked: Any, found: Trial, bench: _Bench) -> None:
    from optuna.trial import TrialState

    if found.stopped:
        asked.report(bench.sign * found.mean, step=0)
    if found.stopped or found.error:
        study.tell(asked, state=TrialState.PRUNED)
    else:
        study.tell(asked, bench.score(found))


def _distribution(choice: Choice) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if choice.of:
        return CategoricalDistribution(choice.of)
    if choice.whole:
        return IntDistribution(int(choice.low), int(choice.high), log=choice.log)
    return FloatDistribution(choice.low, choice.high, log=choice.log)


def _choose(bench: _Bench, candidates: Candidates, incumbent: JsonObject | None, made: int, seed: int) -> SearchResult:
    """The best recipe if it beats the one that we begin with: the champion's beyond noise and by `USEFUL`, else the start by a standard error.

    Of less a gate would say no gain, and a champion that has grown old would stay; its own recipe, fitted anew, follows it.
    """
    recipe = reference = incumbent or bench.settled(candidates.start)
    own = next(values for trial, values in bench.tried if trial.recipe == reference)
    others = [one for one in bench.tried if one[0].recipe != reference and len(one[1])]
    against: Difference | None = None
    if others:
        best, values = max(others, key=lambda one: bench.score(one[0]))  # the first of equal ones
        if len(own):
            against = paired_bootstrap(bench.sign * values, bench.sign * own, bench.units, seed, level=SURE)
        if against is None or _is_better(against, useful(bench.metric, own) if incumbent else None):
            recipe = best.recipe
    if candidates.simple and not incumbent:
        recipe = _simple(bench, candidates.simple, recipe, seed)
    settings = bench.settings
    return SearchResult(
        recipe=recipe,
        kept=recipe == incumbent,
        tried=[trial for trial, _ in bench.tried],
        against=against,
        requests=len(bench.units),
        metric=bench.metric,
        trials=(made, settings.trials),
        cap=settings.budget if made < settings.trials else None,
    )


def _is_better(against: Difference, useful: float | None) -> bool:
    return against.mean > against.error if useful is None else against.low > 0 and against.mean >= useful


def useful(metric: str, values: F8) -> float:
    """The least mean gain over these that is worth being another recipe."""
    return USEFUL * abs(float(np.mean(values)) - measure(metric).zero)


def _simple(bench: _Bench, simple: Sequence[JsonObject], recipe: JsonObject, seed: int) -> JsonObject:
    """The best of the simple recipes where ``recipe`` is not better by a standard error and by `USEFUL`: no gate would let it pass."""
    tried = {canonical(trial.recipe): (trial, values) for trial, values in bench.tried if len(values)}
    known = [tried[canonical(one)] for one in simple if canonical(one) in tried]
    own = tried.get(canonical(recipe))
    if not known or own is None or recipe in simple:
        return recipe
    best, values = max(known, key=lambda one: bench.score(one[0]))
    ahead = paired_bootstrap(bench.sign * own[1], bench.sign * values, bench.units, seed, level=SURE)
    return recipe if ahead.mean > max(ahead.error, useful(bench.metric, values)) else best.recipe
