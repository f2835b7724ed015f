"""The learners of tables: linear ones against scikit-learn, forecasts against their definition, which baselines are there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from tests.raised import raised
from tests.tasks.tabular.test_trees import loans
from tidemill.config.sections import FeatureConfig, FeatureViewConfig
from tidemill.data.contract.contract import Contract
from tidemill.errors import ModelError
from tidemill.features.views import View
from tidemill.learning.search import Settings
from tidemill.store.artifacts.codecs import Bundle, decode, encode
from tidemill.tasks.table import load
from tidemill.tasks.tabular import fitting, learners
from tidemill.tasks.tabular.inputs import Input
from tidemill.tasks.tabular.learners import linear
from tidemill.tasks.tabular.learners.port import Problem
from tidemill.tasks.tabular.tables import Table, build, described
from tidemill.tasks.tabular.training import TRAINING, TabularTrainer

HOURS = """\
apiVersion: v3.0.2
kind: DataContract
id: hires
version: 1.0.0
schema:
  - name: hires
    customProperties: [{ property: tidemill.key, value: [at, place] }]
    properties:
      - { name: at, logicalType: timestamp, required: true, customProperties: [{ property: tidemill.role, value: time }] }
      - { name: place, logicalType: string, customProperties: [{ property: tidemill.role, value: subject }] }
      - { name: y, logicalType: number, customProperties: [{ property: tidemill.role, value: target }] }
      - { name: warmth, logicalType: number }
