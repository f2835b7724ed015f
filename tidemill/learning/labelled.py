"""A prediction beside what really happened, and the port by which a task says how good the answer was. Stdlib only.

Labels are told as texts, in one way: a model's, those of a reply's JSON, and an outcome's.

Monitoring knows no task: windows, decay, alarms and rollouts ask an `OutcomeScorer`.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tidemill.data.check.column import Column
from tidemill.data.check.readings import Unread, normal, read, truth
from tidemill.learning.measures import mean_metric, measure
from tidemill.store.records import Outcome, Prediction
from tidemill.types import DAY, JsonObject

SETTLED = "label/"
"""How the key of an outcome begins that the loop settled (`tidemill.feedback.settle`): what somebody told counts before it."""
_NUMBER = Column("label", "number")


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


def answer_of(prediction: Prediction) -> JsonObject:
    """What was answered, as JSON; nothing where it is no object."""
    found = json.loads(prediction.output)
    return found if isinstance(found, dict) else {}


class OutcomeScorer(ABC):
    """How the answers of a task are judged once the truth is known.

    Promise: `judge` and `told` are pure. ``values`` of `judge` hold every name in ``metrics`` or nothing; what is an error
    is never negative, what is a share lies in [0, 1]. ``measure`` is the one metric that decay and rollouts look at: it
    is in ``metrics``, and model versions are evaluated with it.
    """

    metrics: tuple[str, ...]
    together: tuple[str, ...] = ()
    """Metrics that answers have only together, beside ``metrics``."""
    returns = False
    """Whether a value below 0 takes an earlier outcome back."""

    def __init__(self, metric: str) -> None:
        self.measure = measure(mean_metric(metric))

    @abstractmethod
    def judge(self, prediction: Prediction, outcomes: Iterable[Outcome]) -> LabelledPrediction: ...

    def added(self, found: Sequence[LabelledPrediction], metric: str) -> list[float]:
        """What each of these, whose truth is known, adds to the mean that is the metric; one of ``metrics`` or ``together``.

        Raises NotEnoughData where these do not make it.
        """
        return [one.values[metric] for one in found]

    def told(
        self, found: Sequence[LabelledPrediction], scored: Sequence[LabelledPrediction], figures: JsonObject
    ) -> JsonObject:
        """What a window tells of all its answers: the ``figures`` of those that are ``scored``, and the task's own."""
        return {"metric": self.measure.name, "better": self.measure.better, **figures}

    def figures(self, scored: Sequence[LabelledPrediction], seed: int) -> JsonObject:
        """``n``, ``subjects`` and each metric as [figure, low, high], by bootstrap over units; ``{"n": 0}`` of nothing."""
        from tidemill.learning.intervals import bootstrap_intervals

        if not scored:
            return {"n": 0}
        units, metrics = [j.unit for j in scored], [measure(name) for name in self.metrics]
        found: JsonObject = {"n": len(scored), "subjects": len(set(units))}
        values = [[j.values[metric.name] for j in scored] for metric in metrics]
        for metric, interval in zip(metrics, bootstrap_intervals(values, units, seed), strict=True):
            found[metric.name] = [metric.rounded(metric.figure(float(x))) for x in interval]
        return found


def text_of(label: str | float | bool) -> str:
    """The label as JSON would write it, a text without its quotes.

    >>> text_of("yes"), text_of(True), text_of(3), text_of(3.0)
    ('yes', 'true', '3', '3')
    """
    if isinstance(label, bool):
        return "true" if label else "false"
    if isinstance(label, float) and label.is_integer():
        return str(int(label))
    return str(label)


def known_label(text: str, labels: Collection[str]) -> str | None:
    """The label that this text means, read as a file's labels are: itself, the same boolean, number or name. None: unknown.

    >>> known_label("true", {"0": .4, "1": .6}), known_label("Yes", ["false", "true"]), known_label(" 3.0", ["1", "2", "3"])
    ('1', 'true', '3')
    >>> known_label("maybe", ["no", "yes"]) is None
    True
    """
    if text in labels:
        return text
    for meaning in _MEANINGS:
        of = {label: meaning(label) for label in labels}
        mine = meaning(text)
        if mine is not None and None not in of.values():
            same = [label for label, other in of.items() if other == mine]
            if len(same) == 1:
                return same[0]
    return None


def _number(text: str) -> float | None:
    """The number that a text is, if it is one."""
    try:
        found: float | None = read(_NUMBER, text)
    except Unread:
        return None
    return found


_MEANINGS: tuple[Callable[[str], bool | float | str | None], ...] = (truth, _number, normal)
