"""Intervals of a fitted table: whose rows they are learned from, what a request is answered, what is measured and watched."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from tests.tasks.tabular.test_learners import HOURS, hires
from tidemill.data.contract.contract import Contract
from tidemill.learning.search import Settings
from tidemill.store.artifacts.codecs import decode
from tidemill.tasks.table import load
from tidemill.tasks.tabular import conformal
from tidemill.tasks.tabular.outcomes import ValueScorer
from tidemill.tasks.tabular.training import TRAINING, TabularTrainer
from tidemill.testing.records import outcome, prediction


def trainer_of(frame: pl.DataFrame, interval: float | None = 0.8) -> TabularTrainer:
    contract = Contract.parse(HOURS)
    details = {**TRAINING.details(contract, [], None, "regress"), "interval": interval}  # type: ignore[arg-type]
    found = TRAINING.open_trainer(
        TRAINING.rows(frame.lazy(), contract, []), Settings("regress", "mae", None, 1, None, details)
    )
    assert isinstance(found, TabularTrainer)
    return found


@pytest.fixture(scope="module")
def trainer() -> TabularTrainer:
    return trainer_of(hires(places=3))


def test_the_residuals_are_of_a_window_that_the_fit_behind_them_had_not_seen(trainer: TabularTrainer) -> None:
    end = int(trainer.at.max()) + 1
    bundle = trainer.fit(trainer.baseline("constant"), end)
    said = decode("json", bundle.files[conformal.FILE])
    moment = int(np.quantile(trainer.at, 0.8, method="higher"))
    late = trainer.at >= moment
    y = trainer.table.target.to_numpy()
    told = np.full(int(late.sum()), np.median(y[~late]))
    assert said == conformal.fit_interval(told, y[late], 0.8, float("-inf"))


def test_a_request_is_answered_with_the_ends_and_their_level(trainer: TabularTrainer) -> None:
    bundle = trainer.fit(trainer.baseline("linear"), int(trainer.at.max()) + 1)
    answer = load(bundle).predict({"warmth": 1.0})
    assert answer["lower"] < answer["value"] < answer["upper"] and answer["level"] == 0.8
    assert set(bundle.manifest["signature"]["outputs"]) == {"value", "lower", "upper"}
    rows = np.arange(20)
    scorer = load(bundle)
    x = trainer.table.encoded(scorer.inputs, rows)
    np.testing.assert_allclose([scorer.outputs(row) for row in x], scorer.many(x), rtol=1e-9)


def test_what_is_measured_on_a_window_is_coverage_and_its_price(trainer: TabularTrainer) -> None:
    start, end = int(np.quantile(trainer.at, 0.8)), int(trainer.at.max()) + 1
    report = trainer.report(trainer.fit(trainer.baseline("linear"), start), start, end)
    assert report.figures["interval"] == 0.8 and 0.6 < report.scored["coverage"].values.mean() < 0.95
    assert report.scored["interval_score"].values.min() > 0
    without = trainer_of(hires(places=3), interval=None)
    plain = without.report(without.fit(without.baseline("linear"), start), start, end)
    assert {"coverage", "interval_score"} & set(plain.scored) == set() and "interval" not in plain.figures
    np.testing.assert_array_equal(plain.scored["mae"].values, report.scored["mae"].values)


def test_of_few_rows_there_are_no_intervals_and_it_is_said() -> None:
    few = trainer_of(hires(places=1, hours=30), interval=0.9)
    bundle = few.fit(few.baseline("linear"), int(few.at[20]))
    report = few.report(bundle, int(few.at[20]), int(few.at.max()) + 1)
    assert conformal.FILE not in bundle.files and report.figures["interval"] is None
    assert "lower" not in load(bundle).predict({"warmth": 1.0})


def test_wape_is_the_sum_of_errors_as_a_share_of_all_that_there_was(trainer: TabularTrainer) -> None:
    start, end = int(np.quantile(trainer.at, 0.8)), int(trainer.at.max()) + 1
    report = trainer.report(trainer.fit(trainer.baseline("linear"), start), start, end)
    truth = trainer.table.target.to_numpy()[trainer.at >= start]
    errors = report.scored["mae"].values
    assert report.scored["wape"].values.mean() == pytest.approx(errors.sum() / np.abs(truth).sum())


def test_live_windows_tell_how_often_the_truth_lay_within() -> None:
    judge, scored = ValueScorer("wape"), []
    for n in range(40):
        output = json.dumps({"value": 5.0, "lower": 2.0, "upper": 8.0, "level": 0.9}).encode()
        asked = prediction(id=f"p{n}", subject=f"s{n}", output=output)
        scored.append(judge.judge(asked, [outcome(value=float(n % 10))]))
    told = judge.told(scored, scored, judge.figures(scored, 0))
    assert told["metric"] == "mae", "one answer has no share of all"
    assert told["calibration"]["within the interval"]["predicted"] == 0.9
    assert told["calibration"]["within the interval"]["observed"][0] == pytest.approx(0.7)
    plain = [judge.judge(prediction(id="p", output=b'{"value": 5.0}'), [outcome(value=1.0)])]
    assert "calibration" not in judge.told(plain, plain, {})


def test_values_that_were_negative_long_ago_are_not_cut_at_nought_for_the_last_ones() -> None:
    """A shop's returns of its first year: none lately, and an answer with an interval is the same value as one without."""
    hours = pl.col("at") - pl.col("at").min()
    frame = hires(places=3).with_columns(
        y=pl.when(hours < pl.duration(days=15)).then(-pl.col("y").abs() - 1).otherwise(2.0)
    )
    told = []
    for level in (0.8, None):
        trainer = trainer_of(frame, interval=level)
        scorer = load(trainer.fit(trainer.baseline("constant"), int(trainer.at.max()) + 1))
        told.append(scorer.predict({"warmth": 1.0}))
    assert told[0]["value"] == told[1]["value"] < 0 and told[0]["lower"] <= told[0]["value"] <= told[0]["upper"]
