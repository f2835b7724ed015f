"""Predictions beside what really happened, and the port by which a task says how good an answer was.

The kernel of watching knows no task: windows, decay, alarms and rollouts ask a `Judge` (see `noria.monitor.judges`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from noria.config import Config
from noria.kernel.metadata.base import LiveStore
from noria.kernel.records import Outcome, Prediction
from noria.model.measures import Measure
from noria.types import DAY, JsonObject, Micros, parse_span


@dataclass(frozen=True, slots=True)
class Joined:
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
        """The independent unit: the subject, else the day, as in training."""
        return self.prediction.subject or f"day {self.prediction.at // DAY}"


class Judge(Protocol):
    """How the answers of a task are judged once the truth is known.

    Promise: `judge` and `told` are pure. ``values`` of `judge` hold every name in ``metrics`` or nothing; what is an error
    is never negative, what is a share lies in [0, 1]. ``measure`` is the one metric that decay and rollouts look at: it
    is in ``metrics``, and model versions are evaluated with it.
    """

    measure: Measure
    metrics: tuple[str, ...]
    returns: bool
    """Whether a value below 0 takes an earlier outcome back."""

    def judge(self, prediction: Prediction, outcomes: Iterable[Outcome]) -> Joined: ...

    def told(self, found: Sequence[Joined], scored: Sequence[Joined], figures: JsonObject) -> JsonObject:
        """What a window tells of all its answers: the ``figures`` of those that are ``scored``, and the task's own."""
        ...

    def figures(self, scored: Sequence[Joined], seed: int) -> JsonObject:
        """``n``, ``subjects`` and each metric as [figure, low, high], by bootstrap over units."""
        ...


def reach_of(config: Config) -> Micros:
    """How long after an answer an outcome may still be its own: labels of a window are mature so long after its end."""
    return parse_span(config.monitor.outcomes_within)


def joined(live: LiveStore, judge: Judge, endpoint: str, start: Micros, end: Micros) -> list[Joined]:
    """Every prediction with ``start <= at < end`` and its outcomes, by (at, id)."""
    return judge_all(live, judge, live.predictions.between(endpoint, start, end))


def judge_all(live: LiveStore, judge: Judge, predictions: Sequence[Prediction]) -> list[Joined]:
    """These predictions, each with its outcomes."""
    outcomes = live.outcomes.of(p.id for p in predictions)
    return [judge.judge(p, outcomes.get(p.id, ())) for p in predictions]


def measured(scored: Sequence[Joined], metrics: Sequence[Measure], seed: int) -> JsonObject:
    """``n``, ``subjects`` and each metric's figure with its 95 % interval by unit; ``{"n": 0}`` of nothing."""
    from noria.model.intervals import bootstrap_interval

    if not scored:
        return {"n": 0}
    units = [j.unit for j in scored]
    found: JsonObject = {"n": len(scored), "subjects": len(set(units))}
    for metric in metrics:
        interval = bootstrap_interval([j.values[metric.name] for j in scored], units, seed)
        found[metric.name] = [metric.rounded(metric.figure(float(x))) for x in interval]
    return found
