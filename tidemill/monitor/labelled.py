"""Predictions beside what really happened, and the port by which a task says how good an answer was.

The kernel of watching knows no task: windows, decay, alarms and rollouts ask a `OutcomeScorer` (see `tidemill.monitor.outcome_scorers`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from tidemill.learning.measures import Measure
from tidemill.store.ports import LiveStore
from tidemill.store.records import Outcome, Prediction
from tidemill.types import DAY, JsonObject, Micros


@dataclass(frozen=True, slots=True)
class LabelledPrediction:
    """One prediction with its outcomes: what was told and what was true, in the task's own terms.

    ``values`` is what the answer adds to the mean of each metric; empty while the truth is not known.
    """

    prediction: Prediction
    told: Any
    truth: Any
    values: Mapping[str, float] = field(default_factory=dict)
    revoked: tuple[str, ...] = ()  # of the truth, what was taken back later

    @property
    def unit(self) -> str:
        return unit_of(self.prediction)


def unit_of(prediction: Prediction) -> str:
    """The independent unit: the subject, else the day, as in training."""
    return prediction.subject or f"day {prediction.at // DAY}"


class OutcomeScorer(Protocol):
    """How the answers of a task are judged once the truth is known.

    Promise: `judge` and `told` are pure. ``values`` of `judge` hold every name in ``metrics`` or nothing; what is an error
    is never negative, what is a share lies in [0, 1]. ``measure`` is the one metric that decay and rollouts look at: it
    is in ``metrics``, and model versions are evaluated with it.
    """

    measure: Measure
    metrics: tuple[str, ...]
    returns: bool
    """Whether a value below 0 takes an earlier outcome back."""

    def judge(self, prediction: Prediction, outcomes: Iterable[Outcome]) -> LabelledPrediction: ...

    def told(
        self, found: Sequence[LabelledPrediction], scored: Sequence[LabelledPrediction], figures: JsonObject
    ) -> JsonObject:
        """What a window tells of all its answers: the ``figures`` of those that are ``scored``, and the task's own."""
        ...

    def figures(self, scored: Sequence[LabelledPrediction], seed: int) -> JsonObject:
        """``n``, ``subjects`` and each metric as [figure, low, high], by bootstrap over units."""
        ...


def joined(
    live: LiveStore, judge: OutcomeScorer, endpoint: str, start: Micros, end: Micros
) -> list[LabelledPrediction]:
    """Every prediction with ``start <= at < end`` and its outcomes, by (at, id)."""
    return judge_all(live, judge, live.predictions.between(endpoint, start, end))


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


def measured(scored: Sequence[LabelledPrediction], metrics: Sequence[Measure], seed: int) -> JsonObject:
    """``n``, ``subjects`` and each metric's figure with its 95 % interval by unit; ``{"n": 0}`` of nothing."""
    from tidemill.learning.intervals import bootstrap_intervals

    if not scored:
        return {"n": 0}
    units = [j.unit for j in scored]
    found: JsonObject = {"n": len(scored), "subjects": len(set(units))}
    values = [[j.values[metric.name] for j in scored] for metric in metrics]
    for metric, interval in zip(metrics, bootstrap_intervals(values, units, seed), strict=True):
        found[metric.name] = [metric.rounded(metric.figure(float(x))) for x in interval]
    return found
