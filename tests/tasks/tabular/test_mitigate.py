"""Mitigation: weights make label and group independent; thresholds select as many of each group, as well as fairlearn's, and are asked for live."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fairlearn.postprocessing import ThresholdOptimizer
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin

from tests.raised import raised
from tidemill.errors import ModelError
from tidemill.learning.attributes import Groups, groups_of
from tidemill.tasks.tabular.mitigate import Errors, at_each, at_of, groups_by, thresholds_of, weights_of

F8 = Any


class Told(ClassifierMixin, BaseEstimator):
    """A classifier whose probabilities are its only column."""

    def fit(self, x: F8, y: F8) -> Told:
        self.classes_ = np.array([0, 1])
        return self

    def predict_proba(self, x: F8) -> F8:
        chance = np.asarray(x)[:, 0]
        return np.column_stack([1 - chance, chance])

    def predict(self, x: F8) -> F8:
        return (np.asarray(x)[:, 0] >= 0.5).astype(int)


def rows(n: int = 6000, seed: int = 0) -> tuple[F8, F8, F8]:
    """Probabilities, what came true, and whose: of women it comes true less often."""
    rng = np.random.default_rng(seed)
    sex = rng.choice(["f", "m"], n, p=[0.4, 0.6])
    chance = np.clip(rng.beta(2, 3, n) - 0.15 * (sex == "f"), 0.01, 0.99)
    return chance, rng.random(n) < chance, sex


@given(st.lists(st.tuples(st.integers(0, 1), st.sampled_from("abc")), min_size=1, max_size=60))
def test_weighed_label_and_group_are_independent(told: list[tuple[int, str]]) -> None:
    y, groups = np.array([one for one, _ in told], np.float64), groups_of("of", [group for _, group in told])
    weights = weights_of(y, groups)
    total = weights.sum()
    for place in range(len(groups.names)):
        for label in set(y):
            both = weights[(y == label) & (groups.codes == place)].sum() / total
            if not both:  # nobody is both: no weight changes that
                continue
            alone = ((y == label).sum() / len(y), (groups.codes == place).sum() / len(y))
            assert both * total / len(y) == pytest.approx(alone[0] * alone[1])


@pytest.mark.parametrize(
    ("measure", "constraint"),
    [
        ("selection_rate", "selection_rate_parity"),
        ("true_positive_rate", "true_positive_rate_parity"),
        ("false_positive_rate", "false_positive_rate_parity"),
    ],
)
def test_thresholds_are_as_good_as_fairlearns(measure: str, constraint: str) -> None:
    """Its own may be drawn by lot between two thresholds, so that it can only do a little better."""
    chance, came, sex = rows()
    theirs = ThresholdOptimizer(
        estimator=Told().fit(chance[:, None], came),
        constraints=constraint,
        objective="accuracy_score",
        prefit=True,
        predict_method="predict_proba",
    )
    theirs.fit(chance[:, None], came.astype(int), sensitive_features=sex)
    found = theirs._pmf_predict(chance[:, None], sensitive_features=sex)[:, 1]
    best = float(np.where(came, found, 1 - found).mean())
    groups = groups_by({"sex": sex}, ["sex"])
    said = {"at": 0.5, "by": ["sex"], "groups": thresholds_of(chance, came, groups, measure, Errors())}
    at = at_each(said, {"sex": sex})
    assert at is not None
    answered = chance >= at
    assert float((answered == came).mean()) == pytest.approx(best, abs=0.004)
    base = {"selection_rate": np.ones(len(came), bool), "true_positive_rate": came, "false_positive_rate": ~came}[
        measure
    ]
    mine, others = ([float(of[base & (sex == group)].mean()) for group in ("f", "m")] for of in (answered, found))
    assert mine[0] == pytest.approx(mine[1], abs=0.002), "as many of each"
    assert others[0] == pytest.approx(others[1], abs=0.002)
    assert mine[0] == pytest.approx(others[0], abs=0.05)


def test_costs_move_them_and_a_group_with_too_few_rows_keeps_the_usual_one() -> None:
    chance, came, sex = rows()
    sex = sex.astype(object)
    sex[:20] = None
    groups = groups_by({"sex": sex}, ["sex"])
    cheap = thresholds_of(chance, came, groups, "selection_rate", Errors(1, 1))
    dear = thresholds_of(chance, came, groups, "selection_rate", Errors(1, 10))
    assert set(cheap) == {"sex=f", "sex=m"}
    assert all(dear[name] < cheap[name] for name in cheap), "a missed one costs ten times as much"
    said = {"at": 0.5, "by": ["sex"], "groups": cheap}
    assert at_of(said, {"sex": None}) == at_of(said, {"sex": "x"}) == 0.5
    each = at_each(said, {"sex": ["f", None, "m"]})
    assert each is not None and each.tolist() == [cheap["sex=f"], 0.5, cheap["sex=m"]]
    assert at_each({"at": 0.5}, {}) is None


def test_what_no_threshold_makes_equal() -> None:
    chance, came, sex = rows(200)
    with raised(ModelError, "[fairness] measure"):
        thresholds_of(chance, came, groups_of("sex", sex), "calibration", Errors())
    with raised(ModelError, "[fairness] attributes"):
        groups_by({}, ["sex"])
    assert Groups
