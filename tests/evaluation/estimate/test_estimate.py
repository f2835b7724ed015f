"""What answers are expected to show, beside draws of what they do show; and estimates within their stated error where the truth is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from tests.evaluation.planted import look_at, table
from tidemill.errors import NotEnoughData
from tidemill.evaluation.estimate.estimator import Answers, Estimator, student
from tidemill.evaluation.estimate.examination import _tested
from tidemill.evaluation.estimate.expected import auc, log_losses, of_labels
from tidemill.evaluation.estimate.loss import fit_loss
from tidemill.evaluation.estimate.measured import Fitted, OfTest, fit
from tidemill.evaluation.estimate.places import Places
from tidemill.learning.intervals import auc_values
from tidemill.learning.rows import BESIDE
from tidemill.types import JsonObject

WRONG = [[0.0, 1.0], [1.0, 0.0]]
Rng = np.random.Generator
World = Callable[..., OfTest]


def chance_of(eta: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-eta))


def labels(rng: Rng, n: int, shift: float = 0.0, concept: float = 0.0) -> OfTest:
    """Answers that are too sure and miss a column; ``concept``: by how much another way that column comes to mean something."""
    x, z = rng.normal(shift, 1, n), rng.normal(0, 1, n)
    true = (rng.random(n) < chance_of(-0.5 + (1.2 - concept) * x + 0.7 * z)).astype(float)
    told = chance_of(-0.3 + 1.5 * x + 0.2 * z)
    both, answered = np.stack([1 - told, told], 1), (told >= 0.5).astype(np.int64)
    losses = {"log_loss": -np.log(both[np.arange(n), true.astype(int)]), "cost": (answered != true).astype(float)}
    return OfTest(Answers(both, answered, {"x": x, "z": z}), true, np.arange(n), losses, np.arange(n))


def values(rng: Rng, n: int, shift: float = 0.0, concept: float = 0.0) -> OfTest:
    """Errors that grow with a number, and are twice as large for one kind."""
    x, kind = rng.normal(shift, 1, n), np.array(["a", "b", "c"], object)[rng.integers(0, 3, n)]
    error = rng.normal(concept, 1, n) * (0.5 + np.abs(x)) * np.where(kind == "c", 2.0, 1.0)
    losses = {"mae": np.abs(error), "rmse": error**2}
    return OfTest(
        Answers(2 * x[:, None], None, {"x": x, "kind": kind}), 2 * x + error, np.arange(n), losses, np.arange(n)
    )


def fitted(world: World, rng: Rng, n: int) -> Fitted:
    return fit(world(rng, n), "log_loss", ["no", "yes"], WRONG) if world is labels else fit(world(rng, n), "mae")


def figure(metric: str, one: OfTest) -> float:
    if metric == "auc":
        return float(auc_values(one.asked.told[:, 1], one.truth > 0).mean())
    mean = float(one.losses[metric].mean())
    return mean**0.5 if metric == "rmse" else mean


def rates(world: World, seed: int, n: int, worlds: int, **changed: float) -> dict[str, float]:
    """By metric how often the figure of 300 answers lay within what was stated."""
    rng, inside = np.random.default_rng(seed), dict[str, list[bool]]()
    for _ in range(worlds):
        estimator, now = fitted(world, rng, n).estimator, world(rng, 300, **changed)
        for metric, one in estimator.estimates(now.asked).items():
            inside.setdefault(metric, []).append(one.low <= figure(metric, now) <= one.high)
    return {metric: float(np.mean(found)) for metric, found in inside.items()}


def test_the_expectation_is_that_of_labels_drawn_by_the_probabilities() -> None:
    """scikit-learn's metrics on 400 draws."""
    rng = np.random.default_rng(1)
    chance, told = rng.beta(1, 2, 60), rng.beta(1, 2, 60).round(1) * 0.98 + 0.01  # with ties
    both, p = np.stack([1 - told, told], 1), np.stack([1 - chance, chance], 1)
    drawn = rng.random((400, 60)) < chance
    square = np.stack([told, 1 - told], 1) ** 2
    for losses, metric in ((log_losses(both), log_loss), (square, brier_score_loss)):
        found = of_labels(losses, p)
        true = np.array([metric(one, told, labels=[False, True]) for one in drawn])
        assert found.mean.mean() == pytest.approx(true.mean(), abs=4 * true.std() / 400**0.5)
        assert found.variance.sum() / 60**2 == pytest.approx(true.var(), rel=0.35)
    aucs = np.array([roc_auc_score(one, told) for one in drawn])
    mean, variance = auc(told, chance)
    assert mean == pytest.approx(aucs.mean(), abs=4 * aucs.std() / 400**0.5 + 1e-3)
    assert variance == pytest.approx(aucs.var(), rel=0.35)


def test_errors_come_out_right_in_each_bin_and_where_rows_are_spread_over_the_bins_in_another_way() -> None:
    rng = np.random.default_rng(2)
    one = values(rng, 6_000)
    columns = [Places.of(name, one.asked.columns[name]) for name in ("x", "kind")]
    bins = np.stack([c.place(one.asked.columns[c.name]) for c in columns], 1)
    model = fit_loss(one.losses["mae"], bins, [c.bins for c in columns])
    told = model.of(bins).mean
    assert told.mean() == pytest.approx(one.losses["mae"].mean(), rel=1e-6)
    for column in range(2):
        for place in np.unique(bins[:, column]):
            mine = bins[:, column] == place
            assert told[mine].mean() == pytest.approx(one.losses["mae"][mine].mean(), rel=0.03)
    mine = bins[:, 1] == columns[1].values.index("c")
    assert (model.of(bins[mine]).mean > 0).all() and model.columns == (0, 1)


