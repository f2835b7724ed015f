"""The search: same seed, same outcome; keeps what is good; finds what is better; the budget is a cap."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tasks.ranking.made import shop
from tidemill.errors import ModelError, NotEnoughData
from tidemill.learning.search import Candidates, Choice, Settings
from tidemill.learning.search import search as search_by
from tidemill.learning.trials import Trials
from tidemill.store.artifacts.codecs import encode
from tidemill.tasks.ranking import learners
from tidemill.tasks.ranking.folds import Folds, greatest
from tidemill.types import DAY

SPACE = {"x": Choice(-1.0, 1.0), "n": Choice(1, 9, whole=True), "kind": Choice(of=(1.0, 2.0))}
START = {"method": "own", "x": 0.0, "n": 3, "kind": 1.0}
FIXED = [{"method": "baseline"}]


@dataclass
class Hill:
    """Quality falls with the distance from x = 0.7; ``noise`` differs by request, ``step`` is the slope."""

    step: float = 0.2
    noise: float = 0.01
    asked: list[dict] = field(default_factory=list)
    units = np.repeat(np.arange(50), 4)

    def __call__(self, recipe, metric):
        return self.values(recipe, metric), self.units

    def values(self, recipe, metric):
        self.asked.append(recipe)
        x = recipe.get("x", -1.0)
        rng = np.random.default_rng(abs(hash(round(x, 9))) % 2**32)
        level = 0.5 - self.step * abs(x - 0.7) + rng.normal(scale=self.noise, size=200)
        return 1 - level if metric == "log_loss" else level


@dataclass
class Step(Hill):
    """All but the start and the baseline gain so many standard errors."""

    errors: float = 0.0

    def __init__(self, errors):
        super().__init__()
        self.errors = errors

    def values(self, recipe, metric):
        self.asked.append(recipe)
        if recipe["method"] == "baseline":
            return np.full(200, 0.1)
        spread = np.where(self.units % 2, 0.1, -0.1)  # its mean over fifty units has the error 0.1 / √50
        return 0.5 + (recipe != START) * (self.errors * 0.1 / np.sqrt(50) + spread)


def search(validate, *arguments):
    return search_by(Trials(validate).batch(), *arguments)


def look(hill, incumbent=None, metric="recall@20", trials=15, seconds=60.0, seed=3):
    wanted = Settings("own", metric, None, trials, seconds)
    return search(hill, wanted, Candidates(FIXED, START, SPACE), incumbent, seed)


@pytest.mark.parametrize("metric", ["recall@20", "log_loss"])
def test_it_finds_the_hill_whichever_way_is_up(metric):
    found = look(Hill(), metric=metric)
    assert abs(found.recipe["x"] - 0.7) < 0.2 and not found.kept and found.cap is None
    assert found.against is not None and found.against.mean > 0
    assert found.requests == 200 and found.tried[0].recipe == {"method": "baseline"}
    assert set(found.recipe) == set(START) and isinstance(found.recipe["n"], int)


def test_the_same_seed_gives_the_same_record():
    assert encode("json", look(Hill()).json()) == encode("json", look(Hill()).json())
    assert look(Hill(), seed=4).tried != look(Hill()).tried


def test_the_champion_s_recipe_stays_unless_another_is_better_beyond_noise():
    champion = {**START, "x": 0.65}
    found = look(Hill(noise=0.2), incumbent=champion)
    assert found.kept and found.recipe == champion
    assert found.tried[0].recipe == champion, "it is the first to be tried"
    worse = {**START, "x": -0.9}
    moved = look(Hill(), incumbent=worse)
    assert not moved.kept and moved.recipe != worse and moved.against.low > 0


@pytest.mark.parametrize(("step", "kept"), [(0.003, True), (0.2, False)])
def test_the_champion_s_recipe_stays_for_a_gain_that_is_sure_and_of_no_use(step, kept):
    """It would be a change of method of no useful gain, refused, and the champion would grow older."""
    found = look(Hill(step=step, noise=0.0001), incumbent={**START, "x": 0.0})
    assert found.against.low > 0 and found.kept == kept


def test_asked_for_one_recipe_it_tries_no_other():
    hill, champion = Hill(), {**START, "x": 0.0}
    wanted = Settings("own", "recall@20", None, trials=15, budget=None, only=champion)
    found = search(hill, wanted, Candidates(FIXED, START, SPACE), champion, 3)
    assert found.kept and found.recipe == champion and hill.asked == [champion]
    first = search(hill := Hill(), wanted, Candidates(FIXED, START, SPACE), None, 3)
    assert not first.kept and first.recipe == champion and hill.asked == [champion]


def test_without_a_champion_the_defaults_stay_within_one_standard_error():
    """Every other recipe is better by the same gain, which differs by unit: so many standard errors of fifty units."""
    for errors, moves in ((-0.5, False), (0.0, False), (0.5, False), (0.9, False), (1.1, True), (3.0, True)):
        found = look(Step(errors))
        assert found.against.mean == pytest.approx(errors * found.against.error, rel=0.05, abs=1e-9)
        assert (found.recipe != START) is moves, errors
        assert not found.kept, "there was nothing to keep"
    assert look(Hill(step=0.0, noise=0.0)).recipe == START


def test_a_baseline_that_is_better_is_chosen():
    class Bad(Hill):
        def values(self, recipe, metric):
            return np.full(200, 0.9 if recipe["method"] == "baseline" else 0.1) + self.noise * np.arange(200) / 1e6

    assert look(Bad()).recipe == {"method": "baseline"}


def test_the_start_and_the_champion_are_tried_and_nothing_twice():
    hill = Hill()
    look(hill, incumbent={**START, "x": 0.5})
    assert START in hill.asked and {**START, "x": 0.5} in hill.asked
    assert len({repr(sorted(r.items())) for r in hill.asked}) == len(hill.asked)


def test_a_spent_budget_is_recorded():
    """The fixed candidates, the champion's recipe and the defaults are tried however late it is."""
    found = look(Hill(), seconds=0.0)
    assert found.trials == (1, 15) and found.cap == 0.0
    assert [t.recipe for t in found.tried] == [*FIXED, START]
    champion = {**START, "x": 0.5}
    found = look(Hill(), seconds=0.0, incumbent=champion)
    assert [t.recipe for t in found.tried] == [champion, *FIXED, START]


