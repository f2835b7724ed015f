"""Recommending as configuration, serving and monitoring see it: request, answer, outcome, scorers, reasons. numpy only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import isfinite
from typing import Annotated, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tidemill.config.sections import FeatureConfig
from tidemill.errors import BadRequest, ModelError
from tidemill.features.online import History
from tidemill.features.times import Times
from tidemill.store.artifacts.codecs import Bundle
from tidemill.store.records import OnlineEvent, Prediction
from tidemill.tasks.port import (
    EXPLAINED,
    LARGEST,
    NEVER_SEEN,
    Answered,
    Explained,
    Explanation,
    Name,
    Question,
    Reason,
    Request,
    Spell,
    Task,
)
from tidemill.tasks.ranking.because import Event, by_row, reasons, shares_of
from tidemill.tasks.ranking.bundle import Fitted, ranker_of, ranking_of, sessions_of, titles_of
from tidemill.tasks.ranking.drawn import drawn
from tidemill.tasks.ranking.outcomes import ItemOutcome, ItemsScorer
from tidemill.tasks.ranking.own import LearnerScorer
from tidemill.tasks.ranking.rank import RecommendScorer, best_of
from tidemill.tasks.ranking.ranked import Listed, Ranked, Scorer, offer_of
from tidemill.tasks.ranking.ranker import Ranker, RankerScorer
from tidemill.tasks.ranking.recent import Row, heard, rows_of, times_with, with_recent
from tidemill.tasks.ranking.sentence import because
from tidemill.tasks.ranking.sessions import Sessions, SessionScorer
from tidemill.types import JsonObject, Micros

MOST_WHOLE = 2**53
"""What is beyond that is no number of anybody's, and none that a column could hold."""
MOST_USUAL = 200
"""So many popular items are kept for when the model cannot be asked."""
FAINT = 0.25
"""A purchase of two half-lives ago: from there on it is asked whether the history changes the answer at all."""


Key = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,31}$")]
Whole = Annotated[int, msgspec.Meta(ge=-MOST_WHOLE, le=MOST_WHOLE)]
Said = (
    Annotated[str, msgspec.Meta(max_length=256)]
    | bool
    | Whole
    | Annotated[float, msgspec.Meta(ge=-LARGEST, le=LARGEST)]
)
ContextValue = Said | Annotated[list[Said], msgspec.Meta(max_length=200)]
"""A short text, a number, or a list of them."""


class ItemsRequest(Request, forbid_unknown_fields=True, kw_only=True):
    """``POST /predict/{endpoint}``: for whom, and how many items.

    ``recent``: what was taken just now and is no outcome yet, the last one last; it counts as if it were. What neither the model
    nor the subject's history knows does not count, and is flagged. ``context``: where it is asked (a store, a channel, a basket), for
    the endpoint's rules.
    """

    subject: Name
    k: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 20
    recent: Annotated[tuple[Name, ...], msgspec.Meta(max_length=50)] = ()
    context: Annotated[dict[Key, ContextValue], msgspec.Meta(max_length=16)] = msgspec.field(default_factory=dict)

    def nobodys(self) -> ItemsRequest:
        return msgspec.structs.replace(self, subject=None, recent=())

    def kept(self) -> JsonObject:
        said: JsonObject = {"k": self.k}
        return said | {name: value for name in ("recent", "context") if (value := getattr(self, name))}

    def spelled(self, name: Spell) -> Request:
        body = super().spelled(name)
        recent = tuple(name("item", item, f"$.recent[{place}]") for place, item in enumerate(self.recent))
        return body if recent == self.recent else msgspec.structs.replace(body, recent=recent)


class Items(msgspec.Struct, forbid_unknown_fields=True):
    """The best items, best first. ``flags``, where there are any: what limit of the contract the subject breaks, and that `recent` names
    what nobody knows.
    """

    items: list[str]
    scores: list[float]
    flags: dict[str, str] = {}


_LOADED: dict[str, Callable[[Bundle], Scorer]] = {
    "recommend": lambda bundle: RecommendScorer(ranking_of(bundle), int(bundle.manifest["half_life"])),
    "ranker": lambda bundle: RankerScorer(ranker_of(bundle), int(bundle.manifest["half_life"])),
    "sessions": lambda bundle: SessionScorer(sessions_of(bundle), int(bundle.manifest["half_life"])),
    "learner": LearnerScorer,
}