"""


def problem(labels: int, n: int = 700) -> tuple[Problem, np.ndarray]:
    """Two numbers, one of them with gaps, and a category; and the same as one matrix for scikit-learn."""
    rng = np.random.default_rng(0)
    a, b, town = rng.normal(3, 2, n), rng.exponential(size=n), rng.integers(0, 4, n).astype(float)
    b[rng.random(n) < 0.1], town[rng.random(n) < 0.1] = np.nan, np.nan
    score = a + np.nan_to_num(b, nan=2.0) + np.where(town == 2, 2.0, 0.0) + rng.normal(size=n)
    y = score if not labels else np.digitize(score, np.quantile(score, np.arange(1, labels) / labels)).astype(float)
    inputs = (Input("a", "number", "a"), Input("b", "number", "b"), Input("t", "category", "t", categories=(*"klmn",)))
    made = Problem(np.column_stack([a, b, town]), y, inputs, list(range(labels)) or None)
    z, gone, places = linear.Design.of(made).made(made.x)
    return made, np.hstack([z, gone[:, 1:], np.eye(6)[places[:, 0]]])


def answers(made: Problem, recipe: dict) -> tuple[np.ndarray, dict]:
    files = linear.fit(recipe, made)
    ask = linear.open_linear(Bundle({"labels": made.labels}, files))
    told = np.array([ask.row(row) for row in made.x])
    np.testing.assert_allclose(told, ask.rows(made.x), rtol=1e-12)
    return told, decode("arrays", files[linear.FILE])


def test_values_by_squared_errors_are_those_of_ridge() -> None:
    made, matrix = problem(0)
    told, arrays = answers(made, {"l2": 3.0, "loss": "squared"})
    own = Ridge(alpha=3.0, tol=1e-10).fit(matrix, made.y)
    np.testing.assert_allclose(told[:, 0], own.predict(matrix), rtol=1e-5, atol=1e-5)
    weights = np.concatenate([arrays["number"][:, 0], arrays["missing"][1:, 0], arrays["table"][:, 0]])
    np.testing.assert_allclose(weights, own.coef_, atol=1e-4)


@pytest.mark.parametrize("labels", [2, 3])
def test_labels_are_those_of_logistic_regression(labels: int) -> None:
    made, matrix = problem(labels)
    told, arrays = answers(made, {"l2": 2.0})
    own = LogisticRegression(C=0.5, tol=1e-10, max_iter=2_000).fit(matrix, made.y)
    chances = own.predict_proba(matrix)
    np.testing.assert_allclose(told if labels > 2 else told[:, 0], chances if labels > 2 else chances[:, 1], atol=1e-4)
    np.testing.assert_allclose(arrays["number"].T, own.coef_[:, :2], atol=1e-3)


def test_absolute_errors_are_less_than_those_of_squares_where_a_few_are_large() -> None:
    made, _ = problem(0)
    made.y[::20] += 50
    mae = {
        loss: np.abs(answers(made, {"l2": 1.0, "loss": loss})[0][:, 0] - made.y).mean()
        for loss in ("absolute", "squared")
    }
    assert mae["absolute"] < 0.8 * mae["squared"]


def test_what_training_never_saw_moves_no_answer_far() -> None:
    """Infinite and very large numbers count as the largest that were usual, an unknown category as a missing one."""
    made, _ = problem(0)
    ask = linear.open_linear(Bundle({"labels": None}, linear.fit({"l2": 1.0, "loss": "squared"}, made))).row
    assert ask([1e300, 1.0, 2.0]) == ask([np.inf, 1.0, 2.0]) and ask([1e300, 1.0, 2.0])[0] < made.y.max() + 5
    assert np.isfinite(ask([np.nan, np.nan, np.nan])).all()


@pytest.mark.parametrize("columns", [np.full((50, 1), np.nan), np.ones((50, 1)), np.empty((50, 0))])
def test_columns_that_say_nothing_are_no_trouble(columns: np.ndarray) -> None:
    y = np.arange(50.0)
    inputs = tuple(Input("a", "number", "a") for _ in columns.T)
    told, _ = answers(Problem(columns, y, inputs), {"l2": 1.0, "loss": "squared"})
    np.testing.assert_allclose(told[:, 0], y.mean(), atol=1e-5)


def hires(places: int = 2, hours: int = 24 * 21) -> pl.DataFrame:
    rng = np.random.default_rng(1)
    at = np.datetime64("2024-01-01", "us") + np.arange(hours) * np.timedelta64(1, "h")
    frames = [
        pl.DataFrame({"at": at, "place": f"p{i}", "y": rng.normal(10 * i, 1, hours), "warmth": 1.0})
        for i in range(places)
    ]
    return pl.concat(frames).sort("at", "place")


def trainer_of(frame: pl.DataFrame, *calendar: str, metric: str = "mae") -> TabularTrainer:
    contract = Contract.parse(HOURS)
    days = FeatureViewConfig(name="days", from_="hires", features={op: FeatureConfig(op=op) for op in calendar})
    views = [View.of(days, contract)] if calendar else []
    details = TRAINING.details(contract, views, None, "regress")  # type: ignore[arg-type]
    settings = Settings("regress", metric, None, 1, None, details)
    found = TRAINING.open_trainer(TRAINING.rows(frame.lazy(), contract, views), settings)
    assert isinstance(found, TabularTrainer)
    return found


def test_the_last_value_and_the_season_s_are_those_of_each_series_when_it_was_fitted() -> None:
    frame = hires()
    trainer = trainer_of(frame, "hour", "weekday")
    assert trainer.baselines == ("constant", "last_value", "seasonal_naive", "linear")
    end = int(trainer.at[2 * 24 * 14])  # two weeks: the third is answered
    last, season = (load(trainer.fit(trainer.baseline(name), end)) for name in ("last_value", "seasonal_naive"))
    for place in ("p0", "p1"):
        own = frame.filter(pl.col("place") == place)
        y, at = own["y"].to_numpy(), own["at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ").to_list()
        for hour in (0, 5, 100):
            asked = {"at": at[336 + hour], "place": place}
            assert last.predict(asked)["value"] == y[335]
            assert season.predict(asked)["value"] == y[336 + hour - 168]
    stranger = last.predict({"at": at[340], "place": "p9"})
    assert stranger["value"] == pytest.approx(np.mean([f["y"][335] for f in frame.partition_by("place")]))
    requests = trainer.questions(None, end, end + 1).requests  # type: ignore[arg-type]
    assert [one["subject"] for one in requests] == ["p0", "p1"], "whose row it is stands in the request"


def test_forecasts_are_offered_where_a_request_can_say_what_they_need() -> None:
    assert trainer_of(hires()).baselines == ("constant", "last_value", "linear")
    with raised(ModelError, ""):
        trainer_of(hires()).baseline("seasonal_naive")
    frame, contract = loans("binary")
    table = Table(build(frame, contract), described(contract))
    assert TabularTrainer(table, Settings("classify", "log_loss", None, 1, None)).baselines == ("constant", "linear")


def test_the_constant_is_the_best_one_of_its_metric() -> None:
    frame = hires().with_columns(y=pl.col("y").exp())
    trainer = trainer_of(frame)
    end = int(trainer.at.max()) + 1
    median, mean = (load(trainer.fit(trainer.baseline(name), end)).outputs([])[0] for name in ("constant", "mean"))
    assert (median, mean) == (pytest.approx(frame["y"].median()), pytest.approx(frame["y"].mean()))


def test_on_a_line_the_linear_model_is_kept() -> None:
    """Trees must be better by a standard error: what no gate would let pass is not chosen."""
    rng = np.random.default_rng(2)
    frame = hires(places=1)
    warmth = rng.normal(size=len(frame))
    trainer = trainer_of(
        frame.with_columns(warmth=pl.Series(warmth), y=pl.Series(5 * warmth + rng.normal(size=len(frame))))
    )
    windows = [(int(trainer.at[24 * 14]), int(trainer.at[-1]) + 1)]
    assert trainer.search(windows, None, seed=0).recipe == trainer.baseline("linear")
    crooked = pl.Series(5 * np.abs(warmth) + rng.normal(size=len(frame)) / 5)
    trainer = trainer_of(frame.with_columns(warmth=pl.Series(warmth), y=crooked))
    assert trainer.search(windows, None, seed=0).recipe["method"] == "trees"


def test_a_fit_of_one_label_is_the_constant_and_every_recipe_gives_the_same_bytes_again() -> None:
    frame, contract = loans("binary", n=120)
    table = Table(build(frame, contract), described(contract))
    one = Table(build(frame.with_columns(TARGET=pl.lit("yes")), contract), described(contract))
    end = int(table.at.max()) + 1
    for method in ("constant", "linear", "trees"):
        recipe = learners.recipe_of(method, "classify", "log_loss")
        assert fitting.fit(recipe, table, end) == fitting.fit(recipe, table, end)
        assert fitting.fit(recipe, one, end).manifest["learner"] == "constant"


@pytest.mark.parametrize("method", ["linear", "trees"])
@pytest.mark.parametrize("labels", [0, 2])
def test_where_it_is_said_the_answer_only_falls_with_a_number(method: str, labels: int) -> None:
    """The data rise with it: the best falling answer is flat; a rising one is as free as before."""
    made, _ = problem(labels)
    recipe = {**learners.recipe_of(method, "classify" if labels else "regress"), "num_iterations": 30}
    grid = np.column_stack([np.linspace(-3, 9, 40), np.full(40, 1.0), np.full(40, 2.0)])
    told = {}
    for way in (-1, 0, 1):
        one = replace(made, monotone={"a": way})
        files = learners.of(method).fit(recipe, one)
        bundle = Bundle({"labels": made.labels, "columns": made.inputs}, files)
        told[way] = learners.of(method).open(bundle).rows(grid)[:, 0]
    assert np.diff(told[0])[np.isfinite(told[0][1:])].max() > 0
    assert np.diff(told[-1]).max() <= 1e-9 and np.diff(told[1]).min() >= -1e-9
    assert told[1][-1] - told[1][0] > 0.5 * (told[0][-1] - told[0][0])


def test_trees_may_leave_the_time_itself_alone() -> None:
    """The level of late is learned by cuts on it, and stays for ever: a search tries both."""
    trainer = trainer_of(hires(places=1).with_columns(y=pl.int_range(pl.len()).cast(pl.Float64)), "trend", "hour")
    candidates = trainer.candidates()
    assert candidates.start["trend"] is True and {"trend": False} in candidates.first and "trend" in candidates.space
    assert "trend" not in trainer_of(hires(), "hour").candidates().space
    end = int(trainer.at.max()) + 1
    for trend in (True, False):
        bundle = trainer.fit({**candidates.start, "num_iterations": 20, "trend": trend}, end)
        told = [load(bundle).predict({"at": f"2024-01-{day:02}T05:00:00Z"})["value"] for day in (2, 20)]
        assert (told[1] > told[0] + 50) is trend


def test_a_line_of_before_rare_categories_were_apart_answers_as_it_did() -> None:
    """Such a bundle has one weight for what is unknown and what is missing."""
    one, _ = problem(0)
    x = np.column_stack([one.x, one.x[::-1, 2]])
    made = replace(one, x=x, inputs=(*one.inputs, Input("u", "category", "u", categories=(*"klmn",))))
    files = linear.fit({"l2": 1.0}, made)
    new = decode("arrays", files[linear.FILE])
    table = np.delete(new["table"], new["offsets"] + new["sizes"], axis=0)
    old = encode("arrays", {**new, "table": table, "offsets": new["offsets"] - np.arange(2)})
    before, now = (
        linear.open_linear(Bundle({"labels": None}, {linear.FILE: own})) for own in (old, files[linear.FILE])
    )
    assert np.isnan(x[:, 2:]).any(axis=0).all()
    np.testing.assert_allclose(before.rows(x), now.rows(x), rtol=1e-12)
    for place in (2, 3):
        unknown, missing = ([1.0, 1.0, 0.0, 0.0] for _ in range(2))
        unknown[place], missing[place] = made.inputs[place].other, np.nan
        assert before.row(unknown)[0] == before.row(missing)[0]