def test_errors_of_nought_are_expected_to_be_none() -> None:
    one = values(np.random.default_rng(3), 100)
    exact = fit(one._replace(losses={name: np.zeros(100) for name in one.losses}), "mae").estimator
    assert {found[1:4] for found in exact.estimates(one.asked).values()} == {(0.0, 0.0, 0.0)}


def test_quantiles_are_students() -> None:
    stats = pytest.importorskip("scipy.stats")
    for n in range(4, 13):
        assert student(n) == pytest.approx(stats.t.ppf(0.975, n), rel=2e-3)


@pytest.mark.parametrize("world", [labels, values])
@pytest.mark.parametrize("shift", [0.0, 0.7])
def test_the_truth_lies_within_the_stated_error(world: World, shift: float) -> None:
    """At the same rows, and where they have moved: the share that is stated, less four errors of 60 worlds' worth."""
    found = rates(world, 5, 600, 60, shift=shift)
    assert set(found) == {"log_loss", "cost", "auc"} if world is labels else {"mae", "rmse"}
    assert min(found.values()) >= 0.84, found


@pytest.mark.nightly
@pytest.mark.parametrize("world", [labels, values])
@pytest.mark.parametrize("shift", [0.0, 0.7])
@pytest.mark.parametrize("n", [100, 400, 3_000])
def test_the_truth_lies_within_the_stated_error_in_many_worlds(world: World, shift: float, n: int) -> None:
    found = rates(world, 6, n, 400, shift=shift)
    assert min(found.values()) >= (0.92 if shift == 0 else 0.84), found


@pytest.mark.parametrize("world", [labels, values])
def test_a_change_of_what_inputs_mean_is_not_seen_by_the_estimate(world: World) -> None:
    """What it says of itself that it assumes: the truth lies outside."""
    found = rates(world, 7, 3_000, 20, concept=2.0)
    assert max(found.values()) <= 0.3, found


def test_rows_that_the_test_did_not_have_are_told() -> None:
    rng = np.random.default_rng(8)
    estimator = fitted(values, rng, 400).estimator
    assert not estimator.beyond(values(rng, 200).asked)
    far, new = values(rng, 200, shift=6.0), values(rng, 200)
    new.asked.columns["kind"][:50] = "never seen"
    assert set(estimator.beyond(far.asked)) == {"x"} and estimator.beyond(new.asked) == {"kind": 0.25}
    missing = {**new.asked.columns, "x": [None] * 200}
    assert estimator.beyond(new.asked._replace(columns=missing))["x"] == 1.0


def test_it_says_how_far_it_was_off_on_windows_that_it_was_not_fitted_to() -> None:
    found = fitted(labels, np.random.default_rng(9), 600)
    spread, past = found.estimator.spreads["log_loss"], found.past["log_loss"]
    assert len(past) == spread.windows == 12 and sum(one.n for one in past) == 600
    assert sum(one.low <= one.truth <= one.high for one in past) == spread.inside >= 10


def test_more_of_a_unit_is_no_more_evidence() -> None:
    """Each row ten times, by the same subject: as sure as the rows alone are."""
    one = labels(np.random.default_rng(10), 400)
    ten = one.take(np.repeat(np.arange(400), 10))
    alone, many = (fit(x, "log_loss", ["no", "yes"], WRONG).estimator.spreads["log_loss"] for x in (one, ten))
    assert many.noise == pytest.approx(10 * alone.noise, rel=0.2) and many.own == pytest.approx(alone.own, rel=0.2)


def test_it_is_the_same_when_it_is_read_back() -> None:
    for world in (labels, values):
        rng = np.random.default_rng(11)
        estimator = fitted(world, rng, 200).estimator
        kept: JsonObject = msgspec.json.decode(msgspec.json.encode(estimator))
        again, now = msgspec.convert(kept, Estimator), world(rng, 100).asked
        assert again.estimates(now) == estimator.estimates(now)


def test_where_groups_have_thresholds_of_their_own_a_cost_is_of_what_each_is_answered() -> None:
    rng = np.random.default_rng(12)
    x, sex = rng.normal(size=800), rng.choice(["f", "m"], 800)
    target = np.where(rng.random(800) < chance_of(x + 2 * (sex == "f")), "yes", "no")
    said = {"method": "thresholds", "attributes": ["sex"], "measure": "selection_rate"}
    rows, settings = table({"x": x, "sex": sex}, target, task="classify")
    asked = look_at(rows.with_columns(rows["sex"].alias(BESIDE + "sex")), settings, mitigate=said)
    report = asked.trainer.report(asked.bundle, asked.cut.test_start, asked.cut.end)
    tested = _tested(replace(asked, own=report), ["no", "yes"])
    assert len(set(asked.bundle.manifest["threshold"]["groups"].values())) == 2
    assert tested.losses["cost"].tolist() == (tested.asked.answered != tested.truth).astype(float).tolist()


def test_too_few_answers_are_no_estimate() -> None:
    with pytest.raises(NotEnoughData, match="60"):
        fitted(values, np.random.default_rng(0), 59)