def test_without_a_budget_no_machine_is_too_slow(monkeypatch):
    """A replay has none: each look at the clock finds that an hour has passed, and the outcome is the same."""
    quick = look(Hill(), seconds=None)
    hours = itertools.count(step=3600.0)
    monkeypatch.setattr("tidemill.learning.search.time.monotonic", lambda: next(hours))
    slow = look(Hill(), seconds=None)
    assert next(hours) >= 3600 and slow.cap is None and slow.json() == quick.json()
    assert look(Hill(), seconds=60.0).cap == 60.0


def test_progress_is_told():
    said = []
    wanted = Settings("own", "recall@20", None, 3, 9.0)
    told = lambda done, total, text: said.append((done, total, text))  # noqa: E731
    search(Hill(), wanted, Candidates(FIXED, START, SPACE), None, 0, told)
    assert [done for done, _, _ in said] == [1, 2, 3, 4] and {total for _, total, _ in said} == {4}
    assert said[0][2].startswith("baseline recall@20 0.")


def test_a_recipe_that_fails_is_told_and_never_chosen():
    class Broken(Hill):
        def values(self, recipe, metric):
            if recipe["method"] == "baseline" or recipe.get("x", 0) > 0.9:
                raise ModelError("it cannot be fitted")
            return super().values(recipe, metric)

    found = look(Broken())
    assert found.tried[0].error and not next(t for t in found.tried if t.recipe == found.recipe).error
    assert look(Broken(), incumbent={**START, "x": 1.0}).recipe["x"] < 0.9


@pytest.mark.parametrize("champion", [{"method": "trees", "half_life": 9}, {**START, "half_life": 8}, {"half_life": 9}])
def test_a_champion_of_another_kind_is_not_compared(champion):
    candidates = Candidates(FIXED, {**START, "half_life": 9}, same="half_life")
    assert candidates.comparable(champion) is None
    assert candidates.comparable({**START, "x": 0.1, "half_life": 9}) is not None


def test_no_request_is_an_error():
    data = shop(users=5)
    with pytest.raises(NotEnoughData):
        start = learners.recipe_of("popularity", 30 * DAY)
        folds = Folds(data, [(data.end, data.end + DAY)], 30 * DAY)
        search(folds, Settings("recommend", "ndcg@10", None, 1, None), Candidates([], start), None, 0)


def test_windows_are_searched_without_their_own_rows():
    """What a window holds does not change what a recipe learns for it."""
    data = shop()
    start, end = 150 * DAY, 178 * DAY
    folds = Folds(data, [(start, end)], 30 * DAY)
    assert folds._folds[0].train.at.max() < start
    recipe = learners.recipe_of("popularity", 30 * DAY)
    shorter = Folds(data, [(start, end)], 30 * DAY, train=20 * DAY)
    assert shorter._folds[0].train.at.min() >= start - 20 * DAY
    assert not np.array_equal(folds(recipe, "ndcg@10")[0], shorter(recipe, "ndcg@10")[0])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([(7, 3), (40, 11), (700, 5), (900, 1)]), st.integers(1, 25))
def test_the_greatest_of_each_request_best_first(seed, shape, k):
    """Few different scores, so that many are equal: of those the first."""
    scores = np.random.default_rng(seed).integers(-3, 12, shape) / 4
    expected = [sorted(range(shape[0]), key=lambda i: (-column[i], i))[:k] for column in scores.T]
    assert greatest(scores, k).tolist() == expected
