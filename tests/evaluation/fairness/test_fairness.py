"""Answers group by group: as fairlearn counts them; what is missing is a group, intersections are, and a group of one says nothing."""

from __future__ import annotations

from typing import Any

import fairlearn.metrics as fairlearn
import numpy as np
import pytest
from sklearn.metrics import zero_one_loss

from tests.raised import raised
from tidemill.config.fairness import FairnessSection
from tidemill.errors import ModelError, NotEnoughData
from tidemill.evaluation.fairness.fairness import INTERSECTIONS, Rows, card, fairness, said
from tidemill.evaluation.fairness.rates import Answers, answers_of
from tidemill.learning.attributes import MISSING, groups_of
from tidemill.types import JsonObject, canonical

SEX = FairnessSection(attributes=("sex",))
BOTH = FairnessSection(attributes=("sex", "age_band"))


def labelled(n: int = 4000, gap: float = 0.0, seed: int = 0, **more: Any) -> Rows:
    """Answers of two labels; women are told so much less of the positive one."""
    rng = np.random.default_rng(seed)
    sex, age = rng.choice(["f", "m"], n), rng.choice(["young", "old"], n)
    chance = np.clip(rng.beta(2, 3, n) - gap * (sex == "f"), 0.001, 0.999)
    truth = (rng.random(n) < chance).astype(np.float64)
    answers = answers_of(np.column_stack([1 - chance, chance]), truth, [0, 1], None)
    columns: dict[str, Any] = {"sex": sex, "age_band": age} | more
    return Rows(answers, np.arange(n), {name: groups_of(name, column) for name, column in columns.items()})


def only(rows: Rows, *names: str) -> Rows:
    return Rows(rows.answers, rows.units, {name: rows.groups[name] for name in names})


def looked(rows: Rows, section: FairnessSection, task: str = "classify") -> JsonObject:
    found = fairness(only(rows, *section.attributes), section, task) | {"inputs": []}
    canonical(found)
    return found


def test_every_rate_is_fairlearns() -> None:
    rows = labelled(gap=0.1)
    found = looked(rows, BOTH)
    sex, age = (np.array(rows.groups[name].names)[rows.groups[name].codes] for name in BOTH.attributes)
    told, truth = rows.answers.answered, rows.answers.truth
    assert told is not None
    metrics = {
        "selection_rate": fairlearn.selection_rate,
        "true_positive_rate": fairlearn.true_positive_rate,
        "false_positive_rate": fairlearn.false_positive_rate,
        "error": zero_one_loss,
    }
    theirs = fairlearn.MetricFrame(metrics=metrics, y_true=truth, y_pred=told, sensitive_features=sex)
    for group, figures in theirs.by_group.iterrows():
        for measure, value in figures.items():
            assert found["groups"]["sex"][group][measure][0] == pytest.approx(value)
    by_both = fairlearn.MetricFrame(
        metrics=metrics, y_true=truth, y_pred=told, sensitive_features={"sex": sex, "age_band": age}
    )
    for (one, other), figures in by_both.by_group.iterrows():
        mine = found["groups"][INTERSECTIONS][f"sex={one}, age_band={other}"]
        assert mine["selection_rate"][0] == pytest.approx(figures["selection_rate"])
    gaps = {one["by"]: one["gap"][0] for one in found["gaps"]}
    assert gaps["sex"] == pytest.approx(fairlearn.demographic_parity_difference(truth, told, sensitive_features=sex))
    odds = looked(rows, FairnessSection(attributes=("sex",), measure="equalized_odds"))
    assert max(one["gap"][0] for one in odds["gaps"]) == pytest.approx(
        fairlearn.equalized_odds_difference(truth, told, sensitive_features=sex)
    )


@pytest.mark.parametrize(
    ("gap", "n", "verdict"), [(0.15, 4000, "beyond"), (0.0, 8000, "within"), (0.0, 200, "insufficient data")]
)
def test_what_is_shown_decides(gap: float, n: int, verdict: str) -> None:
    found = looked(labelled(n, gap), SEX)
    assert (found["verdict"], found["worst"]["by"], found["measure"]) == (verdict, "sex", "selection_rate")
    if verdict == "beyond":
        assert found["worst"]["between"] == ["m", "f"] and found["worst"]["gap"][1] > 0.05
    if verdict == "insufficient data":
        assert found["needed"] > n
    assert said(found) and "## Fairness" in card(found)


