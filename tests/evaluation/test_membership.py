"""A model that knows rows by heart is found out, one that cannot is not accused, and of too little nothing is claimed."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tests.evaluation.planted import look_at, table
from tidemill.errors import NotEnoughData
from tidemill.evaluation import membership
from tidemill.evaluation.membership import LEAST, Attack, attack, attacks, verdict
from tidemill.evaluation.port import Look, examine
from tidemill.types import JsonObject

BY_HEART: JsonObject = {
    "num_iterations": 150,
    "num_leaves": 100,
    "min_data_in_leaf": 1,
    "learning_rate": 0.3,
    "lambda_l2": 0.01,
}
N = 1_200


def noise(task: str, seed: int = 0, n: int = N, subjects: int = 0, **recipe: Any) -> Look:
    """Nothing to learn but the rows themselves."""
    rng = np.random.default_rng(seed)
    columns = {name: rng.normal(size=n) for name in "abcd"}
    target = rng.normal(size=n) if task == "regress" else np.where(rng.random(n) < 0.3, "yes", "no")
    return look_at(*table(columns, target, task=task, subjects=subjects), **recipe)


@pytest.mark.parametrize("task", ["regress", "classify"])
def test_what_knows_rows_by_heart_is_found_out(task: str) -> None:
    found = membership.look(noise(task, method="trees", **BY_HEART))
    assert found["verdict"] == "tells" and found["loss"]["learned"] < 0.5 * found["loss"]["others"]
    plain, beside = found["attacks"]
    assert plain["auc"][1] > 0.8 and beside["auc"][1] > 0.65 and plain["advantage"][1] > 0.4
    assert "## Membership" in membership.card(found)


@pytest.mark.parametrize("task", ["regress", "classify"])
@pytest.mark.parametrize("seeds", [40, pytest.param(400, marks=pytest.mark.nightly)])
def test_a_constant_gives_nothing_away_and_its_interval_holds_a_half(task: str, seeds: int) -> None:
    held, told = [], []
    for seed in range(seeds):
        found = membership.look(noise(task, seed, 600, method="constant"))
        held += [one["auc"][1] <= 0.5 <= one["auc"][2] for one in found["attacks"]]
        told.append(found["verdict"] == "tells")
    assert np.mean(held) >= 0.9 and np.mean(told) <= 0.1


def test_by_scikit_learn_and_by_hand() -> None:
    rng = np.random.default_rng(3)
    member, score = rng.random(500) < 0.4, rng.normal(size=500)
    score[member] += 0.5
    one = attack("loss", score, member, np.arange(500), 0.2)
    assert one.auc[0] == pytest.approx(roc_auc_score(member, score))
    assert one.advantage[0] == pytest.approx((score[member] >= 0.2).mean() - (score[~member] >= 0.2).mean())
    assert one.members == member.sum() and one.verdict == "tells"


def test_hard_rows_hide_it_from_the_loss_alone_and_not_from_the_loss_beside_another_s() -> None:
    rng = np.random.default_rng(4)
    hard, member = rng.exponential(5, 2_000), rng.random(2_000) < 0.5
    reference = hard + rng.normal(0, 0.1, 2_000)
    plain, beside = attacks(hard - 0.2 * member, member, np.arange(2_000), reference, np.ones(2_000, np.bool_))
    assert beside.auc[1] > 0.8 > plain.auc[2] and verdict([plain, beside]) == "tells"


def test_the_interval_is_by_the_unit() -> None:
    """Ten rows of one unit that are members or not together are one piece of evidence."""
    rng = np.random.default_rng(5)
    units = np.repeat(np.arange(60), 10)
    member, score = (rng.random(60) < 0.5)[units], rng.normal(size=60)[units]
    alone, together = (attack("loss", score, member, of, 0.0) for of in (np.arange(600), units))
    assert together.auc[2] - together.auc[1] > 2 * (alone.auc[2] - alone.auc[1]) and together.units == 60


def test_of_too_little_nothing_is_claimed() -> None:
    sure = Attack("loss", (1.0, 0.99, 1.0), (1.0, 1.0, 1.0), 10, 10, LEAST - 1)
    assert sure.verdict == "not_enough_data" and replace(sure, units=LEAST).verdict == "tells"
    assert replace(sure, units=LEAST, auc=(0.5, 0.4, 0.6)).verdict == "not_enough_data"
    assert replace(sure, units=LEAST, auc=(0.5, 0.47, 0.53)).verdict == "little"
    found = membership.look(noise("regress", n=40, method="linear"))
    assert found["verdict"] == "not_enough_data" and "Not enough data" in membership.card(found)


def test_what_is_said_is_of_the_attack_that_decides() -> None:
    """The other one has the higher score, and shows nothing."""
    sure = Attack(membership.BESIDE, (0.7, 0.6, 0.8), (0.4, 0.2, 0.6), 500, 500, 1_000)
    vague = replace(sure, name=membership.PLAIN, auc=(0.9, 0.4, 1.0))
    assert verdict([vague, sure]) == "tells"
    told = [{**asdict(one), "verdict": one.verdict} for one in (vague, sure)]
    assert "AUC 0.700" in membership.sentence({"verdict": "tells", "unit": "rows", "attacks": told})


def test_of_one_unit_and_of_no_half_it_is_not_made() -> None:
    look = noise("regress", subjects=1, method="linear")
    with pytest.raises(NotEnoughData):
        membership.look(look)
    look.__dict__["parts"] = ()
    assert set(examine((membership.MEMBERSHIP,), look)["membership"]) == {"error"}
