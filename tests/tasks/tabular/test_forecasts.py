"""Forecasts of series against statsforecast and utilsforecast: own naive ones, the library's by way of a bundle, and their metrics."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from utilsforecast import losses

from tests.raised import raised
from tests.tasks.tabular.test_trees import loans
from tidemill.config.sections import FeatureConfig, FeatureViewConfig
from tidemill.errors import ModelError
from tidemill.features.views import View
from tidemill.learning.evaluate import metric_value
from tidemill.learning.search import Settings
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.tabular import learners
from tidemill.tasks.tabular.conformal import inside, interval_score
from tidemill.tasks.tabular.inputs import SERIES, Input
from tidemill.tasks.tabular.learners import earlier, series
from tidemill.tasks.tabular.learners.earlier import Earlier, recipes
from tidemill.tasks.tabular.learners.port import Asked, Problem
from tidemill.tasks.tabular.scoring import Decision, all_values
from tidemill.tasks.tabular.tables import Table, build, described
from tidemill.tasks.tabular.training import TabularTrainer
from tidemill.types import DAY

WEEK, PERIODS, AHEAD = 7 * DAY, 60, 5
NAMES = ("lamp", "mug", "new")


def weekly() -> pl.DataFrame:
    """A row a product and week in which it was active: the mug not always, and one is new."""
    rng, rows = np.random.default_rng(0), []
    for code, name in enumerate(NAMES):
        for week in range(PERIODS - 3 if name == "new" else 0, PERIODS):
            if name != "mug" or week % 7 != 3:
                rows.append((name, code, week, float(rng.poisson(4 + 3 * code))))
    return pl.DataFrame(rows, schema=["name", "code", "week", "y"], orient="row").sort("week", "code")


def problem(frame: pl.DataFrame) -> Problem:
    x = np.column_stack([frame["week"].to_numpy() * 7.0, frame["code"].to_numpy().astype(float)])
    inputs = (Input("trend", "trend", "at"), Input(SERIES, "category", "name", categories=NAMES))
    return Problem(x, frame["y"].to_numpy(), inputs)


def opened(recipe: dict, made: Problem) -> Asked:
    learner = learners.of(recipe["method"])
    return learner.open(Bundle({"labels": None, "columns": made.inputs}, learner.fit(recipe, made)))


def by_library(frame: pl.DataFrame, *models: object) -> pl.DataFrame:
    """The whole library, with its own frames: weeks without a row filled with nought."""
    from statsforecast import StatsForecast

    whole = pl.DataFrame({"ds": range(PERIODS)})
    parts = []
    for name in NAMES[:2]:  # of three weeks some of its models say nothing
        own = frame.filter(pl.col("name") == name)
        first = own["week"].min()
        filled = whole.filter(pl.col("ds") >= first).join(own.select(ds="week", y="y"), on="ds", how="left")
        parts.append(filled.with_columns(pl.col("y").fill_null(0.0), unique_id=pl.lit(name)).sort("ds"))
    df = pl.concat(parts).select("unique_id", "ds", "y").to_pandas()
    return pl.from_pandas(StatsForecast(models=list(models), freq=1, n_jobs=1).forecast(df=df, h=AHEAD))


@pytest.mark.parametrize("name", series.MODELS)
def test_what_a_bundle_keeps_is_what_the_library_forecasts(name: str) -> None:
    from statsforecast import models

    frame = weekly()
    ask = opened({"method": "statsforecast", "model": name, "every": WEEK}, problem(frame))
    theirs = by_library(frame, getattr(models, name)())
    for code, product in enumerate(NAMES[:2]):
        own = np.array([ask.row([(PERIODS + n) * 7.0, float(code)])[0] for n in range(AHEAD)])
        np.testing.assert_allclose(own, theirs.filter(pl.col("unique_id") == product)[name].to_numpy(), rtol=1e-6)
    x = np.array([[PERIODS * 7.0, 2.0], [(PERIODS + 1) * 7.0, np.nan], [0.0, 0.0], [9e5, 1.0]])
    np.testing.assert_array_equal(ask.rows(x), np.array([ask.row(row) for row in x]))
    new = frame.filter(pl.col("name") == "new")["y"].mean()
    assert ask.row([PERIODS * 7.0, 2.0])[0] == pytest.approx(new), "a series of three weeks is its mean"


def test_own_naive_forecasts_are_the_library_s() -> None:
    from statsforecast import models

    frame = weekly().filter(pl.col("name") == "lamp")
    y = frame["y"].to_numpy()
    values = {"last": y[-1], "year": y[-52], "month": y[-4:].sum()}
    theirs = {
        "last_value": models.Naive(),
        "seasonal_naive": models.SeasonalNaive(season_length=52),
        "window_average": models.WindowAverage(window_size=4),
    }
    inputs = tuple(Input(name, "number", name) for name in values)
    made = Problem(np.array([list(values.values())] * 2), y[:2], inputs)
    found = recipes([Earlier("last", 0, 1), Earlier("year", 51 * WEEK, 1), Earlier("month", 0, 4)])
    for name, model in theirs.items():
        ask = opened({"method": name, **found[name]}, made)
        assert ask.row(made.x[0])[0] == pytest.approx(model.forecast(y=y, h=1)["mean"][0])
        assert ask.row([np.nan] * 3)[0] == ask.rows(np.full((1, 3), np.nan))[0, 0] == y[:2].mean()


def test_metrics_of_forecasts_are_those_of_utilsforecast() -> None:
    rng, n, level = np.random.default_rng(0), 300, 0.8
    truth = rng.poisson(5, n).astype(float)
    value = truth + rng.normal(0, 2, n)
    told = np.column_stack([value, value - rng.exponential(2, n), value + rng.exponential(2, n)])
    frame = pl.DataFrame(
        {"unique_id": "a", "ds": range(n), "y": truth, "m": told[:, 0], "m-lo-80": told[:, 1], "m-hi-80": told[:, 2]}
    )
    values = all_values("regress", told, truth, None, Decision(level=level))
    own = {name: metric_value(name, one) for name, one in values.items()}
    assert own["mae"] == pytest.approx(losses.mae(frame, ["m"])["m"][0])
    assert own["rmse"] == pytest.approx(losses.rmse(frame, ["m"])["m"][0])
    assert own["wape"] == pytest.approx(losses.nd(frame, ["m"])["m"][0])
    assert own["coverage"] == pytest.approx(losses.coverage(frame, ["m"], 80)["m"][0])
    below, above = (
        losses.quantile_loss(frame, {"m": end}, q)["m"][0] for end, q in (("m-lo-80", 0.1), ("m-hi-80", 0.9))
    )
    assert own["interval_score"] == pytest.approx(2 / (1 - level) * (below + above))
    assert interval_score(told, truth, level).shape == inside(told, truth).shape == (n,)


def test_an_input_that_is_not_there_is_said() -> None:
    with raised(ModelError, ""):
        earlier.fit({"input": "gone", "periods": 1}, problem(weekly()))


def test_where_nothing_says_the_moment_there_is_no_series() -> None:
    made = problem(weekly())
    with raised(ModelError, "") as caught:
        series.fit({"model": "CrostonSBA", "every": WEEK}, Problem(made.x[:, 1:], made.y, made.inputs[1:]))
    assert "trend" in caught.value.hint


def test_a_label_is_no_series(monkeypatch) -> None:
    """Of a count that is learned as a label the library forecasts nothing."""
    monkeypatch.setattr(series, "is_installed", lambda: True)
    frame, contract = loans("binary")
    view = View.of(FeatureViewConfig(name="days", from_="loans", features={"t": FeatureConfig(op="trend")}), contract)
    for task, there in (("regress", True), ("classify", False)):
        settings = Settings(task, "", None, 1, None, {"every": WEEK, "timed": True})
        trainer = TabularTrainer(Table(build(frame, contract, [view]), described(contract, [view])), settings)
        assert (trainer._every == WEEK) is there


def test_strangers_of_later_do_not_say_how_far_the_series_go() -> None:
    frame = weekly()
    made = problem(frame)
    late = np.array([[(PERIODS + 9) * 7.0, float(len(NAMES))]])
    both = Problem(np.vstack([made.x, late]), np.append(made.y, 1.0), made.inputs)
    asked = np.array([[PERIODS * 7.0, 0.0], [(PERIODS + 3) * 7.0, 1.0]])
    own, other = (
        opened({"method": "statsforecast", "model": series.MODELS[1], "every": WEEK}, one) for one in (made, both)
    )
    np.testing.assert_array_equal(own.rows(asked), other.rows(asked))
    with raised(ModelError, ""):
        series.fit({"model": series.MODELS[0], "every": WEEK}, Problem(late, np.ones(1), made.inputs))
