"""The curves of a table's test, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import confusion_matrix, roc_auc_score, roc_curve

from tidemill.learning import diagnosis


def scores(n: int, seed: int, places: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, rounded so that some are equal, and what came true more often than not as they say."""
    rng = np.random.default_rng(seed)
    told = np.round(rng.random(n), places)
    return told, rng.random(n) < told


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("places", [1, 2, 8])
def test_roc(seed: int, places: int) -> None:
    told, true = scores(150, seed, places)
    false_rate, true_rate, _ = roc_curve(true, told, drop_intermediate=False)
    assert np.array(diagnosis.roc(told, true)) == pytest.approx(np.column_stack([false_rate, true_rate]))


def test_a_long_roc_keeps_its_area() -> None:
    told, true = scores(20_000, 1)
    points = np.array(diagnosis.roc(told, true))
    assert len(points) <= diagnosis.MOST + 1
    assert np.trapezoid(points[:, 1], points[:, 0]) == pytest.approx(roc_auc_score(true, told), abs=2e-3)


@pytest.mark.parametrize("seed", range(5))
def test_calibration(seed: int) -> None:
    told, true = scores(400, seed)
    came, mean = calibration_curve(true, told, n_bins=diagnosis.BINS)
    found = diagnosis.calibration(told, true)
    assert [b.told for b in found] == pytest.approx(mean, abs=1e-6) and [b.came for b in found] == pytest.approx(came)
    assert sum(b.n for b in found) == 400


def test_a_probability_of_one_is_in_the_last_tenth() -> None:
    assert diagnosis.calibration(np.array([1.0]), np.array([True])) == [diagnosis.Bin(1.0, 1.0, 1)]


@pytest.mark.parametrize("seed", range(5))
def test_confusion(seed: int) -> None:
    rng = np.random.default_rng(seed)
    told, truth = rng.dirichlet([1.0] * 4, 200), rng.integers(0, 4, 200).astype(float)
    answered = told.argmax(axis=1)
    assert (diagnosis.confusion(answered, truth, 4) == confusion_matrix(truth, answered, labels=range(4))).all()


def test_a_label_that_training_never_saw_is_in_no_cell() -> None:
    assert diagnosis.confusion(np.array([1, 0]), np.array([-1.0, 0.0]), 2).tolist() == [[1, 0], [0, 0]]


def test_residuals_are_of_rows_from_all_over_the_test() -> None:
    truth = np.arange(1_000.0)
    found = diagnosis.residuals(truth + 1, truth)
    assert len(found) == diagnosis.MOST and {gap for _, gap in found} == {1.0}
    assert found[0][0] == 1.0 and found[-1][0] == 1_000.0
