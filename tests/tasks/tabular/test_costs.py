"""Probabilities against what came true, thresholds by costs: scikit-learn as oracle, a stream whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import polars as pl
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, log_loss

from tests.raised import raised
from tests.tasks.tabular.test_trees import CONTRACT, loans
from tidemill.config.sections import CostsSection
from tidemill.data.contract.contract import Contract
from tidemill.errors import ModelError
from tidemill.learning.intervals import precision_values
from tidemill.learning.search import Settings
from tidemill.store.records import Outcome
from tidemill.tasks.table import load, task_of
from tidemill.tasks.tabular import calibrate, fitting, learners, tables
from tidemill.tasks.tabular.costs import Costs, cost_values, decided
from tidemill.tasks.tabular.probabilities import FILE, open_map
from tidemill.tasks.tabular.tables import Table, described
from tidemill.tasks.tabular.training import TabularTrainer
from tidemill.testing import records

FRAUD = {"false_positive": 1.0, "false_negative": 20.0, "positive": ""}


def bent(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities that are too sure of themselves, and what came true."""
    rng = np.random.default_rng(seed)
    eta = rng.normal(-1, 1.5, n)
    told = 1 / (1 + np.exp(-2 * eta))
    return np.column_stack([1 - told, told]), (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float)


def test_platt_s_map_is_the_logistic_regression_on_the_log_odds() -> None:
    told, true = bent(2_000)
    found = calibrate.platt(told, true, prior=0.0)
    odds = np.log(told[:, 1] / told[:, 0])[:, None]
    own = LogisticRegression(C=np.inf, tol=1e-10).fit(odds, true)
    assert found["slope"] == pytest.approx(own.coef_[0, 0], abs=1e-3)
    np.testing.assert_allclose(open_map(found)(told)[:, 1], own.predict_proba(odds)[:, 1], atol=1e-3)


def test_the_isotonic_map_is_scikit_learn_s() -> None:
    told, true = bent(6_000)
    own = IsotonicRegression(out_of_bounds="clip").fit(told[:, 1], true)
    least = 1 / (len(true) + 2)
    mapped = open_map(calibrate.isotonic(told[:, 1], true))(told)
    np.testing.assert_allclose(mapped[:, 1], np.clip(own.predict(told[:, 1]), least, 1 - least), atol=1e-9)
    np.testing.assert_allclose(mapped.sum(axis=1), 1)


def test_the_kind_of_map_goes_by_how_many_rows_of_the_rarer_label_there_are() -> None:
    assert calibrate.fit_map(*bent(9_000))["kind"] == "isotonic"
    assert calibrate.fit_map(*bent(900))["kind"] == "platt"
    three = np.random.default_rng(0).dirichlet([1, 1, 1], 9_000)
    assert calibrate.fit_map(three, three.argmax(axis=1).astype(float))["kind"] == "platt"


@pytest.mark.parametrize("n", [900, 9_000])
def test_mapped_probabilities_lose_less(n: int) -> None:
    told, true = bent(n)
    fresh, came = bent(20_000, seed=1)
    mapped = open_map(calibrate.fit_map(told, true))(fresh)
    assert log_loss(came, mapped[:, 1]) < log_loss(came, fresh[:, 1]) - 0.02


def test_average_precision_is_scikit_learn_s_with_ties_too() -> None:
    rng = np.random.default_rng(0)
    for decimals in (1, 2, 9):
        told, true = rng.random(700).round(decimals), rng.random(700) < 0.1
        assert precision_values(told, true).mean() == pytest.approx(average_precision_score(true, told), abs=1e-12)


def test_the_spread_of_average_precision_s_values_is_its_standard_error() -> None:
    rng = np.random.default_rng(0)
    drawn, errors = [], []
    for _ in range(400):
        true = rng.random(600) < 0.2
        values = precision_values(rng.normal(true * 1.2, 1), true)
        drawn.append(values.mean())
        errors.append(values.std() / len(values) ** 0.5)
    assert np.mean(errors) == pytest.approx(np.std(drawn), rel=0.15)


