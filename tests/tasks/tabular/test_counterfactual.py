"""What would have to change: the fewest and smallest changes, in the direction allowed, like rows there are, and the model agrees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cases.projects import VISITS, VISITS_TOML, lay
from tests.evaluation.made import Made
from tests.raised import raised
from tidemill.errors import BadRequest, ConfigError
from tidemill.model.prepare import settings
from tidemill.scope.project import open_project
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.port import Want
from tidemill.tasks.tabular.actions import FILE
from tidemill.tasks.tabular.changes import MOST_ASKED
from tidemill.tasks.tabular.counterfactual import counterfactual
from tidemill.tasks.tabular.row import RowScorer

RNG = np.random.default_rng(3)
N = 2_500
INCOME, DEBT, AGE = RNG.uniform(10, 100, N), RNG.uniform(0, 50, N), RNG.integers(18, 80, N)
JOB = RNG.choice(["none", "part", "full"], N)
SCORE = INCOME - 2 * DEBT + 30 * (JOB == "full")
LABEL = np.where(SCORE + RNG.normal(size=N) > 20, "good", "bad")
COLUMNS: dict[str, Any] = {"income": INCOME, "debt": DEBT, "age": AGE, "job": JOB}
ROW = {
    "income": 30.0,
    "debt": 20.0,
    "age": 40,
    "job": "part",
}  # 10 below what is good: 30 of income, or 15 of debt less


def _said(value: Any) -> str:
    return (
        repr(value)
        if isinstance(value, float) and value != int(value)
        else str(value if isinstance(value, str) else int(value))
    )


def made(ways: dict[str, str], columns: dict[str, Any] | None = None, target: Any = LABEL, **more: Any) -> RowScorer:
    world = Made({**COLUMNS, **(columns or {})}, target, actionable=ways, **more)
    return RowScorer(world.fit(l2=1e-3))


def test_one_change_and_the_smallest_of_it_as_a_line_says() -> None:
    scorer = made({"income": "up", "debt": "any"})
    found = counterfactual(scorer, ROW)
    assert [[change.input for change in changes] for changes, _ in found.ways] == [["debt"], ["income"]]
    assert found.ways[0][0][0].after == pytest.approx(5.0, abs=1.5) and found.ways[1][0][0].after == pytest.approx(
        60.0, abs=3
    )
    for changes, answer in found.ways:
        assert scorer.predict({**ROW, **{c.input: c.after for c in changes}}) == answer and answer["value"] == "good"
        (one,) = changes
        nearer = one.before + 0.9 * (one.after - one.before)
        assert scorer.predict({**ROW, one.input: nearer})["value"] == "bad", "no much smaller one would do"
    assert found == counterfactual(scorer, ROW) and found.asked < MOST_ASKED
    said = found.sentence({"debt": "what you owe"})
    assert said.startswith("With what you owe ") and said.endswith("instead of 20 the answer would have been good.")


def test_where_groups_have_thresholds_of_their_own_it_is_by_the_one_of_the_person() -> None:
    bundle = Made(COLUMNS, LABEL, actionable={"income": "up"}).fit(l2=1e-3)
    by_group = {"by": ["sex"], "groups": {"sex=f": 0.99, "sex=m": 0.01}}
    threshold = {"positive": "good", "at": 0.5, "costs": {}, **by_group}
    scorer = RowScorer(Bundle({**bundle.manifest, "threshold": threshold, "attributes": ["sex"]}, bundle.files))
    needed = []
    for sex in ("m", None, "f"):
        ((change,), answer), *_ = counterfactual(scorer, {**ROW, "sex": sex}).ways
        nearer = {**ROW, "sex": sex, "income": change.before + 0.9 * (change.after - change.before)}
        assert answer["value"] == "good" and scorer.predict(nearer)["value"] == "bad"
        needed.append(change.after)
    assert needed == sorted(needed) and len(set(needed)) == 3


def test_no_change_goes_against_its_direction_or_beyond_what_the_data_has() -> None:
    found = counterfactual(made({"income": "down"}), ROW)
    assert not found.ways and not found.json()["found"] and "none of" in found.why
    assert found.sentence({}).startswith("No change of income would have made the answer good")
    richest = {**ROW, "income": float(INCOME.max()) + 5, "debt": 50.0, "job": "none"}
    assert "can go further" in counterfactual(made({"income": "up"}), richest).why


def test_where_no_single_change_reaches_it_two_do() -> None:
    poor = {"income": 15.0, "debt": 48.0, "age": 40, "job": "none"}
    found = counterfactual(made({"income": "up", "debt": "down", "job": "any"}), poor)
    assert len(found.ways[0][0]) == 2 and found.ways[0][1]["value"] == "good"
    assert all(len(changes) == 2 for changes, _ in found.ways)


def test_a_category_may_be_another_one_and_a_whole_number_stays_whole() -> None:
    found = counterfactual(made({"job": "any"}), {**ROW, "debt": 15.0})
    ((changes, answer),) = found.ways
    assert changes == (("job", "part", "full"),) and answer["value"] == "good"
    older = made({"age": "up"}, target=np.where(AGE > 50.5, "good", "bad"))
    ((change,), _), *_ = counterfactual(older, ROW).ways
    assert isinstance(change.after, int) and 50 <= change.after <= 52


def test_a_duplicate_that_cannot_be_changed_with_it_makes_a_row_like_no_other() -> None:
    """In cents and in euros: to change one alone is no advice. Where both may change, both do."""
    cents = {"cents": 100 * INCOME + RNG.normal(size=N)}
    row = {**ROW, "cents": 3_000.0}
    alone = counterfactual(made({"income": "up"}, cents), row)
    assert not alone.ways and "like no row" in alone.why
    both = counterfactual(made({"income": "up", "cents": "up"}, cents), row)
    assert {change.input for change in both.ways[0][0]} == {"income", "cents"}
    after = {change.input: change.after for change in both.ways[0][0]}
    assert after["cents"] == pytest.approx(100 * after["income"], rel=0.25)


def test_nothing_in_a_value_steers_what_shows_the_sentence() -> None:
    found = counterfactual(made({"job": "any"}), {**ROW, "job": "\x1b[2J\u202e", "debt": 15.0})
    assert found.ways and found.sentence({}).isprintable()


def test_a_value_is_asked_for_by_its_bound() -> None:
    scorer = made({"income": "up", "debt": "any"}, target=SCORE)
    found = counterfactual(scorer, ROW, Want(at_least=20.0))
    assert found.ways[0][1]["value"] >= 20 and found.json()["want"] == "at least 20"
    assert counterfactual(scorer, ROW, Want(at_most=-30.0)).ways[0][0][0].input == "debt"


def test_of_a_column_that_nobody_has_nothing_is_advised() -> None:
    scorer = made({"none": "any"}, {"none": np.full(N, np.nan)})
    assert "can go further" in counterfactual(scorer, ROW).why


def test_of_a_constant_column_there_is_nothing_to_change() -> None:
    scorer = made({"still": "any"}, {"still": np.ones(N)})
    assert "can go further" in counterfactual(scorer, {**ROW, "still": 1.0}).why


@pytest.mark.parametrize(
    ("want", "place", "hint"),
    [(Want(label="godo"), "$.want", True), (Want(label="bad"), "$.want", False), (Want(at_least=3.0), "$", True)],
)
def test_what_cannot_be_wanted_is_refused(want: Want, place: str, hint: bool) -> None:
    scorer = made({"income": "up"})
    with raised(BadRequest, place, hint=hint):
        counterfactual(scorer, ROW, want)


def test_a_model_without_actionable_inputs_says_how_to_name_some() -> None:
    bundle = Made(COLUMNS, LABEL).fit()
    assert FILE not in bundle.files
    with raised(BadRequest, "[model] inputs"):
        counterfactual(RowScorer(bundle), ROW)


@pytest.mark.parametrize("said", ['{ pags = "up" }', '{ country = "up" }', '{ came_back = "any" }', '{ hour = "up" }'])
def test_what_is_no_input_or_has_no_such_direction_is_an_error_of_the_configuration(said: str, tmp_path: Path) -> None:
    toml = VISITS_TOML.replace('task = "classify"', f'task = "classify"\ninputs = {{ actionable = {said} }}')
    with (
        open_project(lay(tmp_path / "visits", "visits", VISITS, toml).root) as project,
        raised(ConfigError, "[model.visits] inputs"),
    ):
        settings(project.model())


def test_the_bundle_holds_no_row() -> None:
    """Quantiles, shares and correlations: values of a column, but of nobody's row."""
    world = Made(COLUMNS, LABEL, actionable={"income": "up"})
    bundle: Bundle = world.fit()
    scorer = RowScorer(bundle)
    assert scorer.actions is not None and len(bundle.files[FILE]) < 20_000
    assert sorted(len(one.at) for one in scorer.actions.numbers) == [33, 33, 33]
    x = world.learned(bundle).x
    distances = scorer.actions.distances(x)
    assert np.mean(distances <= scorer.actions.near) == pytest.approx(0.95, abs=0.01)


