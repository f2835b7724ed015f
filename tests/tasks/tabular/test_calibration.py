"""Whether probabilities were right, on answers whose truth is drawn from them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tidemill.learning.labelled import LabelledPrediction
from tidemill.tasks.tabular.calibration import MOST_LABELS, calibration
from tidemill.tasks.tabular.outcomes import LabelScorer
from tidemill.testing.records import prediction

ONE = prediction()


def answered(chances: np.ndarray, true: np.ndarray, subjects: np.ndarray) -> list[LabelledPrediction]:
    return [
        LabelledPrediction(
            replace(ONE, subject=str(who)), {"no": 1 - p, "yes": p}, "yes" if y else "no", {"log_loss": 1.0}
        )
        for p, y, who in zip(chances.tolist(), true.tolist(), subjects.tolist(), strict=True)
    ]


@pytest.mark.parametrize("each", [1, 5])
def test_the_interval_holds_the_predicted_mean_where_it_is_right(each: int) -> None:
    """In about 95 of 100 windows, also where a subject's answers come true together; and it does not where it is wrong."""
    rng = np.random.default_rng(0)
    inside, wrong = [], []
    for _ in range(300):
        chances = np.repeat(rng.beta(2, 3, 60), each)
        true = np.repeat(rng.random(60), each) < chances
        who = np.repeat(np.arange(60), each)
        for found, shift in ((inside, 0.0), (wrong, 0.25)):
            told = calibration(answered(np.clip(chances + shift, 0, 1), true, who))["yes"]
            _, low, high = told["observed"]
            found.append(low <= told["predicted"] <= high)
    assert 0.9 <= np.mean(inside) <= 1.0
    assert np.mean(wrong) < 0.1


def test_what_a_window_tells() -> None:
    """Each label; nothing of answers about different labels, or about very many."""
    scored = answered(np.full(50, 0.8), np.arange(50) < 40, np.arange(50))
    told = LabelScorer("log_loss").told(scored, scored, {"n": 50})
    assert told["calibration"]["yes"]["predicted"] == told["calibration"]["yes"]["observed"][0] == 0.8
    assert told["calibration"]["no"]["predicted"] == pytest.approx(0.2)
    other = replace(scored[0], told={"maybe": 1.0})
    many = replace(scored[0], told=dict.fromkeys(map(str, range(MOST_LABELS + 1)), 0.0))
    assert calibration([*scored, other]) == calibration([many]) == calibration([]) == {}
