"""What quality falls by where an input fails: planted truths, an oracle, and nothing said of too few."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.inspection import permutation_importance

from tests.evaluation.planted import look_at, table
from tidemill.errors import NotEnoughData
from tidemill.evaluation.port import Look, examine
from tidemill.evaluation.robustness import fallen
from tidemill.evaluation.robustness import robustness as examination
from tidemill.evaluation.robustness.changed import CHANGES, LATE, MISSING, MOVED, SHUFFLED, TENFOLD, UNKNOWN, changed
from tidemill.evaluation.robustness.falls import (
    ASKED,
    COLUMNS,
    FEWEST,
    MOST,
    SHARES,
    Robustness,
    fall_of,
    most_rows,
    robustness,
)
from tidemill.tasks.tabular.sample import Sample
from tidemill.tasks.tabular.training import TabularTrainer

RNG = np.random.default_rng
N = 2_400


def carried(n: int = N, task: str = "regress", subjects: int = 0, method: str = "linear", **more: Any) -> Look:
    """`x` carries the target; `noise` and `town` have nothing to do with it; `same` and `again` say a little, and say it twice."""
    rng = RNG(1)
    x, little = rng.normal(10, 2, n), rng.normal(size=n)
    y = 3 * x + little + rng.normal(size=n)
    columns = {"x": x, "noise": rng.normal(size=n), "same": little, "again": little, "town": rng.choice(["a", "b"], n)}
    target = y if task == "regress" else np.where(y > np.median(y), "yes", "no")
    return look_at(*table(columns, target, task=task, subjects=subjects), method=method, **more)


def found(look: Look) -> Robustness:
    return msgspec.convert(examination.look(look), Robustness)


def of(one: Robustness, column: str, change: str, share: float = 1.0) -> Any:
    return next(f for f in one.falls if (f.column, f.change, f.share) == (column, change, share))


def sample(look: Look) -> Sample:
    assert isinstance(look.trainer, TabularTrainer)
    return look.trainer.sample(look.bundle, look.cut.test_start, look.cut.end, 2_000)


@pytest.mark.parametrize("task", ["regress", "classify"])
def test_what_carries_the_target_is_the_worst_to_lose_and_what_says_nothing_costs_nothing(task: str) -> None:
    one = found(carried(task=task))
    assert fallen.worst_first(one)[0] == "x" and one.of(MISSING)[0].column == "x"
    for change in (MISSING, SHUFFLED, TENFOLD, MOVED):
        assert of(one, "x", change).low > 0.5
    for change in (MISSING, SHUFFLED):
        assert of(one, "noise", change).low < 0.02 and abs(of(one, "noise", change).fall) < 0.05
    assert {f.change for f in one.falls if f.column == "town"} == {MISSING, SHUFFLED, UNKNOWN}
    assert "x" in fallen.card(msgspec.to_builtins(one))


def test_a_share_of_the_rows_costs_that_share_of_a_mean_and_figures_are_those_of_the_report() -> None:
    look = carried()
    one = found(look)
    whole = of(one, "x", MISSING).fall
    assert [of(one, "x", MISSING, share).fall / whole for share in SHARES] == pytest.approx(SHARES, abs=0.04)
    scored = sample(look).base["mae"]
    assert one.figure == pytest.approx(scored.values.mean()) and one.rows == len(scored.values)


def test_shuffled_as_scikit_learn_s_permutation_importance() -> None:
    look = carried()
    rows = sample(look)

    class Model(BaseEstimator):
        def fit(self, x: Any, y: Any) -> Any:
            return self

        def predict(self, x: Any) -> Any:
            return rows.told(x)[:, 0]

    theirs = permutation_importance(
        Model(), rows.x, rows.truth, scoring="neg_mean_absolute_error", n_repeats=10, random_state=0
    )
    one = found(look)
    for name, (place,) in rows.places.items():
        ours = of(one, name, SHUFFLED).figure - one.figure
        assert ours == pytest.approx(theirs["importances_mean"][place], abs=4 * theirs["importances_std"][place] + 1e-9)


def test_rmse_is_told_as_a_share_of_the_figure() -> None:
    rng = RNG(0)
    plain, worse = rng.exponential(size=500), rng.exponential(4, 500)
    share, *_ = fall_of("rmse", plain, worse, np.arange(500))
    assert share == pytest.approx(np.sqrt(worse.mean()) / np.sqrt(plain.mean()) - 1)


def test_the_interval_is_by_the_unit_and_holds_the_truth_as_often_as_it_says() -> None:
    rng, held = RNG(5), []
    for _ in range(400):
        units = np.repeat(np.arange(60), 5)
        plain = rng.exponential(size=300)
        lost = plain * 0.2 + rng.normal(size=60)[units] * 0.3 + rng.normal(size=300) * 0.1
        _, _, low, high = fall_of("mae", plain, plain + lost, units)
        held.append(low <= 0.2 <= high)  # type: ignore[operator]
    assert 0.92 <= np.mean(held) <= 0.98


def test_the_simpler_model_and_the_champion_stand_beside_on_the_same_changed_rows() -> None:
    look = carried(method="trees", num_iterations=60, task="regress")
    with_champion = replace(look, incumbent=look.simple["constant"])
    one = found(with_champion)
    gone = of(one, "x", MISSING)
    assert set(gone.above) == {"linear", "champion"} and of(one, "x", MISSING, 0.5).above == {}
    mean, low, high = gone.above["champion"]
    assert low <= mean <= high
    as_is = of(one, "noise", MISSING).above["champion"]
    assert as_is[1] > 0.5  # with x there it is far better than a constant


def test_columns_that_say_the_same_stand_in_for_each_other() -> None:
    look = carried(method="trees", num_iterations=60)
    one = found(look)
    assert all(of(one, name, MISSING).fall < 0.5 * of(one, "x", MISSING).fall for name in ("same", "again"))


def test_a_constant_column_and_one_that_is_missing_for_most_cost_nothing() -> None:
    rng = RNG(2)
    x = rng.normal(size=N)
    empty = np.where(rng.random(N) < 0.99, np.nan, rng.normal(size=N))
    look = look_at(*table({"x": x, "one": np.full(N, 3.0), "empty": empty}, x + rng.normal(size=N)))
    one = found(look)
    assert of(one, "one", MISSING).fall == 0 and MOVED not in {f.change for f in one.falls if f.column == "one"}
    assert abs(of(one, "empty", MISSING).fall) < 0.02


def test_what_a_request_must_say_is_not_taken_away() -> None:
    look = carried()
    rows = sample(look)
    required = [msgspec.structs.replace(i, required=i.name == "x") for i in rows.scorer.inputs]
    rows.scorer.inputs = tuple(required)
    assert MISSING not in dict(changed(rows, "x", 0)) and MISSING in dict(changed(rows, "noise", 0))
    assert "x" in robustness(rows, "mae", 0).skipped


def test_a_gate_is_told_of_every_column_however_many() -> None:
    rng = RNG(3)
    x = rng.normal(size=400)
    columns = {**{f"noise{i}": rng.normal(size=400) for i in range(COLUMNS)}, "x": x}
    look = look_at(*table(columns, 5 * x + rng.normal(size=400)))
    told = examination.of_missing(look.trainer, look.bundle, (look.cut.test_start, look.cut.end), "mae", 0)
    assert "x" in found(look).skipped and not told.skipped and {one.change for one in told.falls} == {MISSING}
    said, why = examination.ruled(told, 1.0)
    assert said == "worse" and [one.column for one in why] == ["x"]


def test_ten_rows_are_not_enough_and_never_a_pass() -> None:
    look = carried(n=210, test=0.05)
    one = found(look)
    assert one.rows < 12 and not one.enough and examination.ruled(one, 100.0)[0] == "not_enough_data"
    assert "not enough data" in fallen.card(msgspec.to_builtins(one))


def test_of_two_rows_of_one_unit_nobody_knows_the_error() -> None:
    look = carried(n=200, subjects=1)
    one = found(look)
    assert one.units == 1 and of(one, "x", MISSING).low is None and examination.ruled(one, 9.0)[0] == "not_enough_data"
    fallen.card(msgspec.to_builtins(one))


def test_allowed_refused_and_not_decided() -> None:
    one = found(carried())
    whole = of(one, "x", MISSING)
    assert examination.ruled(one, whole.high * 1.2)[0] == "promoted"
    said, why = examination.ruled(one, whole.low * 0.5)
    assert said == "worse" and [f.column for f in why] == ["x"]
    assert examination.ruled(one, whole.fall)[0] == "not_enough_data"


def test_a_model_that_cannot_be_asked_without_a_column_is_refused() -> None:
    one = found(carried())
    failing = replace(
        one, falls=[*one.falls[1:], replace(one.falls[0], change=MISSING, share=1.0, fall=None, error="no")]
    )
    assert examination.ruled(failing, 100.0)[0] == "worse" and "fails: no" in fallen.card(msgspec.to_builtins(failing))


def test_a_metric_that_the_test_does_not_give_is_no_examination() -> None:
    look = carried()
    said = replace(look, settings=replace(look.settings, metric="auc"))
    assert set(examine((examination.ROBUSTNESS,), said)["robustness"]) == {"error"}
    with pytest.raises(NotEnoughData):
        examination.look(said)


def test_what_is_asked_is_bounded_and_the_same_each_time() -> None:
    look = carried(n=400)
    assert found(look) == found(look) and {one.change for one in found(look).falls} == {*CHANGES} - {LATE}
    for columns in (1, 30, 100, 5_000):
        rows = most_rows(columns)
        assert rows <= MOST and (rows == FEWEST or rows * columns * len(CHANGES) <= ASKED)
