"""The search of tables: how many trees there are is settled on validation windows, hopeless recipes are spared the later ones."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tests.tasks.tabular.test_trees import loans
from tidemill.learning.search import Settings
from tidemill.tasks.tabular import learners
from tidemill.tasks.tabular.learners import trees
from tidemill.tasks.tabular.tables import Table, build, described
from tidemill.tasks.tabular.training import TabularTrainer


def trainer_of(task: str, metric: str, trials: int = 2) -> tuple[TabularTrainer, list[tuple[int, int]]]:
    frame, contract = loans(task, n=1_500)
    table = Table(build(frame, contract), described(contract))
    trainer = TabularTrainer(
        table, Settings("regress" if task == "regress" else "classify", metric, None, trials, None)
    )
    at = table.at
    return trainer, [(int(at[700]), int(at[1_000])), (int(at[1_000]), int(at[1_300]))]


@pytest.mark.parametrize(
    ("task", "metric"),
    [("regress", "mae"), ("regress", "rmse"), ("binary", "log_loss"), ("binary", "auc"), ("multi", "log_loss")],
)
def test_as_many_trees_are_kept_as_the_windows_ask_for(task: str, metric: str) -> None:
    trainer, windows = trainer_of(task, metric)
    folds = trainer._folds(windows, keep=True)
    start = trainer.candidates().start
    settled = folds.settle(start, metric)
    assert start["num_iterations"] == 0 and 1 <= settled["num_iterations"] < trees.MOST_TREES
    values, units = folds(settled, metric)
    anew, _ = trainer.validation(windows)(settled, metric)
    np.testing.assert_allclose(values, anew, rtol=1e-9, err_msg="a fit of so many trees answers the same")
    assert len(units) == len(values) == 600
    reports = [trainer.report(trainer.fit(settled, a), a, b).scored[metric].values for a, b in windows]
    np.testing.assert_allclose(values, np.concatenate(reports), rtol=1e-9)
    assert folds.settle(settled, metric) == settled, "a champion's recipe stays as it is"


def test_more_or_fewer_trees_are_no_better_on_the_windows() -> None:
    trainer, windows = trainer_of("regress", "mae")
    folds = trainer._folds(windows, keep=True)
    settled = folds.settle(trainer.candidates().start, "mae")
    best = folds(settled, "mae")[0].mean()
    for other in (settled["num_iterations"] // 2, settled["num_iterations"] + trees.PATIENCE // 2):
        assert folds({**settled, "num_iterations": other}, "mae")[0].mean() >= 0.997 * best, "one window stopped before"


def test_windows_that_stop_at_different_times_are_weighed_by_their_rows() -> None:
    early = trees.Staged(np.array([3.0, 2.0, 2.5]), 100, lambda n: np.empty(0))
    late = trees.Staged(np.array([3.0, 2.9, 2.0, 1.0]), 100, lambda n: np.empty(0))
    assert (early.best, late.best) == (2, 4)
    assert trees.best_of([early, late]) == 4
    assert trees.best_of([early, late._replace(rows=10)]) == 2


def test_a_recipe_that_is_clearly_worse_on_the_first_window_is_told_and_not_tried_further() -> None:
    trainer, windows = trainer_of("regress", "mae")
    folds = trainer._folds(windows, keep=True)
    start = trainer.candidates().start
    folds.settle(start, "mae")
    stump = {**start, "num_leaves": 2, "learning_rate": 1e-4}
    found = trainer.search(windows, None, seed=0)
    assert all(
        trial.recipe["num_iterations"] for trial in found.tried if trial.recipe["method"] == "trees" and not trial.error
    )
    with pytest.raises(Exception, match="clearly worse"):
        folds.settle(stump, "mae")


def test_a_window_before_which_there_was_one_label_only_does_not_say_how_many_trees_there_are() -> None:
    """Fraud begins late: the first window has nothing to learn, the second one has."""
    frame, contract = loans("binary", n=1_500)
    late = pl.when(pl.int_range(pl.len()) < 700).then(pl.lit("no")).otherwise(pl.col("TARGET"))
    table = Table(build(frame.with_columns(TARGET=late), contract), described(contract))
    trainer, at = TabularTrainer(table, Settings("classify", "log_loss", None, 2, None)), table.at
    windows = [(int(at[700]), int(at[1_000])), (int(at[1_000]), int(at[1_300]))]
    start, folds = trainer.candidates().start, trainer._folds(windows, keep=True)
    settled = folds.settle(start, "log_loss")
    assert settled["num_iterations"] > 5
    assert settled["num_iterations"] == trainer._folds(windows[1:]).settle(start, "log_loss")["num_iterations"]
    np.testing.assert_allclose(folds(settled, "log_loss")[0], trainer.validation(windows)(settled, "log_loss")[0])
    assert trainer._folds(windows[:1]).settle(start, "log_loss")["num_iterations"] == 1


def test_the_search_gives_the_same_record_again_and_a_whole_recipe() -> None:
    found, again = (
        trainer_of("binary", "log_loss")[0].search(trainer_of("binary", "log_loss")[1], None, 0) for _ in range(2)
    )
    assert found.json() == again.json()
    assert found.recipe["method"] in learners.LEARNERS and found.recipe.get("num_iterations", 1) > 0


def test_the_champion_s_recipe_is_no_other_for_its_number_of_trees() -> None:
    trainer, windows = trainer_of("regress", "mae", trials=1)
    champion = {**trainer.candidates().start, "num_iterations": 33}
    tried = [
        trial.recipe for trial in trainer.search(windows, champion, seed=0).tried if trial.recipe["method"] == "trees"
    ]
    assert tried == [champion]