def test_the_threshold_costs_least_where_probabilities_are_right() -> None:
    rng = np.random.default_rng(0)
    chance = rng.beta(1, 8, 50_000)
    told, true = np.column_stack([1 - chance, chance]), (rng.random(50_000) < chance).astype(float)
    costs = Costs(1, 20)
    spent = {
        at: cost_values(
            decided(told, ["no", "yes"], {**costs.said(["no", "yes"]), "at": at}), true, ["no", "yes"], costs
        ).mean()
        for at in (0.01, costs.threshold, 0.1, 0.5)
    }
    assert min(spent, key=spent.get) == costs.threshold and spent[costs.threshold] < 0.5 * spent[0.5]


def test_a_fraud_stream_of_probabilities_that_are_wrong_ends_near_the_cost_of_the_true_ones() -> None:
    """Two in a hundred; a learner that is too sure; its map comes from a window of its own. Forty streams, all below a threshold of a half."""
    costs, labels, spent = Costs(1, 20), ["no", "yes"], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        eta = rng.normal(-5.0, 1.6, 24_000)
        true, chance = rng.random(len(eta)) < 1 / (1 + np.exp(-eta)), 1 / (1 + np.exp(-eta))
        told = 1 / (1 + np.exp(-(2 * eta + 4)))
        both = np.column_stack([1 - told, told])
        mapped = open_map(calibrate.fit_map(both[:4_000], true[:4_000].astype(float)))(both[4_000:])
        said, truth = costs.said(labels), true[4_000:].astype(float)
        right = np.column_stack([1 - chance, chance])[4_000:]
        answers = [(right, said), (mapped, said), (both[4_000:], said), (mapped, None)]
        spent.append([cost_values(decided(each, labels, at), truth, labels, costs).mean() for each, at in answers])
    best, own, raw, half = np.array(spent).T
    assert (own < half).all() and own.mean() < 1.04 * best.mean() and own.mean() < raw.mean()


def test_which_label_is_positive_is_said_or_means_yes() -> None:
    for labels, place in ((["no", "yes"], 1), ([False, True], 1), ([0, 1], 1), (["N", "Y"], 1)):
        assert Costs().place(labels) == place
    assert Costs(positive="fraud").place(["fraud", "good"]) == 0
    for costs, labels in (
        (Costs(), ["fraud", "good"]),
        (Costs(positive="bad"), ["fraud", "good"]),
        (Costs(), [1, 2, 3]),
    ):
        with raised(ModelError, "[goal] costs", hint=len(labels) < 3):
            costs.place(labels)


def test_a_model_that_knows_one_label_pays_for_what_it_does_not_know() -> None:
    """It learned from weeks without fraud: each one that it misses costs what it costs others."""
    never, always = np.zeros(3, np.int64), np.array([-1.0, 0.0, -1.0])
    assert cost_values(never, always, ["no"], Costs(1, 20)).tolist() == [20, 0, 20]
    assert cost_values(never, always, ["yes"], Costs(1, 20)).tolist() == [1, 0, 1]
    assert cost_values(never, always, ["fraud"], Costs(1, 20, "fraud")).tolist() == [1, 0, 1]


def payments(n: int = 6_000, seed: int = 3) -> tuple[pl.DataFrame, Contract]:
    """Three in a hundred are fraud; income and town tell a part of it."""
    frame, _ = loans("regress", n=n, seed=seed)
    rng = np.random.default_rng(seed)
    eta = (
        -5.2
        + 0.7 * frame["income"].fill_null(0.0).to_numpy()
        + 1.5 * (frame["town"] == "oslo").fill_null(False).to_numpy()
    )
    target = np.where(rng.random(n) < 1 / (1 + np.exp(-eta)), "yes", "no")
    return frame.with_columns(TARGET=pl.Series(target)), Contract.parse(CONTRACT.replace("KIND", "string"))


def fraud(costs: dict | None, metric: str = "cost") -> tuple[TabularTrainer, int]:
    frame, contract = payments()
    table = Table(tables.build(frame, contract), described(contract))
    settings = Settings("classify", metric, None, 3, None, {"costs": costs} if costs else {})
    return TabularTrainer(table, settings), int(table.at[4_500])


