"""What a value or a label truly was, and how far an answer is from it. numpy only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from tidemill.errors import ModelError, NotEnoughData
from tidemill.learning.labelled import SETTLED, LabelledPrediction, OutcomeScorer, answer_of, known_label, text_of
from tidemill.learning.measures import MEASURES
from tidemill.store.records import Outcome, Prediction
from tidemill.tasks.port import Amount, Name, OutcomeBody
from tidemill.tasks.tabular.calibration import calibration, interval_calibration
from tidemill.tasks.tabular.costs import Costs, cost_values
from tidemill.types import JsonObject, Micros

VALUED: dict[str, Callable[[Any, Any], Any]] = {
    "mae": lambda told, true: np.abs(told - true),
    "rmse": lambda told, true: np.square(told - true),
    "log_loss": lambda told, true: -np.log(np.clip(np.where(true > 0, told, 1 - told), 1e-15, 1.0)),
}
"""What one row of a table adds, for one or for arrays; ``told`` is the value, or the probability of the true label's being
``true`` = 1. The metric is the mean; of ``rmse`` its root."""


class ValueOutcome(OutcomeBody, forbid_unknown_fields=True, kw_only=True):
    """One outcome where values are predicted: what the value truly was; the latest word counts.

    It names the prediction, or its subject: then it belongs to that one's latest prediction within reach.
    """

    value: Amount

    def outcome(self, key: str, at: Micros, received: Micros) -> Outcome:
        return Outcome(key, at, self.subject or "", "", self.value, self.prediction_id, received)


class LabelOutcome(OutcomeBody, forbid_unknown_fields=True, kw_only=True):
    """One outcome where labels are predicted: what the label truly was. Else as where values are."""

    value: Name | Amount | bool

    def outcome(self, key: str, at: Micros, received: Micros) -> Outcome:
        value = 1.0 if isinstance(self.value, str) else float(self.value)
        return Outcome(key, at, self.subject or "", text_of(self.value), value, self.prediction_id, received)


class ValueScorer(OutcomeScorer):
    """A number, beside the number that it turned out to be."""

    metrics = ("mae", "rmse")

    def judge(self, prediction: Prediction, outcomes: Iterable[Outcome]) -> LabelledPrediction:
        told, last = answer_of(prediction).get("value"), _last(outcomes)
        if last is None or isinstance(told, bool) or not isinstance(told, int | float):
            return LabelledPrediction(prediction, told, last.value if last else None)
        values = {name: float(VALUED[name](told, last.value)) for name in self.metrics}
        return LabelledPrediction(prediction, float(told), last.value, values)

    def told(
        self, found: Sequence[LabelledPrediction], scored: Sequence[LabelledPrediction], figures: JsonObject
    ) -> JsonObject:
        """And how often the truth lay within the intervals that were answered, beside how often it should have."""
        held = interval_calibration(scored)
        return {**super().told(found, scored, figures), **({"calibration": held} if held else {})}


class LabelScorer(OutcomeScorer):
    """The probability of each label, beside the label that it turned out to be. For two labels AUC is measured, too.

    A window tells by label whether its probabilities were right.
    """

    metrics: tuple[str, ...] = ("log_loss",)
    together = ("auc", "pr_auc")

    def __init__(self, metric: str, costs: Costs | None = None) -> None:
        super().__init__(metric)
        self._costs = costs
        if costs or metric == "cost":
            self.metrics = ("log_loss", "cost")

    def added(self, found: Sequence[LabelledPrediction], metric: str) -> list[float]:
        if metric not in self.together or not found:
            return super().added(found, metric)
        from tidemill.learning.intervals import auc_values, precision_values

        names = list({label: None for one in found for label in one.told})
        positive = names[self._costs.place(names) if self._costs else -1] if len(names) == 2 else ""
        true = [one.truth == positive for one in found]
        if not positive or all(true) or not any(true):
            raise NotEnoughData(
                f"{metric} needs answers about two labels, both of which came true", hint="wait for more outcomes"
            )
        values = auc_values if metric == "auc" else precision_values
        return [float(x) for x in values([one.told[positive] for one in found], true)]

    def judge(self, prediction: Prediction, outcomes: Iterable[Outcome]) -> LabelledPrediction:
        told, last = answer_of(prediction).get("probabilities"), _last(outcomes)
        truth = None if last is None else last.item or text_of(last.value)
        if truth is None or not isinstance(told, dict):
            return LabelledPrediction(prediction, told, truth)
        known = known_label(truth, told)
        if (
            known is None
        ):  # a typo, or a class that training never saw: no answer could have said it, so none is scored by it
            return LabelledPrediction(prediction, told, truth)
        values = {"log_loss": float(VALUED["log_loss"](float(told[known]), 1.0))}
        try:
            if "cost" in self.metrics:
                values["cost"] = self._cost(answer_of(prediction), known, list(told))
        except ModelError:  # of a model before the costs, or before these labels: they say nothing of its answers
            return LabelledPrediction(prediction, told, truth)
        return LabelledPrediction(prediction, told, known, values)

    def _cost(self, answer: JsonObject, true: str, labels: list[str]) -> float:
        """What the label that was answered cost: whatever the threshold was by then."""
        answered = labels.index(text_of(answer["value"]))
        (cost,) = cost_values(np.array([answered]), np.array([float(labels.index(true))]), labels, self._costs)
        return float(cost)

    def told(
        self, found: Sequence[LabelledPrediction], scored: Sequence[LabelledPrediction], figures: JsonObject
    ) -> JsonObject:
        unknown = sum(j.truth is not None and isinstance(j.told, dict) and not j.values for j in found)
        own = {"unknown_labels": unknown, "calibration": calibration(scored)}
        return {**super().told(found, scored, figures), **{name: value for name, value in own.items() if value}}

    def figures(self, scored: Sequence[LabelledPrediction], seed: int) -> JsonObject:
        return {**super().figures(scored, seed), **self._auc(scored, seed)}

    def _auc(self, scored: Sequence[LabelledPrediction], seed: int) -> JsonObject:
        """AUC with its interval, where every answer is about the same two labels and both came true."""
        from tidemill.learning.intervals import auc_interval

        labels = {tuple(j.told) for j in scored}
        two = next(iter(labels)) if len(labels) == 1 else ()
        true = [j.truth == two[1] for j in scored] if len(two) == 2 else []
        if not any(true) or all(true):
            return {}
        found = auc_interval([j.told[two[1]] for j in scored], true, [j.unit for j in scored], seed)
        return {"auc": [MEASURES["auc"].rounded(float(x)) for x in found]}


def _last(outcomes: Iterable[Outcome]) -> Outcome | None:
    """The latest word on what happened: of those who told it, if any did."""
    return max(outcomes, key=lambda o: (not o.key.startswith(SETTLED), o.at, o.received, o.key), default=None)
