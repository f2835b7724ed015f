"""The learning curve: each point learned from so many rows, judged on the whole test, by the metric of the search."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tests.tasks.tabular.test_trees import loans
from tidemill.evaluation.parts import SHARES
from tidemill.evaluation.port import Look
from tidemill.features.transaction_time import RIPE
from tidemill.learning.rows import AT
from tidemill.learning.search import Settings
from tidemill.learning.split import Cut
from tidemill.learning.trainer import Report
from tidemill.model.curve import curve
from tidemill.tasks.table import training_of
from tidemill.tasks.tabular import learners
from tidemill.tasks.tabular.tables import TARGET, as_json, build, described

N = 2_000


def world(metric: str = "mae", train: int | None = None, open_for: int = 0) -> tuple[pl.DataFrame, Settings, Cut]:
    """Rows of which the last fifth is the test; ``open_for``: so many rows later a label is ripe."""
    task = "regress" if metric == "mae" else "binary"
    frame, contract = loans(task, n=N)
    details = {"columns": as_json(described(contract))}
    rows = build(frame, contract)
    at = rows[AT].to_numpy()
    if open_for:
        ripe = np.append(at, np.full(open_for, at[-1]))[open_for:]
        rows = rows.with_columns(pl.Series(RIPE, ripe))
    settings = Settings("regress" if task == "regress" else "classify", metric, train, 1, None, details)
    return rows, settings, Cut([], int(at[1_600]), int(at[-1]) + 1)


def drawn(rows: pl.DataFrame, settings: Settings, cut: Cut, method: str = "linear") -> tuple[np.ndarray, Report]:
    look = look_at(rows, settings, cut, method)
    return curve(look), look.own


def look_at(rows: pl.DataFrame, settings: Settings, cut: Cut, method: str = "linear") -> Look:
    trainer = training_of(settings.task).open_trainer(rows, settings)
    recipe = {**learners.recipe_of(method, settings.task, settings.metric), "num_iterations": 20}
    bundle = trainer.fit(recipe, cut.test_start)
    own = trainer.report(bundle, cut.test_start, cut.end)
    return Look(trainer, rows, settings, cut, bundle, own, {}, {}, 0)


@pytest.mark.parametrize("metric", ["mae", "log_loss"])
def test_more_rows_are_learned_from_and_the_last_point_is_the_model_itself(metric: str) -> None:
    found, whole = drawn(*world(metric))
    rows = found[:, 0]
    assert len(found) == len(SHARES) + 1 and rows[-1] == 1_600
    np.testing.assert_allclose(rows[:-1] / 1_600, SHARES, rtol=0.15)
    assert found[-1, 1] == pytest.approx(whole.scored[metric].values.mean())
    assert (found[:, 2] <= found[:, 1]).all() and (found[:, 1] <= found[:, 3]).all()
    assert (drawn(*world(metric))[0] == found).all()


def test_where_there_is_more_to_learn_it_falls() -> None:
    found, _ = drawn(*world("mae"), "trees")
    assert found[-1, 1] < found[0, 1]


def test_rows_that_the_fit_does_not_learn_from_are_not_counted() -> None:
    """Labels that are open at the start of the test, rows before the window of training."""
    assert drawn(*world(open_for=500))[0][-1, 0] == pytest.approx(1_100, abs=2)
    rows, settings, cut = world()
    at = rows[AT].to_numpy()
    found, _ = drawn(rows, replace(settings, train=cut.test_start - int(at[600])), cut)
    assert found[-1, 0] == 1_000 and found[0, 0] == pytest.approx(125, abs=40)


def test_a_metric_that_the_test_does_not_give_has_no_curve_and_a_share_of_too_few_rows_no_point() -> None:
    rows, settings, cut = world("log_loss")
    look = look_at(rows, settings, cut)
    assert curve(replace(look, settings=replace(settings, metric="other"))).shape == (0, 4)
    few = replace(cut, test_start=int(rows[AT][1]))
    found, _ = drawn(rows, settings, few)
    assert found[:, 0].tolist() == [1]


def test_a_label_with_a_weight_that_few_rows_have_costs_points_and_not_the_training() -> None:
    rows, settings, cut = world("log_loss")
    seldom = pl.when(pl.int_range(pl.len()) == 700).then(pl.lit("seldom")).otherwise(pl.col(TARGET))
    settings = replace(settings, details={**settings.details, "weights": {"seldom": 2.0}})
    found, _ = drawn(rows.with_columns(seldom.alias(TARGET)), settings, cut)
    assert 1 <= len(found) <= len(SHARES)
