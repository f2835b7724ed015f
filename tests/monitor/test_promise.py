"""What a version promised, and how far a window is behind it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.learning.measures import MEASURES, measure
from tidemill.monitor.promise import WORST, Promise, blind_below, promised, shortfall

RECALL, MAE = measure("recall@20"), MEASURES["mae"]


def test_what_a_version_promises() -> None:
    assert promised({"recall@20": [0.31, 0.29, 0.33], "n": 300}, RECALL) == 0.29
    assert promised({"recall@20": (0.31, -0.01, 0.6)}, RECALL) == 0.0
    assert promised({"recall@20": 0.31}, RECALL) is None and promised({}, RECALL) is None
    assert promised({"mae": [12.0, 11.0, 14.0]}, MAE) == 14.0, "an error promises its high end"
    assert promised({"mae": [12.0, 11.0]}, MAE) is None and promised({"mae": [0.0, 0.0, 0.0]}, MAE) is None


def test_who_promised_nothing_cannot_fall_short() -> None:
    assert Promise.of({"recall@20": [0.02, 0.0, 0.05], "n": 30}, RECALL) is None and Promise.of({}, MAE) is None
    assert blind_below({"recall@20": [0.02, 0.0, 0.05]}, RECALL) is None


def test_the_spread_of_an_answer_is_read_off_the_interval() -> None:
    """300 answers between -1.96 and 1.96 standard errors."""
    promise = Promise.of({"recall@20": [0.3, 0.3 - 1.96 * 0.02, 0.3 + 1.96 * 0.02], "n": 300}, RECALL)
    assert promise is not None and promise.variance == pytest.approx(300 * 0.02**2, rel=1e-3)


def test_the_promise_is_kept_where_the_figure_is() -> None:
    """For each metric: at the promise 0, a tenth worse a tenth (of RMSE on the scale of squares)."""
    rng = np.random.default_rng(5)
    values, units = rng.gamma(2.0, 1.5, 400), [f"u{n}" for n in rng.integers(0, 60, 400)]
    for name in ("mae", "rmse", "log_loss"):
        kind = MEASURES[name]
        found = shortfall(kind, Promise(float(values.mean()), 1.0, 1.0), values.tolist(), units)
        assert found is not None and found.share == pytest.approx(0) and found.subjects == len(set(units))
        worse = shortfall(kind, Promise(float(values.mean()) / 1.1, 1.0, 1.0), values.tolist(), units)
        assert worse is not None and worse.share == pytest.approx(0.1)
    found = shortfall(RECALL, Promise(0.5, 0.5, 0.1), [0.4, 0.5], ["a", "b"])
    assert found is not None and found.share == pytest.approx(0.1)


def test_one_mad_outcome_counts_ten_promises() -> None:
    found = shortfall(MAE, Promise(1.0, 1.0, 1.0), [1e9, *[0.9] * 20], [str(n) for n in range(21)])
    assert found is not None and found.share == pytest.approx((WORST + 0.9 * 20) / 21 - 1)


def clusters(rng: np.random.Generator) -> tuple[list[float], list[str]]:
    levels = rng.normal(0.5, 0.1, 40)
    names = [f"s{n}" for n in range(40) for _ in range(5)]
    return (np.repeat(levels, 5) + rng.normal(0, 0.05, 200)).tolist(), names


def test_the_standard_error_is_that_of_subjects() -> None:
    """Against what repeated samples show: five answers each of forty subjects who differ."""
    rng = np.random.default_rng(7)
    found = [shortfall(RECALL, Promise(0.5, 0.5, 0.0525), *clusters(rng)) for _ in range(400)]
    truth = np.var([one.share for one in found if one])
    assert np.mean([one.error2 for one in found if one]) == pytest.approx(truth, rel=0.25)
    alone = [shortfall(RECALL, Promise(0.5, 0.5, 0.0125), clusters(rng)[0], [""] * 200) for _ in range(50)]
    assert np.mean([one.error2 for one in alone if one]) < truth / 2, "nobody says a subject: answers are taken alone"
    assert all(one and one.subjects == 0 and one.units == 200 for one in alone)


def test_a_single_answer_is_as_sure_as_the_evaluation_says() -> None:
    one = shortfall(RECALL, Promise(0.5, 0.5, 0.04), [0.7], ["a"])
    assert one is not None and one.error2 == pytest.approx(0.04 / 0.25)
    unknown = shortfall(RECALL, Promise(0.5, 0.5, None), [0.7], [""])
    assert unknown is not None and unknown.error2 == pytest.approx(1.0), "the most that a share can vary"


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["mae", "rmse", "log_loss", "recall@20"]),
    st.floats(1e-6, 1.0),
    st.lists(st.tuples(st.floats(0, 1e18), st.sampled_from(["", "a", "b"])), max_size=12),
)
def test_it_is_finite_whatever_the_answers(name: str, promise: float, rows: list[tuple[float, str]]) -> None:
    kind = measure(name)
    values = [v if kind.less_is_better else min(v, 1.0) for v, _ in rows]
    found = shortfall(kind, Promise(promise, promise, 0.1), values, [who for _, who in rows])
    if not rows:
        assert found is None
        return
    assert found is not None and np.isfinite([found.share, found.error2]).all() and found.error2 >= 0
    assert found.share <= WORST - 1 + 1e-9 and found.answers == len(rows)
