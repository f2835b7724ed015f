"""A mean of several learners: of members that err differently, chosen on the validation windows, kept as a champion's recipe."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tasks.tabular.test_categories import trainer_of
from tests.tasks.tabular.test_folds import trainer_of as labelled_trainer
from tests.tasks.tabular.test_learners import problem
from tidemill.learning.search import Settings, Trial
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.table import load
from tidemill.tasks.tabular import learners
from tidemill.tasks.tabular.learners import blend
from tidemill.tasks.tabular.training import TabularTrainer


def both_ways(n: int = 2_400) -> pl.DataFrame:
    """A line in one number, and steps in two others: trees and a line each see a part of it."""
    rng = np.random.default_rng(0)
    a, b, c = rng.normal(size=(3, n))
    y = 2 * a + np.sign(b) * np.sign(c) + 3 * np.sin(a * 3) + rng.normal(size=n) * 2
    return pl.DataFrame(
        {"at": [datetime(2024, 1, 1) + timedelta(hours=i) for i in range(n)], "a": a, "b": b, "c": c, "y": y}
    )


def opened(metric: str = "mae", trials: int = 5) -> tuple[TabularTrainer, list[tuple[int, int]]]:
    trainer = trainer_of(both_ways())
    trainer.settings = Settings("regress", metric, None, trials, None, trainer.settings.details)
    at = trainer.at
    return trainer, [(int(at[1_200]), int(at[1_500])), (int(at[1_500]), int(at[1_800]))]


def test_it_is_chosen_where_it_is_better_and_is_then_a_recipe_like_any_other() -> None:
    trainer, windows = opened()
    found = trainer.search(windows, None, seed=0)
    mixed = next(trial for trial in found.tried if trial.recipe["method"] == blend.METHOD)
    others = [trial for trial in found.tried if trial.recipe != mixed.recipe and trial.fits and not trial.stopped]
    assert mixed.mean < min(trial.mean for trial in others), "it is the best of the leaderboard"
    anew, _ = trainer.validation(windows)(mixed.recipe, "mae")
    assert anew.mean() == pytest.approx(mixed.mean, rel=1e-9), "fitted anew it answers what the search measured"
    kept = trainer.search(windows, mixed.recipe, seed=0)
    assert kept.kept and kept.tried[0].recipe == kept.recipe == mixed.recipe
    start, end = int(trainer.at[1_800]), int(trainer.at.max()) + 1
    bundle = trainer.fit(mixed.recipe, start)
    assert bundle == trainer.fit(mixed.recipe, start) and trainer.reproduces(mixed.recipe)
    scorer, rows = load(bundle), trainer.table.between(start, end)[:50]
    x = trainer.table.encoded(scorer.inputs, rows)
    np.testing.assert_allclose([scorer.outputs(row) for row in x], scorer.many(x), rtol=1e-9)


@pytest.mark.parametrize("labels", [0, 2, 3])
def test_its_answer_is_the_mean_of_its_members(labels: int) -> None:
    made, _ = problem(labels)
    task = "classify" if labels else "regress"
    members = [{**learners.recipe_of("trees", task), "num_iterations": 9}, learners.recipe_of("linear", task)]
    recipe, said = blend.recipe_of(task, members, [0.25, 0.75]), {"labels": made.labels, "columns": made.inputs}
    told = [learners.opened(one, Bundle(said, learners.fit(one, made))).rows(made.x) for one in members]
    asked = learners.opened(recipe, Bundle(said, learners.fit(recipe, made)))
    np.testing.assert_allclose(asked.rows(made.x), 0.25 * told[0] + 0.75 * told[1], rtol=1e-12)
    np.testing.assert_allclose(asked.row(made.x[3]), asked.rows(made.x)[3], rtol=1e-12)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_what_is_chosen_is_never_worse_than_the_best_alone(seed: int, members: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=60)
    told = truth + rng.normal(size=(members, 60)) * rng.uniform(0.5, 3, (members, 1))

    def score(shares: dict[int, float]) -> float:
        return -float(np.abs(sum(share * told[i] for i, share in shares.items()) - truth).mean())

    best = max(range(members), key=lambda i: score({i: 1.0}))
    order = [best, *(i for i in range(members) if i != best)]
    shares = blend.chosen(order, score)
    assert score(shares) >= score({best: 1.0}) and sum(shares.values()) == pytest.approx(1)
    assert best in shares and len(shares) <= blend.MOST


def test_a_champion_whose_probabilities_are_mapped_is_a_member_without_its_map() -> None:
    """The mean has a map of its own: what is measured of it is what is then fitted."""
    trainer, windows = labelled_trainer("binary", "log_loss")
    folds = trainer._folds(windows, keep=True)
    best = {**trainer.baseline("linear"), "l2": 300.0}
    champion = {**learners.recipe_of("trees", "classify"), "num_iterations": 40, "calibration": "own window"}
    tried = [Trial.of(one, "log_loss", *folds(one, "log_loss"), folds.sizes) for one in (best, champion)]
    made = folds.blended(best, tried, "log_loss")
    assert made is not None and len(made["of"]) == 2 and all("calibration" not in one for one in made["of"])
    anew, _ = trainer.validation(windows)(made, "log_loss")
    np.testing.assert_allclose(folds(made, "log_loss")[0], anew, rtol=1e-9)