def _called(load: Callable[[Bundle], Scorer]) -> Callable[[Bundle], Scorer]:
    """With what its items are called: sentences for people say that."""

    def loaded(bundle: Bundle) -> Scorer:
        scorer = load(bundle)
        scorer.titles = titles_of(bundle)
        return scorer

    return loaded


SCORERS = {name: _called(load) for name, load in _LOADED.items()}


def scorer_of(fitted: Fitted, half_life: Micros) -> Scorer:
    """Who answers by what a built-in learner gave."""
    if isinstance(fitted, Ranker):
        return RankerScorer(fitted, half_life)
    return SessionScorer(fitted, half_life) if isinstance(fitted, Sessions) else RecommendScorer(fitted, half_life)


def answer(scorer: Any, request: Request, history: History, at: Micros, watermark: int) -> Answered:
    """The best items for the subject's history as of ``at``. Raises BadRequest, ModelError.

    A history that is too old to change the answer is as good as none: the answer is cold.
    """
    request = _asked(request)
    items, values, times, counted = _known(scorer, request, history, at, watermark)
    flags = {} if len(counted) == len(request.recent) else {"recent": NEVER_SEEN}
    names, scores = best_of(scorer, items, values, at, request.k, times)
    told: JsonObject = {"items": names, "scores": scores.tolist()}
    if not all(map(isfinite, told["scores"])):
        raise ModelError("the model gave a score that is no number")
    cold = not items or (_is_faint(values) and names == scorer.recommend([], values[:0], at, request.k)[0])
    return Answered({**told, "flags": flags} if flags else told, cold, flags)


def ranked(scorer: Any, request: Request, history: History, at: Micros, watermark: int) -> Ranked:
    """As `answer`, all that the model can say. Raises BadRequest, ModelError."""
    request = _asked(request)
    items, values, times, counted = _known(scorer, request, history, at, watermark)
    flags = {} if len(counted) == len(request.recent) else {"recent": NEVER_SEEN}
    cold = not items
    if items and _is_faint(values):
        first, _ = best_of(scorer, items, values, at, request.k, times)
        cold = first == scorer.recommend([], values[:0], at, request.k)[0]
    offer = offer_of(scorer, items, values, at, request.k, times)
    return Ranked(scorer.names, offer, request.k, request.context, request.recent, cold, flags)


def _is_faint(values: NDArray[np.float64]) -> bool:
    return bool(np.maximum.reduce(values) < FAINT)


def _known(
    scorer: Any, request: ItemsRequest, history: History, at: Micros, watermark: int
) -> tuple[list[str], NDArray[np.float64], Callable[[], Times], list[str]]:
    """What counts of the subject: items, sorted, their decayed counts, when it took them; and what of `recent` counts."""
    items, values = history.items(request.subject or "", at, scorer.half_life, watermark)
    times = partial(history.times, request.subject or "", at, watermark)
    if not request.recent:
        return items, values, times, []
    counted = heard(request.recent, scorer.catalogue, items)
    rows, known = rows_of(counted, at), items
    items, values = with_recent(items, values, rows, at, scorer.half_life)
    return items, values, partial(_times, times, known, rows), counted


def _times(times: Callable[[], Times], items: Sequence[str], rows: Sequence[Row]) -> Times:
    return times_with(items, times(), rows)


def contributions(scorer: Any, question: Question) -> Explanation:
    """What each item of the history, and what is not of it, adds to the scores of the first items; to one that a rule brought and the
    model does not know, nothing. Raises BadRequest, ModelError."""
    request = _asked(question.request)
    items, values, times, _ = _known(scorer, request, question.history, question.at, question.watermark)
    every = [*zip(question.output["items"], question.output["scores"])][:EXPLAINED]
    scored = [pair for pair in every if pair[0] in scorer.catalogue or pair[0] in items]
    wanted, scores = [name for name, _ in scored], [score for _, score in scored]
    if isinstance(scorer, LearnerScorer) and scored:
        asked = question._replace(output={**question.output, "items": wanted, "scores": scores})
        found = drawn(scorer, asked, wanted, items, values, times().last.tolist())
    else:
        shares = shares_of(scorer, wanted, items, values, question.at, times) if scored else None
        made = () if shares is None else tuple(reasons(shares, wanted, scores, items, times()))
        found = Explanation("tree_shap" if isinstance(scorer, RankerScorer) else "exact", "score", made)
    by = {one.answer: one for one in found.reasons}
    told = tuple(by.get(name) or Reason(name, score, score, (), 0.0) for name, score in every)
    return msgspec.structs.replace(found, reasons=told)


