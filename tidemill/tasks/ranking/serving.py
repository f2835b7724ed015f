"""Recommending as configuration, serving and monitoring see it: request, answer, outcome, scorers, reasons. numpy only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated, Any

import msgspec
import numpy as np

from tidemill.config.sections import FeatureConfig
from tidemill.errors import BadRequest, ModelError
from tidemill.features.online import History
from tidemill.store.artifacts.codecs import Bundle
from tidemill.store.records import OnlineEvent, Prediction
from tidemill.tasks.port import Answered, Explained, Name, Request, Task
from tidemill.tasks.ranking.bundle import ranking_of
from tidemill.tasks.ranking.outcomes import ItemOutcome, ItemsScorer
from tidemill.tasks.ranking.own import LearnerScorer
from tidemill.tasks.ranking.rank import RecommendScorer
from tidemill.types import JsonObject, Micros

FAINT = 0.25
"""A purchase of two half-lives ago: from there on it is asked whether the history changes the answer at all."""


class ItemsRequest(Request, forbid_unknown_fields=True, kw_only=True):
    """``POST /predict/{endpoint}``: for whom, and how many items."""

    subject: Name
    k: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 20


class Items(msgspec.Struct, forbid_unknown_fields=True):
    """The best items, best first. ``flags``, where there are any: what limit of the contract the subject breaks."""

    items: list[str]
    scores: list[float]
    flags: dict[str, str] = {}


SCORERS: dict[str, Callable[[Bundle], RecommendScorer | LearnerScorer]] = {
    "recommend": lambda bundle: RecommendScorer(ranking_of(bundle), int(bundle.manifest["half_life"])),
    "learner": LearnerScorer,
}


def answer(scorer: Any, request: Request, history: History, at: Micros, watermark: int) -> Answered:
    """The best items for the subject's history as of ``at``. Raises BadRequest, ModelError.

    A history that is too old to change the answer is as good as none: the answer is cold.
    """
    if not isinstance(request, ItemsRequest):
        raise BadRequest("the model that serves takes a subject, no inputs", place="$", hint='{"subject": "12345"}')
    items, values = history.items(request.subject, at, scorer.half_life, watermark)
    names, scores = scorer.recommend(items, values, at, request.k)
    if not np.isfinite(scores).all():
        raise ModelError("the model gave a score that is no number")
    cold = not items or (float(values.max()) < FAINT and names == scorer.recommend([], values[:0], at, request.k)[0])
    return Answered({"items": names, "scores": scores.tolist()}, cold)


def explain(scorer: Any, prediction: Prediction, told: JsonObject, history: Sequence[OnlineEvent]) -> Explained:
    """For each item the exact change of its score by each row of the history; a learner of one's own does not say."""
    known = History()
    known.load([(e.seq, e.subject, e.item, e.at, e.value) for e in history])
    items, values = known.items(prediction.subject, prediction.at, scorer.half_life)
    again, scores = scorer.recommend(items, values, prediction.at, len(told["items"]))
    largest = max((abs(a - b) for a, b in zip(scores, told["scores"], strict=False)), default=0.0)
    verified = {"same_items": list(again) == told["items"], "largest_difference": float(largest)}
    if not isinstance(scorer, RecommendScorer):
        return Explained([], {**verified, "why": "a learner of the project's own does not say which rows weigh"})
    weights = scorer.contributions(history, told["items"], prediction.at)
    return Explained(list(zip(told["items"], told["scores"], weights.T.tolist(), strict=True)), verified)


def unsupported(feature: FeatureConfig) -> str | None:
    """Of features no recommender reads anything but the decayed counts of a subject's items."""
    if feature.op == "decayed_count" and feature.by is not None and feature.window is None:
        return None
    return 'items = { op = "decayed_count", by = ITEM, half_life = "180 days" }'


RECOMMEND = Task(
    name="recommend",
    kind="a recommender",
    metrics=("ndcg@10", "recall@20", "mrr@20"),
    baselines=("popularity", "buy_again", "item_knn", "ease", "blend"),
    roles=("time", "subject", "item"),
    watched=("subject", "item", "value"),
    history=True,
    moves_outcomes=True,
    request=ItemsRequest,
    reply=Items,
    outcome=ItemOutcome,
    scorers=SCORERS,
    answer=answer,
    explain=explain,
    outcome_scorer=lambda metric, costs: ItemsScorer("recall@20"),
    labels=lambda scorer: None,
    catalogue=lambda scorer: getattr(scorer, "catalogue", ()),
    unsupported=unsupported,
)
TASKS = (RECOMMEND, replace(RECOMMEND, name="steps"))
"""Built-in recommenders, and a project's own: ``steps:NAME``."""
