"""The gap of a part to the whole, and to another model: against a jackknife by unit, the gates' comparison, and scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from tidemill.evaluation.slices.apart import beside_whole, paired, reached
from tidemill.evaluation.slices.judged import Judged
from tidemill.learning.evaluate import Scored
from tidemill.learning.measures import measure
from tidemill.learning.trainer import Report
from tidemill.release.gates.compare import compare


def values(seed: int, n: int = 1_200, units: int = 300) -> tuple[Any, Any, Any]:
    """(what each answer adds, the unit of each, the rows of a part)."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, units, n)
    spread = rng.lognormal(0, 0.5, units)[codes]
    return np.abs(rng.normal(1.0, 0.4, n)) * spread, codes, np.flatnonzero(rng.random(n) < 0.3)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("metric", ["mae", "rmse", "recall@20"])
def test_the_error_is_that_of_a_jackknife_by_unit(seed: int, metric: str) -> None:
    whole, codes, rows = values(seed)
    kind, inside = measure(metric), np.isin(np.arange(len(whole)), rows)

    def share(keep: Any) -> float:
        part, everybody = kind.figure(whole[keep & inside].mean()), kind.figure(whole[keep].mean())
        return float(-kind.sign * (part - everybody) / everybody)

    left_out = [share(codes != unit) for unit in np.unique(codes)]
    jackknife = np.sqrt((len(left_out) - 1) * np.var(left_out))
    found = beside_whole(kind, whole[rows], rows, whole, codes)
    assert found.gap == pytest.approx(share(np.ones(len(whole), bool)), rel=0.05)
    assert found.error == pytest.approx(jackknife, rel=0.25 if metric == "rmse" else 0.12)


@pytest.mark.parametrize("metric", ["mae", "rmse", "recall@20", "auc"])
def test_beside_another_model_it_is_what_a_gate_compares(metric: str) -> None:
    one, codes, _ = values(1)
    other, none = values(2)[0], np.zeros(len(one))
    if metric == "auc":
        one, other = one / one.max(), other / other.max()
    mine, theirs = (Scored(each, codes, none.astype(np.int64), none > 1) for each in (one, other))
    gate, found = compare(metric, mine, theirs), paired(measure(metric), one, other, codes)
    assert found.gap == pytest.approx(-gate.gain) and found.error == pytest.approx(gate.error, rel=1e-6)
    low, high = found.bounds(0.975)
    assert (low, high) == pytest.approx((-gate.high, -gate.low), rel=1e-6)


def test_a_part_s_auc_is_scikit_learn_s_and_one_label_alone_has_none() -> None:
    rng = np.random.default_rng(0)
    told, n = rng.random(500), 500
    truth = (rng.random(n) < told).astype(float)
    answers = {"told": np.column_stack([1 - told, told]).astype(np.float32), "truth": truth}
    none = Scored(np.zeros(n), np.arange(n), np.zeros(n, np.int64), np.zeros(n, bool))
    report, rows = Report({"auc": none, "pr_auc": none}, {}, answers), np.arange(0, n, 3)
    found = Judged(report, "auc").within(rows)
    assert found is not None and found.mean() == pytest.approx(roc_auc_score(truth[rows], told[rows]))
    found = Judged(report, "pr_auc").within(rows)
    assert found is not None and found.mean() == pytest.approx(average_precision_score(truth[rows], told[rows]))
    assert Judged(report, "auc").within(np.flatnonzero(truth == 1)) is None


def test_a_part_s_wape_is_of_what_was_there_in_it() -> None:
    truth, told = np.array([1.0, 2.0, 100.0, 0.0]), np.array([2.0, 2.0, 90.0, 0.0])
    error = np.abs(told - truth)
    scored = {
        name: Scored(each, np.arange(4), np.zeros(4, np.int64), np.zeros(4, bool))
        for name, each in (("mae", error), ("wape", error / np.abs(truth).mean()))
    }
    report = Report(scored, {}, {"told": told[:, None], "truth": truth})
    found = Judged(report, "wape").within(np.array([0, 1]))
    assert found is not None and found.mean() == pytest.approx(1 / 3)
    assert Judged(report, "wape").within(np.array([3])) is None, "there was nothing to be wrong about a share of"


def test_a_group_of_one_says_nothing_and_no_figure_is_infinite_where_it_is_shown() -> None:
    whole, codes = np.array([1.0, 1.0, 5.0]), np.array([0, 1, 2])
    found = beside_whole(measure("mae"), whole[[2]], np.array([2]), whole, codes)
    assert found.verdict(0.2, 0.95) == "not_enough_data" and found.needed(0.2) >= 20
    assert reached(measure("mae"), whole, codes) is None


def test_few_answers_that_are_all_wrong_by_chance_are_not_shown_worse() -> None:
    """Of 25 requests none is a hit where 5 of 100 are: that happens to one group in four."""
    whole = (np.arange(2_000) % 20 == 0).astype(float)
    rows = np.flatnonzero(whole == 0)[:25]
    found = beside_whole(measure("recall@20"), whole[rows], rows, whole, np.arange(2_000))
    assert found.gap == 1.0 and found.verdict(0.2, 0.95) == "not_enough_data"
