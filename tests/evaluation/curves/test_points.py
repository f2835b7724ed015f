"""The curves of a table's test, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    average_precision_score,
    confusion_matrix,
    precision_recall_curve,
    recall_score,
    roc_auc_score,
    roc_curve,
)

from tidemill.evaluation.curves import points


def scores(n: int, seed: int, places: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, rounded so that some are equal, and what came true more often than not as they say."""
    rng = np.random.default_rng(seed)
    told = np.round(rng.random(n), places)
    return told, rng.random(n) < told


AT = np.linspace(0, 1, 41)


def counted(told: np.ndarray, true: np.ndarray, weights: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    hits, falses = points.Ranked(told, true).counted(np.ones(len(told)) if weights is None else weights)
    return hits, falses


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("places", [1, 2, 8])
def test_roc_precision_and_areas_are_scikit_learn_s(seed: int, places: int) -> None:
    told, true = scores(150, seed, places)
    hits, falses = counted(told, true)
    false_rate, true_rate, _ = roc_curve(true, told, drop_intermediate=False)
    assert hits[0] / hits[0, -1] == pytest.approx(true_rate) and falses[0] / falses[0, -1] == pytest.approx(false_rate)
    last = np.append(np.flatnonzero(np.diff(false_rate)), len(false_rate) - 1)
    assert points.roc(hits[0], falses[0], AT) == pytest.approx(np.interp(AT, false_rate[last], true_rate[last]))
    precision, recall, _ = precision_recall_curve(true, told)
    found = points.precision(hits[0], falses[0], AT[1:])
    reached = [
        min(recall[recall >= at - 1e-12]) for at in AT[1:]
    ]  # of thresholds with one recall the highest precision
    assert found == pytest.approx([precision[np.isclose(recall, at)].max() for at in reached])
    auc, average = points.areas(hits, falses)
    assert auc[0] == pytest.approx(roc_auc_score(true, told))
    assert average[0] == pytest.approx(average_precision_score(true, told))


@pytest.mark.parametrize("seed", range(3))
def test_gain_is_the_recall_of_so_many_rows(seed: int) -> None:
    told, true = scores(200, seed, 8)
    found = points.gain(*(each[0] for each in counted(told, true)), np.arange(1, 11) / 10)
    for share, gained in zip(range(1, 11), found):
        first = np.isin(np.arange(200), np.argsort(-told)[: 20 * share])
        assert gained == pytest.approx(recall_score(true, first))


def test_weights_are_rows_that_stand_there_so_often() -> None:
    told, true = scores(100, 0, 1)
    times = np.random.default_rng(1).integers(0, 4, 100)
    again = np.repeat(np.arange(100), times)
    found, expected = points.areas(*counted(told, true, times)), points.areas(*counted(told[again], true[again]))
    assert np.array(found) == pytest.approx(np.array(expected))
    assert found[0][0] == pytest.approx(roc_auc_score(true, told, sample_weight=times))
    assert found[1][0] == pytest.approx(average_precision_score(true, told, sample_weight=times))


def test_units_are_drawn_whole() -> None:
    units = np.array([0, 0, 1, 2, 2, 2])
    drawn = points.weights_of(units, 500, 0)
    assert (drawn[:, 0] == drawn[:, 1]).all() and (drawn[:, 3] == drawn[:, 5]).all()
    assert drawn[:, [0, 2, 3]].sum(1).tolist() == [3.0] * 500
    assert drawn[:, 2].mean() == pytest.approx(1.0, abs=0.15)


def test_one_label_alone_has_no_area() -> None:
    auc, average = points.areas(*counted(np.array([0.1, 0.2]), np.array([False, False])))
    assert np.isnan(auc[0]) and np.isnan(average[0])


@pytest.mark.parametrize("seed", range(5))
def test_calibration(seed: int) -> None:
    told, true = scores(400, seed)
    came, mean = calibration_curve(true, told, n_bins=points.BINS)
    found = points.calibration(told, true)
    assert [b.told for b in found] == pytest.approx(mean, abs=1e-6) and [b.came for b in found] == pytest.approx(came)
    assert sum(b.n for b in found) == 400


def test_a_probability_of_one_is_in_the_last_tenth() -> None:
    assert points.calibration(np.array([1.0]), np.array([True])) == [points.Bin(1.0, 1.0, 1)]


@pytest.mark.parametrize("seed", range(5))
def test_confusion(seed: int) -> None:
    rng = np.random.default_rng(seed)
    told, truth = rng.dirichlet([1.0] * 4, 200), rng.integers(0, 4, 200).astype(float)
    answered = told.argmax(axis=1)
    assert (points.confusion(answered, truth, 4) == confusion_matrix(truth, answered, labels=range(4))).all()


def test_a_label_that_training_never_saw_is_in_no_cell() -> None:
    assert points.confusion(np.array([1, 0]), np.array([-1.0, 0.0]), 2).tolist() == [[1, 0], [0, 0]]


def test_residuals_are_of_rows_from_all_over_the_test() -> None:
    truth = np.arange(1_000.0)
    found = points.residuals(truth + 1, truth)
    assert len(found) == points.MOST and {gap for _, gap in found} == {1.0}
    assert found[0][0] == 1.0 and found[-1][0] == 1_000.0
