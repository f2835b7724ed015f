"""What really happened after a list of items: what was taken of it, and given back. Stdlib only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tidemill.learning.labelled import LabelledPrediction, OutcomeScorer, answer_of
from tidemill.store.records import Outcome, Prediction
from tidemill.tasks.port import Amount, Name, OutcomeBody
from tidemill.tasks.ranking.metrics import RANKED
from tidemill.types import JsonObject, Micros


class ItemOutcome(OutcomeBody, forbid_unknown_fields=True, kw_only=True):
    """One outcome of ``POST /feedback``: what happened. ``value`` below zero takes an outcome back (a return)."""

    subject: Name
    item: Name
    value: Amount

    def outcome(self, key: str, at: Micros, received: Micros) -> Outcome:
        return Outcome(key, at, self.subject, self.item, self.value, self.prediction_id, received)


class ItemsScorer(OutcomeScorer):
    """A list of items, beside the items that were taken. A revoked one stays in the truth: it was wanted when it was asked."""

    metrics = ("recall@20", "ndcg@10")
    returns = True

    def judge(self, prediction: Prediction, outcomes: Iterable[Outcome]) -> LabelledPrediction:
        found = sorted(outcomes, key=lambda o: (o.at, o.key))
        items = answer_of(prediction).get("items")
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
