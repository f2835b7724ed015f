"""Trials made elsewhere, side by side and in whatever order: the search that asked for them is the same to the last digit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.learning.test_search import FIXED, SPACE, START, Hill
from tests.tasks.tabular.test_blend import opened
from tests.tasks.tabular.test_folds import trainer_of
from tidemill.learning.search import AT_ONCE, Candidates, Settings, search
from tidemill.learning.trials import Arrays, Measured, Trials
from tidemill.store.artifacts.codecs import decode, encode
from tidemill.tasks.tabular.training import TabularTrainer
from tidemill.types import JsonObject


def test_four_are_proposed_at_a_time_and_the_next_ones_know_what_came_of_them() -> None:
    batches: list[list[JsonObject]] = []

    def batch(recipes: Any, metric: str) -> Iterator[Measured]:
        batches.append(recipes)
        return (Trials(Hill()).measure(recipe, metric, {}) for recipe in recipes)

    found = search(batch, Settings("own", "recall@20", None, 10, None), Candidates(FIXED, START, SPACE), None, 3)
    assert [len(one) for one in batches] == [2, 3, 4, 2], "the fixed ones and the start; it is no trial again"
    assert found.trials == (10, 10) and AT_ONCE == 4
    assert found.json() == search(Trials(Hill()).batch(), Settings("own", "recall@20", None, 10, None),
                                  Candidates(FIXED, START, SPACE), None, 3).json()  # fmt: skip


def test_a_spent_budget_lets_go_of_trials_that_are_under_way() -> None:
    ended: list[int] = []

    def batch(recipes: Any, metric: str) -> Iterator[Measured]:
        try:
            yield from (Trials(Hill()).measure(recipe, metric, {}) for recipe in recipes)
        finally:
            ended.append(len(recipes))

    search(batch, Settings("own", "recall@20", None, 10, 0.0), Candidates(FIXED, START, SPACE), None, 3)
    assert ended == [2], "none of the second batch was begun"


def elsewhere(trainer: TabularTrainer, windows: Any) -> Any:
    """Each trial by a bench of its own that knows nothing of the others, the last one first; values go as artifacts do."""

    def made(recipes: Any, incumbent: Any, metric: str, held: Arrays) -> Iterator[tuple[Measured, Arrays]]:
        found = {}
        for place, recipe in reversed(list(enumerate(recipes))):
            there = trainer.trials(windows, incumbent)
            one = there.measure(decode("json", encode("json", recipe)), metric, held)
            arrays = dict(there.made(one))
            found[place] = one, decode("arrays", encode("arrays", arrays)) if arrays else {}
        yield from (found[place] for place in range(len(recipes)))

    return made


def test_a_search_of_trials_made_elsewhere_is_the_one_made_here() -> None:
    trainer, windows = opened(trials=9)
    here = trainer.search(windows, None, 0)
    assert trainer.search(windows, None, 0, None, elsewhere(trainer, windows)) == here
    assert any(trial.stopped for trial in here.tried), "one was held against the best before its batch"


@pytest.mark.nightly  # a search made elsewhere is in every run, below or above
def test_a_champion_s_recipe_is_settled_elsewhere_as_it_is_here() -> None:
    trainer, windows = trainer_of("binary", "log_loss", trials=6)
    first = trainer.search(windows, None, 0).recipe
    champion = {**first, "calibration": "own"}
    found = trainer.search(windows, champion, 0, None, elsewhere(trainer, windows))
    assert found == trainer.search(windows, champion, 0)
