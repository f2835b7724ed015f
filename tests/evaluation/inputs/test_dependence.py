"""How the answer goes with an input: scikit-learn's partial dependence, the weight of a line, and no line where no row lies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.inspection import partial_dependence

from tests.evaluation.made import Asked, Made
from tidemill.evaluation.inputs.dependence import DEPENDENCE, VARIED, accumulated, dependence, partial
from tidemill.evaluation.inputs.importance import importance
from tidemill.evaluation.sentences import of_curve
from tidemill.types import JsonObject

RNG = np.random.default_rng(11)
N = 3_000
A, B = RNG.normal(size=(2, N))
TOWN = RNG.choice(["rome", "oslo", "bonn"], N)
GAP = np.where(RNG.random(N) < 0.5, RNG.uniform(0, 1, N), RNG.uniform(9, 10, N))


def of(found: JsonObject, name: str) -> Any:
    return next(one for one in found["inputs"] if one["input"] == name)


def test_scikit_learn_s_partial_dependence_and_its_single_rows() -> None:
    made = Made({"a": A, "b": B, "gap": GAP}, A * B + np.sin(GAP) + 0.1 * RNG.normal(size=N))
    sample = made.learned(made.fit("trees", num_iterations=60)).some(VARIED)
    grid = np.quantile(sample.x[:, 0], np.linspace(0, 1, 7))
    own = partial_dependence(Asked(sample), sample.x, [0], kind="both", method="brute", custom_values={0: grid})
    told = partial(sample, 0, grid)
    np.testing.assert_allclose(told.mean(axis=1), own["average"][0], atol=1e-12)
    np.testing.assert_allclose(told.T, own["individual"][0], atol=1e-12)


def test_of_a_line_every_curve_has_the_slope_of_its_weight() -> None:
    """Held or not, of independent inputs or of such that go together."""
    made = Made({"a": A, "b": 2 * A + 0.3 * B, "gap": GAP}, 3 * A - B + 0.5 * GAP)
    bundle = made.fit(l2=1e-9)
    sample = made.learned(bundle)
    for place, weight in ((0, 3 + 2 / 0.3), (1, -1 / 0.3), (2, 0.5)):
        grid = np.quantile(sample.x[:, place], np.linspace(0.05, 0.95, 12))  # beyond what it saw a line is held
        for curve in (partial(sample.some(VARIED), place, grid).mean(axis=1), accumulated(sample, place, grid)):
            np.testing.assert_allclose(np.diff(curve) / np.diff(grid), weight, rtol=2e-3)
    found = dependence(sample, 0)
    assert of(found, "a")["method"] == of(found, "b")["method"] == "accumulated local effects"
    assert of(found, "a")["goes_with"]["input"] == "b" and "goes_with" not in of(found, "gap")
    assert of(found, "gap")["method"] == "partial dependence"


def test_where_inputs_go_together_the_steps_of_rows_that_are_there_are_summed() -> None:
    """a * b with b = a: what the answer does as a goes, b held, is half of what it does along the rows; partial dependence asks
    for rows that never were, where trees say what they like."""
    made = Made({"a": A, "b": A + 0.05 * B, "c": B}, A**2 + 0.05 * A * B)
    sample = made.learned(made.fit("trees", num_iterations=200))
    found = of(dependence(sample, 0), "a")
    assert found["method"] == "accumulated local effects" and all("low" not in one for one in found["points"])
    grid = np.array([one["at"] for one in found["points"]])
    curve = accumulated(sample, 0, grid)
    told = sample.told(sample.x)[:, 0]
    assert np.ptp(curve) < np.ptp(told) and curve.mean() == pytest.approx(told.mean(), abs=2.0)


def test_where_no_row_lies_the_stretch_is_named_and_the_density_is_beneath() -> None:
    made = Made({"a": A, "gap": GAP}, A + GAP + 0.1 * B)
    found = of(dependence(made.learned(made.fit("trees", num_iterations=40)), 0), "gap")
    ((low, high),) = found["empty"]
    assert low == pytest.approx(1, abs=0.02) and high == pytest.approx(9, abs=0.02)
    assert sum(one["rows"] for one in found["density"]) == N * 4 // 5
    assert [one["rows"] for one in found["density"]][4:15] == [0] * 11
    assert "nothing is known from" in of_curve(found, "the value")
    assert all(one["low"] <= one["answer"] <= one["high"] for one in found["points"])


def test_categories_are_asked_as_they_are_there_and_a_constant_column_moves_nothing() -> None:
    town = np.where(np.arange(N) == 7, "lima", TOWN)
    made = Made({"a": A, "town": town, "still": np.ones(N)}, np.where((town == "oslo") | (A > 1), "yes", "no"))
    bundle = made.fit("trees", num_iterations=40)
    look = made.look(bundle)
    found = DEPENDENCE.look(look)
    assert found["answer"] == "yes" and {one["input"] for one in found["inputs"]} == {"town", "a"}
    levels = {one["at"]: one for one in of(found, "town")["levels"]}
    assert levels["oslo"]["answer"] > 0.6 and levels["rome"]["answer"] < 0.3
    assert set(levels) == {"oslo", "rome", "bonn", "others"} and levels["others"]["rows"] == 1
    assert found == DEPENDENCE.look(look) and "The probability of 'yes' is least" in DEPENDENCE.card(found)


def test_of_a_column_that_is_missing_everywhere_nothing_is_drawn_and_nothing_breaks() -> None:
    made = Made({"a": A, "none": np.full(N, np.nan)}, A + 0.1 * B)
    bundle = made.fit("trees", num_iterations=20)
    assert [one["input"] for one in dependence(made.learned(bundle), 0)["inputs"]] == ["a"]
    found = importance(made.sample(bundle), "mae", 0)
    assert found["values"][-1] == {"name": "none", "lost": [0.0, 0.0, 0.0], "weight": 0.0, "constant": True}


def test_missing_values_are_counted_and_not_drawn() -> None:
    made = Made({"a": np.where(RNG.random(N) < 0.2, np.nan, A), "b": B}, np.nan_to_num(A) + B)
    found = of(dependence(made.learned(made.fit("trees", num_iterations=40)), 0), "a")
    assert found["missing"] > N // 10 and np.isfinite([one["answer"] for one in found["points"]]).all()
