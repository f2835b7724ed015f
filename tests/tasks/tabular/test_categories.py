"""Columns of categories: rare and unknown ones apart from what is missing; very many of them; what a value of the target can be."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from sklearn.preprocessing import TargetEncoder

from bench.leaky import Case
from tidemill.data.contract.contract import Contract
from tidemill.errors import ModelError
from tidemill.learning.search import Settings
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.table import load, training_of
from tidemill.tasks.tabular import learners
from tidemill.tasks.tabular.inputs import Input
from tidemill.tasks.tabular.learners import scale
from tidemill.tasks.tabular.learners.encode import NATIVE, SMOOTH, Encoding, parts
from tidemill.tasks.tabular.learners.port import Problem
from tidemill.tasks.tabular.training import TabularTrainer

TREES = {"num_iterations": 60, "min_data_in_leaf": 5}


def trainer_of(rows: pl.DataFrame, task: str = "regress", metric: str = "mae") -> TabularTrainer:
    contract = Contract.parse(Case("many", rows, "y", task, time="at").contract())
    training = training_of(task)
    details = training.details(contract, (), None, task)  # type: ignore[arg-type]
    found = training.open_trainer(
        training.rows(rows.lazy(), contract, ()), Settings(task, metric, None, 2, None, details)
    )
    assert isinstance(found, TabularTrainer)
    return found


def towns(n: int, kinds: int, seed: int = 0) -> pl.DataFrame:
    """Rows of towns, each with a level of its own; one in fifty has no town, and its level is far from all."""
    rng = np.random.default_rng(seed)
    town, level = rng.integers(0, kinds, n), rng.normal(size=kinds)
    gone = rng.random(n) < 0.02
    at = [datetime(2024, 1, 1) + timedelta(minutes=i) for i in range(n)]
    names = [None if none else f"t{one}" for one, none in zip(town.tolist(), gone.tolist(), strict=True)]
    return pl.DataFrame(
        {
            "at": at,
            "town": names,
            "x": rng.normal(size=n),
            "y": np.where(gone, -8.0, level[town]) + rng.normal(size=n) / 5,
        }
    )


@pytest.mark.parametrize("method", ["trees", "linear"])
def test_what_is_missing_is_not_what_is_unknown(method: str) -> None:
    """A town that nobody saw is answered as those that one row had; none at all as rows without one."""
    named = pl.format("u{}", pl.int_range(pl.len()))
    often, once = towns(3_000, 20), towns(200, 20, seed=1).with_columns(town=named, y=pl.lit(4.0))
    rows = pl.concat([often, once.with_columns(at=pl.col("at") + timedelta(days=9))])
    trainer = trainer_of(rows)
    recipe = {**learners.recipe_of(method, "regress", "rmse"), **(TREES if method == "trees" else {})}
    scorer = load(trainer.fit(recipe, int(trainer.at.max()) + 1))
    (column,) = [one for one in scorer.inputs if one.kind == "category"]
    assert len(column.categories) == 20 and not {*once["town"]} & {*column.categories}
    unknown, missing = ([scorer.predict({"x": 0.0, **town})["value"]] for town in ({"town": "atlantis"}, {}))
    assert unknown == pytest.approx([4.0], abs=1.0) and missing == pytest.approx([-8.0], abs=1.0)
    assert scorer.predict({"x": 0.0, "town": once["town"][0]})["value"] == unknown[0]


def wide(labels: int, kinds: int = 400, n: int = 4_000) -> Problem:
    rng = np.random.default_rng(0)
    code, x = rng.integers(0, kinds, n).astype(float), rng.normal(size=n)
    code[:50], code[50:90] = kinds, np.nan
    score = np.sin(np.nan_to_num(code) * 7) + x / 5
    y = score if not labels else np.digitize(score, np.quantile(score, np.arange(1, labels) / labels)).astype(float)
    inputs = Input("x", "number", "x"), Input("t", "category", "t", categories=tuple(f"{i:03}" for i in range(kinds)))
    return Problem(np.column_stack([x, code]), y, inputs, [*range(labels)] or None)


@pytest.mark.parametrize("labels", [0, 2, 3])
def test_many_categories_are_encoded_as_scikit_learn_s_target_encoder_does(labels: int) -> None:
    made = wide(labels)
    own = TargetEncoder(
        smooth=SMOOTH, target_type="continuous" if not labels else "binary" if labels == 2 else "multiclass"
    )
    column = np.nan_to_num(made.x[:, 1:], nan=401.0)
    own.fit(column, made.y)
    found = Encoding.of(made)
    assert found is not None and found.more == max(labels - 1, 1) - (labels != 3)  # of three labels two more columns
    expected = own.transform(column).reshape(len(column), -1)
    told = found.made(made.x)
    np.testing.assert_allclose(told[:, [1, *range(2, told.shape[1])]], expected, atol=1e-12)
    crossed = found.crossed(made)
    rest = parts(len(made.y)) != 3
    part = replace(made, x=made.x[rest], y=made.y[rest])
    again = Encoding.of(part)
    assert again is not None
    np.testing.assert_allclose(
        crossed[~rest], again.made(made.x[~rest]), atol=1e-12, err_msg="no row tells its own target"
    )


@pytest.mark.parametrize("labels", [0, 2, 3])
def test_trees_of_many_categories_answer_a_row_as_they_answer_many(labels: int) -> None:
    made = wide(labels)
    recipe = {**learners.recipe_of("trees", "classify" if labels else "regress"), "num_iterations": 20}
    bundle = Bundle({"labels": made.labels, "columns": made.inputs}, learners.fit(recipe, made))
    asked = learners.opened(recipe, bundle)
    np.testing.assert_allclose([asked.row(one) for one in made.x[:120].tolist()], asked.rows(made.x[:120]), rtol=1e-9)
    assert Encoding.of(wide(labels, kinds=NATIVE)) is None


def test_a_hundred_thousand_categories_are_learned_from_and_said_on_the_card() -> None:
    rows = towns(250_000, 100_000)
    trainer = trainer_of(rows)
    end, start = int(trainer.at.max()) + 1, int(trainer.at[240_000])
    trees = {**learners.recipe_of("trees", "regress", "rmse"), **TREES}
    report = trainer.report(trainer.fit(trees, start), start, end)
    constant = trainer.report(trainer.fit(trainer.baseline("constant"), start), start, end)
    assert report.scored["mae"].values.mean() < 0.8 * constant.scored["mae"].values.mean()
    assert "town" in report.figures["handled"] and "handled" not in constant.figures


@pytest.mark.parametrize(("low", "kept"), [(0.0, 0.0), (-1.0, None)])
def test_no_value_is_answered_below_what_the_target_can_be(low: float, kept: float | None) -> None:
    """A line through counts goes below nought; where the target does so too, the answer may."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=600)
    at = [datetime(2024, 1, 1) + timedelta(minutes=i) for i in range(600)]
    trainer = trainer_of(pl.DataFrame({"at": at, "x": x, "y": np.maximum(3 * x, low)}))
    bundle = trainer.fit(trainer.baseline("linear"), int(trainer.at[500]))
    told = load(bundle).predict({"x": -2.5})["value"]
    assert bundle.manifest["bounds"] == (kept, None)
    assert told == 0.0 if kept is not None else told < -1.0
    report = trainer.report(bundle, int(trainer.at[500]), int(trainer.at.max()) + 1)
    assert report.answers["told"].min() >= 0 if kept is not None else report.answers["told"].min() < 0
    assert ("handled" in report.figures) == (kept is not None)