@pytest.mark.parametrize("method", ["linear", "trees"])
def test_every_way_that_is_told_is_one(method: str) -> None:
    """Of many rows: what is told is answered so by the model, goes the allowed way and stays within what was learned from."""
    world = Made(COLUMNS, LABEL, actionable={"income": "up", "debt": "down", "job": "any"})
    scorer = RowScorer(world.fit(method, **({"num_iterations": 40} if method == "trees" else {})))
    told = 0
    for i in range(0, N, 60):
        row = {
            "income": round(float(INCOME[i]), 4),
            "debt": round(float(DEBT[i]), 4),
            "age": int(AGE[i]),
            "job": str(JOB[i]),
        }
        if scorer.predict(row)["value"] == "good":
            continue
        found = counterfactual(scorer, row)
        assert found.asked <= MOST_ASKED and (bool(found.ways) or found.why)
        for place, (changes, _) in enumerate(found.ways):
            told += 1
            if not place:  # what the person is told is what was asked again, to the last digit
                assert all(
                    f"{c.input} {_said(c.after)} instead of {_said(c.before)}" in found.sentence({}) for c in changes
                )
            after = {change.input: change.after for change in changes}
            assert scorer.predict({**row, **after})["value"] == "good"
            assert after.get("income", INCOME.max()) > row["income"] and after.get("debt", -1.0) < row["debt"]
            assert after.get("income", 50.0) <= INCOME.max() and after.get("debt", 50.0) >= DEBT.min()
    assert told > 10
