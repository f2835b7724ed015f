"""The search of tables is nested: what is tested on, and labels that were not ripe, choose nothing; each trial says how it went."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from tests.tasks.tabular.test_folds import trainer_of as folds_trainer
from tests.tasks.tabular.test_trees import loans
from tidemill.features.transaction_time import RIPE
from tidemill.learning.search import Settings
from tidemill.tasks.tabular.tables import TARGET, Table, build, described
from tidemill.tasks.tabular.training import TabularTrainer
from tidemill.types import DAY


def trainer_of(task: str, metric: str, change: pl.Expr | None = None, ripe: int | None = None) -> TabularTrainer:
    """Of loans; ``change``: of the target; ``ripe``: how many days after its moment a label is settled."""
    frame, contract = loans(task, n=1_500)
    rows = build(frame, contract)
    if ripe is not None:
        rows = rows.with_columns((pl.col("_at") + ripe * DAY).alias(RIPE))
    if change is not None:
        rows = rows.with_columns(change.alias(TARGET))
    settings = Settings("regress" if task == "regress" else "classify", metric, None, 3, None)
    return TabularTrainer(Table(rows, described(contract)), settings)


WINDOWS = [(700, 1_000), (1_000, 1_200)]


def windows_of(trainer: TabularTrainer, gap: int = 0) -> list[tuple[int, int]]:
    return [(int(trainer.at[a]) + gap, int(trainer.at[b]) + gap) for a, b in WINDOWS]


@pytest.mark.parametrize(("task", "metric"), [("regress", "mae"), ("binary", "log_loss")])
def test_what_happens_after_the_last_window_chooses_nothing(task: str, metric: str) -> None:
    """Recipe, number of trees, blend, map of probabilities: all stay as they are whatever the test holds."""
    late = pl.int_range(pl.len()) >= WINDOWS[-1][1]
    turned = (
        pl.when(late)
        .then(pl.col(TARGET).reverse() if task == "binary" else -50 * pl.col(TARGET))
        .otherwise(pl.col(TARGET))
    )
    plain, other = trainer_of(task, metric), trainer_of(task, metric, turned)
    assert not plain.table.target.equals(other.table.target)
    found, again = (one.search(windows_of(one), None, seed=0) for one in (plain, other))
    assert json.dumps(found.json()) == json.dumps(again.json())


def test_no_label_that_was_not_ripe_is_learned_before_a_window() -> None:
    """Thirty days until a label is settled: those of the last thirty before a window are turned round, and nothing differs."""
    days, trainer = 30, trainer_of("binary", "log_loss", ripe=30)
    start = int(trainer.at[1_000])
    open_ = (pl.col("_at") > start - days * DAY) & (pl.col("_at") < start)
    turned = (
        pl.when(open_)
        .then(pl.when(pl.col(TARGET) == "yes").then(pl.lit("no")).otherwise(pl.lit("yes")))
        .otherwise(pl.col(TARGET))
    )
    other = trainer_of("binary", "log_loss", turned, ripe=30)
    assert (trainer.table.target != other.table.target).sum() > 50
    for recipe in (trainer.candidates().start, trainer.baseline("linear")):
        recipe = {**recipe, "num_iterations": 15, "calibration": "own window"}
        assert trainer.fit(recipe, start) == other.fit(recipe, start)
    without = trainer_of("binary", "log_loss", turned)
    assert without.fit(trainer.baseline("linear"), start) != other.fit(trainer.baseline("linear"), start)


def test_the_leaderboard_says_of_each_trial_its_windows_interval_and_cost() -> None:
    metric = "rmse"
    trainer, windows = folds_trainer("regress", metric, trials=3)
    found = trainer.search(windows, None, seed=0)
    folds = trainer.validation(windows)
    for trial in found.tried:
        assert trial.error or trial.fits == len(trial.folds) == (1 if trial.stopped else 2)
        if trial.error or trial.stopped:
            assert trial.low is None
            continue
        values, _ = folds(trial.recipe, metric)
        each = [np.mean(values[:300]), np.mean(values[300:])]
        assert trial.folds == pytest.approx([one**0.5 for one in each])
        assert trial.low < trial.mean < trial.high and trial.mean == pytest.approx(np.mean(each) ** 0.5)
    record = json.loads(json.dumps(found.json()))
    assert {"recipe", "mean", "low", "high", "folds", "fits", "stopped", "error"} == set(record["tried"][0])