def sentence(scorer: Any, question: Question, reason: Reason, names: Mapping[str, str]) -> str:
    """For the person: because of what it bought, and when. ``names``: what items are called now, before what the model learned of it."""
    items = reason.answer, *(one.what for one in reason.contributions)
    called = {item: said for item in items if (said := names.get(item) or scorer.titles.get(item))}
    moved = (question.output.get("reasons") or {}).get("moved", {}).get(reason.answer, ())
    return because(reason, _asked(question.request).recent, called, moved)


def _asked(request: Request) -> ItemsRequest:
    if not isinstance(request, ItemsRequest):
        raise BadRequest("the model that serves takes a subject, no inputs", place="$", hint='{"subject": "12345"}')
    return request


def explain(scorer: Any, prediction: Prediction, told: JsonObject, history: Sequence[OnlineEvent]) -> Explained:
    """For each item what each row of the history adds to its score; a learner of one's own does not say."""
    named = msgspec.json.decode(prediction.inputs or b"{}").get("recent", [])
    own = {row.item for row in history if row.value > 0 and row.at < prediction.at}
    known, seen = History(), list[Event]([*history, *rows_of(heard(named, scorer.catalogue, own), prediction.at)])
    known.load((seq, prediction.subject, one.item, one.at, one.value) for seq, one in enumerate(seen, 1))
    items, values = known.items(prediction.subject, prediction.at, scorer.half_life)
    times = partial(known.times, prediction.subject, prediction.at)
    again, scores = best_of(scorer, items, values, prediction.at, len(told["items"]), times)
    largest = max((abs(a - b) for a, b in zip(scores, told["scores"], strict=False)), default=0.0)
    verified = {"same_items": list(again) == told["items"], "largest_difference": float(largest)}
    if isinstance(scorer, LearnerScorer):
        return Explained([], {**verified, "why": "a learner of the project's own does not say which rows weigh"})
    shares = shares_of(scorer, told["items"], items, values, prediction.at, times)
    weights = by_row(scorer, shares.history, items, seen, prediction.at)[: len(history)]
    return Explained(list(zip(told["items"], told["scores"], weights.T.tolist(), strict=True)), verified)


def usual(scorer: Any, lately: Sequence[JsonObject]) -> JsonObject | None:
    """What is popular: the answer to somebody of whom nothing is known."""
    names, scores = best_of(scorer, [], np.empty(0), 0, MOST_USUAL, lambda: History().times("", 0))
    known = bool(names) and bool(np.isfinite(scores).all())
    return {"items": list(names), "scores": scores.tolist()} if known else None


def instead(usual: JsonObject, request: Any) -> JsonObject:
    """The first of them."""
    k = _asked(request).k
    return {"items": usual["items"][:k], "scores": usual["scores"][:k]}


def usual_ranked(usual: JsonObject, request: Any) -> Ranked:
    """All of them."""
    request, names, scores = _asked(request), usual["items"], np.array(usual["scores"], np.float64)
    codes = {name: code for code, name in enumerate(names)}
    offer = Listed(codes, (), lambda n: (names, scores), len(names))
    return Ranked(names, offer, request.k, request.context, request.recent, True, {})


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
    learners=("ease", "blend", "sessions", "ranker"),
    roles=("time", "subject", "item"),
    watched=("subject", "item", "value"),
    history=True,
    moves_outcomes=True,
    request=ItemsRequest,
    reply=Items,
    outcome=ItemOutcome,
    scorers=SCORERS,
    answer=answer,
    ranked=ranked,
    explain=explain,
    contributions=contributions,
    sentence=sentence,
    outcome_scorer=lambda metric, costs: ItemsScorer("recall@20"),
    labels=lambda scorer: None,
    catalogue=lambda scorer: getattr(scorer, "catalogue", ()),
    unsupported=unsupported,
    usual=usual,
    instead=instead,
    usual_ranked=usual_ranked,
)
TASKS = (RECOMMEND, replace(RECOMMEND, name="steps", learners=()))
"""Built-in recommenders, and a project's own: ``steps:NAME``."""
