"""What a recommender loses where the history of who asks is not there, in another order or late: requests of the test are asked again."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import NotEnoughData
from tidemill.evaluation.port import Look
from tidemill.evaluation.robustness.changed import MISSING, rng_of
from tidemill.evaluation.robustness.falls import SHARES, Above, Fall, Robustness, fall_of
from tidemill.learning.evaluate import metric_value
from tidemill.learning.measures import measure
from tidemill.learning.rows import evenly
from tidemill.tasks.ranking.training import RankingTrainer

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]
HISTORY, POPULAR = "history", "popularity"
MOST = 60
"""Requests that are asked again, of those that have a history: a training of a recommender must not wait for it."""


def of_histories(look: Look) -> Robustness:
    """As of columns: the history is the one there is. Beside it popularity, which asks for none. Raises NotEnoughData, ModelError."""
    trainer, metric = look.trainer, look.settings.metric
    assert isinstance(trainer, RankingTrainer)
    own = look.own.of(metric)
    warm = np.flatnonzero(~own.cold)
    places = warm[evenly(len(warm), MOST)]
    if not len(places):
        raise NotEnoughData("nobody in the test has a history", hint="a longer split.test, or more data")
    span = look.cut.test_start, look.cut.end
    plain, units = own.values[places], own.units[places]
    popular = look.baselines[POPULAR].of(metric).values[places] if POPULAR in look.baselines else None
    found: list[Fall] = []
    for change, values in trainer.changed(look.bundle, *span, places.tolist(), metric, look.seed):
        found += _of_change(change, metric, plain, values, units, popular if change == MISSING else None, look.seed)
    figure, distinct = metric_value(metric, plain), len(np.unique(units))
    return Robustness(metric, measure(metric).better, len(places), distinct, own.unit, figure, found, {})


def _of_change(
    change: str, metric: str, plain: F8, values: F8, units: NDArray[np.generic], popular: F8 | None, seed: int
) -> Iterator[Fall]:
    """By share of the requests."""
    order = rng_of(seed, HISTORY).permutation(len(plain))
    for share in SHARES:
        mixed, some = plain.copy(), order[: round(share * len(order))]
        mixed[some] = values[some]
        above: dict[str, Above] = {}
        if share == 1 and popular is not None:
            worse, _, low, high = fall_of(metric, popular, values, units)
            above = {POPULAR: (-worse, -high, -low)} if low is not None and high is not None else {}
        yield Fall(HISTORY, change, share, metric_value(metric, mixed), *fall_of(metric, plain, mixed, units), above)
