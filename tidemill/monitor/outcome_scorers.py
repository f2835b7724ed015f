"""The judges: lists of items by what was taken of them, values by their error, labels by the probability they were given."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from tidemill.config import METRICS
from tidemill.learning.labels import known, text_of
from tidemill.learning.measures import MEASURES, mean_metric, measure
from tidemill.monitor.labelled import LabelledPrediction, OutcomeScorer, measured
from tidemill.scope.project import Model
from tidemill.store.records import Outcome, Prediction
from tidemill.types import JsonObject


def outcome_scorer_of(model: Model) -> OutcomeScorer:
    """The judge of the model's task."""
    task, metric = model.task, model.metric
    found: OutcomeScorer
    if task == "regress":
        found = ValueScorer(metric)
    elif task == "classify":
        found = LabelScorer(metric)
    else:
        found = ItemsScorer()
    return found


class ItemsScorer:
    """A list of items, beside the items that were taken. A revoked one stays in the truth: it was wanted when it was asked."""

    measure = measure("recall@20")
    metrics: tuple[str, ...] = ("recall@20", "ndcg@10")
    returns = True

    def judge(self, prediction: Prediction, outcomes: Iterable[Outcome]) -> LabelledPrediction:
        from tidemill.tasks.ranking.metrics import RANKED

        found = sorted(outcomes, key=lambda o: (o.at, o.key))
        items = _answer(prediction).get("items")
        told = [str(item) for item in items] if isinstance(items, list) else []
        truth = list(dict.fromkeys(o.item for o in found if o.value > 0))
        revoked = tuple(dict.fromkeys(o.item for o in found if o.value < 0))
        if not truth or not isinstance(items, list):
            return LabelledPrediction(prediction, told, truth, revoked=revoked)
        return LabelledPrediction(
            prediction, told, truth, {n: float(RANKED[n](told, truth)) for n in self.metrics}, revoked
        )

    def told(
        self, found: Sequence[LabelledPrediction], scored: Sequence[LabelledPrediction], figures: JsonObject
    ) -> JsonObject:
        return {
            "revoked": sum(len(j.revoked) for j in found),
            **figures,
            "warm": sum(not j.prediction.cold for j in scored),
            "cold": sum(j.prediction.cold for j in scored),
        }

    def figures(self, scored: Sequence[LabelledPrediction], seed: int) -> JsonObject:
        return measured(scored, [measure(name) for name in self.metrics], seed)


class _Table:
    """What values and labels have in common: the truth is the latest word, and nothing is ever taken back."""

    returns = False

    def __init__(self, metric: str) -> None:
        self.measure = MEASURES[mean_metric(metric)]

    def told(
        self, found: Sequence[LabelledPrediction], scored: Sequence[LabelledPrediction], figures: JsonObject
    ) -> JsonObject:
        return {"metric": self.measure.name, "better": self.measure.better, **figures}


class ValueScorer(_Table):
    """A number, beside the number that it turned out to be."""

    metrics: tuple[str, ...] = METRICS["regress"]

    def judge(self, prediction: Prediction, outcomes: Iterable[Outcome]) -> LabelledPrediction:
        from tidemill.tasks.tabular.metrics import VALUED

        told, last = _answer(prediction).get("value"), _last(outcomes)
        if last is None or isinstance(told, bool) or not isinstance(told, int | float):
            return LabelledPrediction(prediction, told, last.value if last else None)
        values = {name: float(VALUED[name](told, last.value)) for name in self.metrics}
        return LabelledPrediction(prediction, float(told), last.value, values)

    def figures(self, scored: Sequence[LabelledPrediction], seed: int) -> JsonObject:
        return measured(scored, [MEASURES[name] for name in self.metrics], seed)


class LabelScorer(_Table):
    """The probability of each label, beside the label that it turned out to be. For two labels AUC is measured, too."""

    metrics: tuple[str, ...] = ("log_loss",)

    def judge(self, prediction: Prediction, outcomes: Iterable[Outcome]) -> LabelledPrediction:
        from tidemill.tasks.tabular.metrics import VALUED

        told, last = _answer(prediction).get("probabilities"), _last(outcomes)
        truth = None if last is None else last.item or text_of(last.value)
        if truth is None or not isinstance(told, dict):
            return LabelledPrediction(prediction, told, truth)
        truth = known(truth, told) or truth
        chance = float(told.get(truth, 0.0))  # a label that training never saw had no probability
        return LabelledPrediction(prediction, told, truth, {"log_loss": float(VALUED["log_loss"](chance, 1.0))})

    def figures(self, scored: Sequence[LabelledPrediction], seed: int) -> JsonObject:
        return {**measured(scored, [MEASURES["log_loss"]], seed), **self._auc(scored, seed)}

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
    """The latest word on what happened."""
    return max(outcomes, key=lambda o: (o.at, o.received, o.key), default=None)


def _answer(prediction: Prediction) -> dict[str, Any]:
    found = json.loads(prediction.output)
    return found if isinstance(found, dict) else {}