def test_a_fraud_stream_with_costs_ends_with_less_cost_than_at_a_half() -> None:
    trainer, start = fraud(FRAUD)
    end, at = int(trainer.at.max()) + 1, trainer.at
    windows = [(int(at[2_500]), int(at[3_500])), (int(at[3_500]), start)]
    found = trainer.search(windows, None, seed=0)
    assert found.metric == "cost"
    bundle = trainer.fit(found.recipe, start)
    assert bundle.manifest["threshold"] == {
        "positive": "yes",
        "at": 1 / 21,
        "costs": {"false_positive": 1.0, "false_negative": 20.0},
    }
    report = trainer.report(bundle, start, end)
    costs = Costs.of(FRAUD)
    told, truth = report.answers["told"].astype(float), report.answers["truth"]
    at_half = cost_values(decided(told, ["no", "yes"], None), truth, ["no", "yes"], costs).mean()
    nobody = 20 * (truth == 1).mean()
    assert report.scored["cost"].values.mean() < 0.9 * min(at_half, nobody)
    assert report.figures["threshold"] == 1 / 21 and report.figures["positive"] == "yes"


def test_the_answer_carries_the_label_by_the_threshold_and_its_outcome_is_judged_by_it() -> None:
    trainer, start = fraud(FRAUD)
    recipe = {**learners.recipe_of("trees", "classify", "cost"), "num_iterations": 30}
    scorer = load(trainer.fit(recipe, start))
    told = [scorer.predict({"income": float(i), "age": 30, "town": "oslo"}) for i in range(9)]
    for answer in told:
        assert answer["threshold"] == 1 / 21
        assert answer["value"] == ("yes" if answer["probabilities"]["yes"] >= 1 / 21 else "no")
        assert answer["probability"] == answer["probabilities"][answer["value"]]
        msgspec.convert(answer, task_of("classify").reply)
    assert {answer["value"] for answer in told} == {"yes", "no"}
    judge = task_of("classify").outcome_scorer("cost", CostsSection(false_positive=1, false_negative=20))
    assert judge.measure.name == "cost"
    for answer in told:
        prediction = replace(records.prediction("p"), output=msgspec.json.encode(answer))
        for true in ("yes", "no"):
            cost = judge.judge(prediction, [Outcome("o", 10, "7", true, 1.0, "p", 10)]).values["cost"]
            assert cost == (0.0 if answer["value"] == true else 20.0 if true == "yes" else 1.0)


@pytest.mark.parametrize("told", [{"a": 0.2, "b": 0.3, "c": 0.5}, {"bad": 0.4, "good": 0.6}])
def test_an_answer_that_the_costs_say_nothing_about_is_not_judged_and_stops_nothing(told: dict[str, float]) -> None:
    """It is of the champion of before: with other labels, or with two of which none means "yes"."""
    judge = task_of("classify").outcome_scorer("cost", CostsSection(false_positive=1, false_negative=20))
    (label, *_) = told
    answer = {"value": label, "probability": told[label], "probabilities": told}
    prediction = replace(records.prediction("p"), output=msgspec.json.encode(answer))
    found = judge.judge(prediction, [Outcome("o", 10, "7", label, 1.0, "p", 10)])
    assert found.values == {} and judge.told([found], [], {})["unknown_labels"] == 1


def test_without_costs_each_wrong_label_costs_one() -> None:
    trainer, start = fraud(None)
    bundle = trainer.fit(trainer.baseline("constant"), start)
    report = trainer.report(bundle, start, int(trainer.at.max()) + 1)
    assert bundle.manifest["threshold"] is None and "threshold" not in load(bundle).predict({"age": 3})
    assert report.scored["cost"].values.mean() == pytest.approx((report.answers["truth"] == 1).mean())


def test_a_recipe_may_hold_its_probabilities_against_a_window_of_their_own() -> None:
    """Trees that were fitted for far too long are too sure; the map of the last fifth of what they learn from helps."""
    trainer, start = fraud(None, "log_loss")
    end = int(trainer.at.max()) + 1
    long = {**learners.recipe_of("trees", "classify", "log_loss"), "num_iterations": 400}
    plain, mapped = (trainer.fit(recipe, start) for recipe in (long, {**long, "calibration": fitting.OWN}))
    assert FILE in mapped.files and FILE not in plain.files and mapped.files["model.txt"] == plain.files["model.txt"]
    losses = [trainer.report(bundle, start, end).scored["log_loss"].values.mean() for bundle in (plain, mapped)]
    assert losses[1] < 0.9 * losses[0]
    scorer, rows = load(mapped), trainer.table.between(start, end)[:50]
    x = trainer.table.encoded(scorer.inputs, rows)
    np.testing.assert_allclose([scorer.outputs(row) for row in x], scorer.many(x), rtol=1e-12)
