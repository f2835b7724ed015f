"""What a value is worth: scikit-learn and the closed form of a line agree; duplicates share, and together they are worth the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.inspection import permutation_importance

from tests.evaluation.made import Asked, Made
from tidemill.evaluation.inputs.alike import associations, groups_of
from tidemill.evaluation.inputs.importance import IMPORTANCE, importance
from tidemill.evaluation.sentences import of_importance
from tidemill.types import JsonObject

RNG = np.random.default_rng(5)
N = 4_000
A, B, NOISE = RNG.normal(size=(3, N))
TOWN = RNG.choice(["rome", "oslo", "bonn"], N)


def of(found: JsonObject, name: str) -> Any:
    return next(one for one in found["values"] if one["name"] == name)


def line(**more: Any) -> Made:
    target = 3 * A + B + (TOWN == "oslo") + 0.5 * RNG.normal(size=N)
    return Made({"a": A, "b": B, "noise": NOISE, "town": TOWN, **more}, target, "rmse")


def test_of_a_line_it_is_the_closed_form() -> None:
    """The squared error grows by twice the variance of what the value adds; so rmse says how large that was."""
    made = line()
    sample = made.sample(made.fit(l2=1e-6))
    found = importance(sample, "rmse", 0)
    before = float(sample.base["rmse"].values.mean())
    for name, weight, values in (("a", 3.0, A), ("b", 1.0, B)):
        variance = float(values[N * 4 // 5 :].var())
        expected = (before + 2 * weight**2 * variance) ** 0.5 - before**0.5
        mean, low, high = of(found, name)["lost"]
        assert mean == pytest.approx(expected, rel=0.06) and low < expected < high
    mean, low, high = of(found, "noise")["lost"]
    assert low < 0.005 and abs(mean) < 0.01 and [one["name"] for one in found["values"]][:2] == ["a", "b"]
    assert of_importance(found).index("a (by") < of_importance(found).index("b (by")


def test_scikit_learn_agrees() -> None:
    made = line()
    sample = made.sample(made.fit("trees", num_iterations=60))

    found = importance(sample, "mae", 0)
    own = permutation_importance(
        Asked(sample), sample.x, sample.truth, scoring="neg_mean_absolute_error", n_repeats=10, random_state=0
    )
    for name, expected, spread in zip(sample.places, own.importances_mean, own.importances_std, strict=True):
        assert of(found, name)["lost"][0] == pytest.approx(expected, abs=4 * spread / 3**0.5)


def test_duplicates_share_and_say_so_and_together_they_are_worth_the_whole() -> None:
    made = line(copy=7 * A + 0.05 * NOISE, where=np.char.upper(TOWN))
    found = importance(made.sample(made.fit("trees", num_iterations=60, feature_fraction=0.5)), "rmse", 0)
    assert {tuple(one["names"]) for one in found["groups"]} == {("a", "copy"), ("town", "where")}
    assert of(found, "a")["alike"] == ["copy"] and "alike" not in of(found, "b")
    whole = next(one for one in found["groups"] if "a" in one["names"])["lost"][0]
    assert whole > of(found, "a")["lost"][0] + 0.2 and whole > of(found, "copy")["lost"][0] + 0.2
    alone = importance(line().sample(line().fit("trees", num_iterations=60)), "rmse", 0)
    assert whole == pytest.approx(of(alone, "a")["lost"][0], rel=0.1)
    assert "a and copy say the same and share" in of_importance(found)


def test_a_constant_column_is_worth_nothing_and_labels_are_measured_by_their_own_metric() -> None:
    made = Made({"a": A, "still": np.zeros(N)}, np.where(A + 0.3 * B > 0, "yes", "no"), "auc")
    found = importance(made.sample(made.fit()), "auc", 0)
    assert of(found, "still") == {"name": "still", "lost": [0.0, 0.0, 0.0], "weight": 0.0, "constant": True}
    mean, low, high = of(found, "a")["lost"]
    assert 0.4 < low < mean < high < 0.55, "from nearly 1 to about one half"


def test_of_one_unit_nothing_is_shown() -> None:
    """A group of one: all rows stand or fall together, so nothing is known of how sure this is."""
    made = line()
    sample = made.sample(made.fit())
    one = sample.base["rmse"].__class__(**{**vars(sample.base["rmse"]), "units": np.zeros(len(sample.x))})
    object.__setattr__(sample, "base", {"rmse": one})
    found = importance(sample, "rmse", 0)
    assert all(one["lost"][1] is None and one["lost"][2] is None for one in found["values"])
    assert "no value is shown to matter" in of_importance(found)


def test_as_an_examination_it_is_made_with_the_version_and_stands_on_its_card() -> None:
    made = line()
    bundle = made.fit()
    look = made.look(bundle)
    assert IMPORTANCE.applies(look)
    found = IMPORTANCE.look(look)
    assert found == IMPORTANCE.look(look) and found["rows"] == N // 5
    assert "| a | " in IMPORTANCE.card(found)


def test_independent_columns_go_nowhere_together_and_what_follows_another_does() -> None:
    codes = np.unique(TOWN, return_inverse=True)[1].astype(np.float64)
    x = np.column_stack([A, B, codes, (codes + 1) % 3, np.exp(A), codes * 10 + 0.1 * B, np.where(A > 3, A, np.nan)])
    found = associations(x, [2, 3])
    assert found[0, 4] > 0.999 and found[2, 3] > 0.999 and found[2, 5] > 0.9
    assert max(found[0, 1], found[0, 2], found[1, 3], found[1, 4]) < 0.1
    assert groups_of(list("abcdefg"), found) == [("a", "e"), ("c", "d", "f")]