def test_a_group_of_one_is_insufficient_data_and_no_pass() -> None:
    sex = np.array(["f", "m"] * 4000, object)
    sex[17] = "x"
    found = looked(labelled(8000, sex=sex), SEX)
    assert found["groups"]["sex"]["x"] == {"n": 1} | dict.fromkeys(
        ("selection_rate", "true_positive_rate", "false_positive_rate", "calibration", "error")
    )
    assert found["verdict"] == "insufficient data" and found["worst"]["few"] == ["x"] and "x" in said(found)


def test_those_whose_attribute_nobody_knows_are_a_group_and_judged_as_any() -> None:
    sex = np.where(np.arange(8000) % 10 < 7, None, np.where(np.arange(8000) % 2, "f", "m"))
    rows = labelled(8000, sex=sex)
    found = looked(rows, SEX)
    assert found["missing"]["sex"] == pytest.approx(0.7)
    assert set(found["groups"]["sex"]) == {MISSING, "f", "m"} and found["groups"]["sex"][MISSING]["n"] == 5600
    assert "70%" in said(found)
    assert looked(labelled(sex=[None] * 4000), SEX)["verdict"] == "insufficient data", "of one group there is no gap"


def test_a_gap_that_only_an_intersection_shows_refuses() -> None:
    """Young women and old men are selected less, so that neither sex nor age alone shows anything."""
    rng = np.random.default_rng(5)
    sex, age = rng.choice(["f", "m"], 8000), rng.choice(["young", "old"], 8000)
    chance = np.where((sex == "f") == (age == "young"), 0.3, 0.7) + rng.normal(0, 0.1, 8000)
    told = np.clip(np.column_stack([1 - chance, chance]), 0, 1)
    rows = Rows(
        answers_of(told, (chance > 0.5).astype(np.float64), ["no", "yes"], None),
        np.arange(8000),
        {"sex": groups_of("sex", sex), "age_band": groups_of("age_band", age)},
    )
    found = looked(rows, BOTH)
    assert (found["verdict"], found["worst"]["by"]) == ("beyond", INTERSECTIONS)
    assert {one["by"]: one["verdict"] for one in found["gaps"]}["sex"] == "within"


def test_values_are_judged_in_shares_of_their_mean_error() -> None:
    rng = np.random.default_rng(6)
    sex = rng.choice(["f", "m"], 6000)
    truth = rng.normal(100, 10, 6000)
    told = truth + rng.normal(0, 5, 6000) + np.where(sex == "f", -2.0, 0.0)
    rows = Rows(Answers(told[:, None], truth), np.arange(6000), {"sex": groups_of("sex", sex)})
    off = np.abs(told - truth)
    found = looked(rows, SEX, "regress")
    assert found["measure"] == "error" and found["scale"] == pytest.approx(off.mean())
    assert found["groups"]["sex"]["f"]["error"][0] == pytest.approx(off[sex == "f"].mean())
    residual = looked(rows, FairnessSection(attributes=("sex",), measure="residual", max_gap="20 %"), "regress")
    assert residual["verdict"] == "beyond" and residual["worst"]["between"] == ["m", "f"]


def test_values_that_are_all_answered_exactly_show_nothing_and_break_nothing() -> None:
    truth = np.arange(40.0)
    rows = Rows(Answers(truth[:, None], truth), np.arange(40), {"sex": groups_of("sex", ["f", "m"] * 20)})
    assert looked(rows, SEX, "regress")["verdict"] == "insufficient data"


def test_an_age_in_years_is_no_group() -> None:
    with raised(NotEnoughData, "[fairness] attributes"):
        groups_of("age", np.arange(100))


def test_rates_are_of_two_labels() -> None:
    told = np.full((30, 3), 1 / 3)
    rows = Rows(
        answers_of(told, np.zeros(30), ["a", "b", "c"], None), np.arange(30), {"sex": groups_of("sex", ["f", "m"] * 15)}
    )
    with raised(ModelError, "[fairness] measure"):
        fairness(rows, SEX, "classify")
    assert looked(rows, FairnessSection(attributes=("sex",), measure="error"))["measure"] == "error"
