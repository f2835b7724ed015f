"""Intervals against what they promise, AUC against scikit-learn."""

from __future__ import annotations

import inspect
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from tidemill.errors import NotEnoughData
from tidemill.learning.evaluate import Scored, summary
from tidemill.learning.intervals import (
    DRAWS,
    auc_interval,
    bootstrap_intervals,
    paired_bootstrap,
    paired_bootstraps,
)


@given(
    st.lists(st.tuples(st.floats(0, 1, width=16), st.booleans()), min_size=2, max_size=60).filter(
        lambda rows: len({true for _, true in rows}) == 2
    )
)
def test_auc_is_that_of_scikit_learn(rows):
    told, true = [t for t, _ in rows], [b for _, b in rows]
    found = auc_interval(told, true, np.zeros(len(true)), seed=0, draws=1)
    assert tuple(found) == pytest.approx((roc_auc_score(true, told),) * 3, abs=1e-12)


def test_auc_of_one_label_alone_is_no_number():
    assert all(map(math.isnan, auc_interval([0.1, 0.2], [1, 1], [0, 1], seed=0)))


def bootstrap_interval(values, units, **given):
    return bootstrap_intervals([values], units, **given)[0]


def test_the_interval_draws_whole_units():
    """Ten customers with a hundred equal rows each are ten observations, not a thousand."""
    rng = np.random.default_rng(1)
    level = rng.normal(size=10)
    rows, units = np.repeat(level, 100), np.repeat(np.arange(10), 100)
    whole = bootstrap_interval(rows, units, seed=0)
    single = bootstrap_interval(level, np.arange(10), seed=0)
    assert (whole.low, whole.high) == pytest.approx((single.low, single.high))
    naive = bootstrap_interval(rows, np.arange(1000), seed=0)
    assert naive.high - naive.low < (whole.high - whole.low) / 5


def test_the_interval_holds_the_truth_as_often_as_it_says(monkeypatch):
    monkeypatch.setattr("tidemill.learning.intervals.DRAWS", 400)
    rng = np.random.default_rng(2)
    held = 0
    for trial in range(200):
        effect = np.repeat(rng.normal(size=60), 4)
        rows = effect + rng.normal(size=240)
        found = bootstrap_interval(rows, np.repeat(np.arange(60), 4), seed=trial)
        held += found.low <= 0 <= found.high
    assert 0.88 <= held / 200 <= 0.99


def test_a_paired_difference_says_what_it_could_have_seen():
    rng = np.random.default_rng(3)
    a = rng.normal(size=400)
    b = a - 0.1 + rng.normal(scale=0.2, size=400)
    units = np.repeat(np.arange(100), 4)
    found = paired_bootstrap(a, b, units, seed=0)
    assert found.mean == pytest.approx((a - b).mean())
    assert found.low < found.mean < found.high and found.low > 0 and found.units == 100
    assert found.visible == pytest.approx((1.959964 + 0.841621) * found.error, rel=1e-5)
    assert "400 requests of 100 units" in found.power(400)
    assert paired_bootstrap(a, b, units, seed=0) == found
    assert paired_bootstrap(b, a, units, seed=0).mean == pytest.approx(-found.mean)


def test_several_measures_share_their_draws():
    rng = np.random.default_rng(4)
    a, b, units = rng.normal(size=(3, 90)), rng.normal(size=(3, 90)), rng.integers(0, 30, 90)
    assert bootstrap_intervals(list(a), units, seed=5) == [bootstrap_interval(one, units, seed=5) for one in a]
    assert paired_bootstraps(list(a), list(b), units, seed=5) == [
        paired_bootstrap(one, other, units, seed=5) for one, other in zip(a, b)
    ]


def test_nothing_to_measure_is_an_error():
    with pytest.raises(NotEnoughData):
        bootstrap_interval([], [], seed=0)


@settings(max_examples=20)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1)), min_size=1, max_size=40))
def test_the_summary_splits_warm_and_cold(rows):
    values, units = np.array([v for _, v in rows]), np.array([u for u, _ in rows])
    cold = values > 0.5
    scored = {"recall@20": Scored(values, units, np.arange(len(rows)), cold)}
    found = summary(scored, seed=0)
    assert found["n"] == len(rows) == found["warm"]["n"] + found["cold"]["n"]
    for name, mask in (("warm", ~cold), ("cold", cold)):
        if mask.any():
            assert found[name]["recall@20"][0] == pytest.approx(values[mask].mean())
        else:
            assert "recall@20" not in found[name]


def test_auc_has_an_interval_over_units():
    rng = np.random.default_rng(4)
    true = rng.integers(0, 2, 300)
    told = true + rng.normal(size=300)
    found = auc_interval(told, true, np.repeat(np.arange(100), 3), seed=0)
    assert found.low < found.mean < found.high and found.mean == pytest.approx(roc_auc_score(true, told))


def test_the_interval_of_auc_is_that_of_samples_made_one_by_one():
    """As many draws as every other interval has; ties, units of several sizes, and draws with one label alone."""
    rng = np.random.default_rng(6)
    true, told = rng.random(40) < 0.1, np.round(rng.random(40), 1)
    units = rng.integers(0, 12, 40)
    assert 0 < true.sum() < 40 and inspect.signature(auc_interval).parameters["draws"].default == DRAWS
    found = auc_interval(told, true, units, seed=7)
    names, plain, draws = np.unique(units), [], np.random.default_rng(7)
    for _ in range(DRAWS):
        picked = names[draws.integers(0, len(names), len(names))]
        rows = np.concatenate([np.flatnonzero(units == name) for name in picked])
        above = told[rows][true[rows]][:, None] - told[rows][~true[rows]]
        plain.append(((above > 0) + (above == 0) / 2).mean() if above.size else math.nan)
    assert np.isnan(plain).any()
    assert found[1:] == pytest.approx(tuple(np.nanquantile(plain, [0.025, 0.975])), abs=1e-12)


@pytest.mark.parametrize("units", [1, 7, 300])
def test_samples_are_the_same_however_many_are_drawn_at_once(units, monkeypatch):
    rng = np.random.default_rng(units)
    values, names = rng.normal(size=900), rng.permutation(900) % units
    whole = bootstrap_interval(values, names, seed=5)
    monkeypatch.setattr("tidemill.learning.intervals._AT_ONCE", 1_000)
    assert bootstrap_interval(values, names, seed=5) == pytest.approx(whole, rel=1e-12)
    picked = np.random.default_rng(5).integers(0, units, (2_000, units))
    sums, counts = np.bincount(names, values), np.bincount(names)
    plain = sums[picked].sum(axis=1) / counts[picked].sum(axis=1)
    assert whole[1:] == pytest.approx(tuple(np.quantile(plain, [0.025, 0.975])), rel=1e-12)