def test_values_that_are_never_negative_are_learned_by_their_logarithm_too() -> None:
    """What is settled on the windows is what a fit answers; one negative value, and there is no logarithm."""
    rng = np.random.default_rng(0)
    x, at = rng.normal(size=900), [datetime(2024, 1, 1) + timedelta(minutes=i) for i in range(900)]
    trainer = trainer_of(pl.DataFrame({"at": at, "x": x, "y": np.exp(2 * x + rng.normal(size=900) / 4)}))
    windows = [(int(trainer.at[500]), int(trainer.at[700]))]
    folds, anew, found = trainer._folds(windows, keep=True), trainer.validation(windows), {}
    for name in (scale.PLAIN, scale.LOG):
        settled = folds.settle({**trainer.candidates().start, scale.SCALE: name}, "mae")
        found[name] = folds(settled, "mae")[0].mean()
        assert anew(settled, "mae")[0].mean() == pytest.approx(found[name], rel=1e-9)
    assert found[scale.LOG] < 0.9 * found[scale.PLAIN]
    trainer.settings = replace(trainer.settings, metric="rmse")
    assert "poisson" in trainer.candidates().space["objective"].of and scale.SCALE not in trainer.candidates().space
    below = trainer_of(pl.DataFrame({"at": at, "x": x, "y": x}))
    assert scale.SCALE not in below.candidates().space
    for wrong in ({scale.SCALE: scale.LOG}, {"objective": "poisson"}):
        with pytest.raises(ModelError):
            below.fit({**learners.recipe_of("trees", "regress", "rmse"), **wrong}, int(below.at[-1]))


def test_where_all_counts_are_nought_none_is_learned_as_one() -> None:
    """LightGBM's own error is no ModelError, and would end the search."""
    made = Problem(np.arange(40.0)[:, None], np.zeros(40), (Input("x", "number", "x"),))
    with pytest.raises(ModelError):
        learners.fit({**learners.recipe_of("trees", "regress", "rmse"), "objective": "poisson"}, made)


def test_rows_of_the_same_categories_in_turn_see_what_an_answer_sees() -> None:
    """Three hundred products week by week: whoever left out every fifth row would leave out whole products."""
    rng, kinds, weeks = np.random.default_rng(0), 300, 40
    level, code = rng.normal(size=kinds), np.tile(np.arange(float(kinds)), weeks)
    inputs = (Input("t", "category", "t", categories=tuple(f"{i:03}" for i in range(kinds))),)
    made = Problem(code[:, None], np.tile(level, weeks) + rng.normal(size=len(code)) / 9, inputs)
    found = Encoding.of(made)
    assert found is not None
    np.testing.assert_allclose(found.crossed(made), found.made(made.x), atol=0.5)
