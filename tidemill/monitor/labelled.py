"""Predictions of a window beside their outcomes, and which of them have one by now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from weakref import WeakKeyDictionary

from tidemill.learning.labelled import LabelledPrediction, OutcomeScorer
from tidemill.scope.project import Endpoint
from tidemill.store.live_ports import LiveStore
from tidemill.store.records import Prediction
from tidemill.types import Micros


def joined(scope: Endpoint, judge: OutcomeScorer, start: Micros, end: Micros) -> list[LabelledPrediction]:
    """Every prediction of the endpoint with ``start <= at < end`` and its outcomes, by (at, id)."""
    found = scope.live.predictions.between(scope.name, start, end, scope.environment)
    return judge_all(scope.live, judge, found)


def judge_all(live: LiveStore, judge: OutcomeScorer, predictions: Sequence[Prediction]) -> list[LabelledPrediction]:
    """These predictions, each with its outcomes."""
    outcomes = live.outcomes.of(p.id for p in predictions)
    return [judge.judge(p, outcomes.get(p.id, ())) for p in predictions]


def values_of(
    live: LiveStore, judge: OutcomeScorer, predictions: Sequence[Prediction]
) -> dict[str, Mapping[str, float]]:
    """By id, the values of those of these predictions whose truth is known.

    A prediction never changes and an outcome, once joined, neither: an answer is judged again when it has gained one.
    A store's last call is remembered for the next.
    """
    before = _remembered.get(live, {})
    counts = live.outcomes.counts(p.id for p in predictions)
    marks = {name: (type(judge), n) for name, n in counts.items()}
    kept = {name: before[name] for name, mark in marks.items() if name in before and before[name][0] == mark}
    for found in judge_all(live, judge, [p for p in predictions if p.id in marks and p.id not in kept]):
        kept[found.prediction.id] = marks[found.prediction.id], found.values
    _remembered[live] = kept
    return {name: values for name, (_, values) in kept.items() if values}


_Scored = tuple[tuple[type[OutcomeScorer], int], Mapping[str, float]]
"""By which kind of judge, from how many outcomes, and the values."""
_remembered: WeakKeyDictionary[LiveStore, dict[str, _Scored]] = WeakKeyDictionary()
