"""Predictions beside what really happened: the truth of each answer and how good the answer was."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from noria.kernel.metadata.base import LiveStore
from noria.kernel.records import Outcome, Prediction
from noria.types import DAY, Micros

REACH: Micros = DAY
"""How long after a prediction an outcome may still be its own: labels of a window are mature so long after its end."""


@dataclass(frozen=True, slots=True)
class Joined:
    """One prediction with its outcomes. ``recall`` (at 20) and ``ndcg`` (at 10) are None while there is no truth."""

    prediction: Prediction
    items: list[str]
    truth: list[str]  # distinct items with a value above 0, in order of time
    revoked: list[str]  # items of it that were taken back later
    recall: float | None
    ndcg: float | None


def judge(prediction: Prediction, outcomes: Iterable[Outcome]) -> Joined:
    """The prediction beside its outcomes. A revoked outcome stays in the truth: it was wanted when it was asked."""
    from noria.model.evaluate import ndcg_at, recall_at

    found = sorted(outcomes, key=lambda o: (o.at, o.key))
    items = _items(prediction.output)
    truth = list(dict.fromkeys(o.item for o in found if o.value > 0))
    revoked = list(dict.fromkeys(o.item for o in found if o.value < 0))
    if not truth or items is None:
        return Joined(prediction, items or [], truth, revoked, None, None)
    return Joined(
        prediction, items, truth, revoked, float(recall_at(items, truth, 20)), float(ndcg_at(items, truth, 10))
    )


def joined(live: LiveStore, endpoint: str, start: Micros, end: Micros) -> list[Joined]:
    """Every prediction with ``start <= at < end`` and its outcomes, by (at, id)."""
    return judge_all(live, live.predictions.between(endpoint, start, end))


def judge_all(live: LiveStore, predictions: Sequence[Prediction]) -> list[Joined]:
    """These predictions, each with its outcomes."""
    outcomes = live.outcomes.of(p.id for p in predictions)
    return [judge(p, outcomes.get(p.id, ())) for p in predictions]


def _items(output: bytes) -> list[str] | None:
    """The items that were answered; None where the answer is no list of items."""
    found = json.loads(output)
    items = found.get("items") if isinstance(found, dict) else None
    return [str(item) for item in items] if isinstance(items, list) else None
