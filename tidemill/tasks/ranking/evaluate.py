"""A scorer asked: every request of a window, to be measured; a few of them, as the real server is asked. numpy only."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ModelError
from tidemill.features.online import History
from tidemill.learning.bundle import open_scorer
from tidemill.learning.evaluate import Scored
from tidemill.learning.rows import evenly
from tidemill.learning.trainer import MOST, Listed, Questions, Report
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.port import ITEMS_KNOWN
from tidemill.tasks.ranking.changed import Histories
from tidemill.tasks.ranking.interactions import Asked, Interactions, requests_between
from tidemill.tasks.ranking.metrics import RANKED, coverage
from tidemill.tasks.ranking.rank import best_of
from tidemill.tasks.ranking.serving import SCORERS
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    from tidemill.store.sql.live import LiveStore

K = 20


def report(
    scorer: Any,
    data: Interactions,
    requests: Sequence[Asked],
    catalogue: Collection[str] = (),
    patience: float | None = None,
) -> Report:
    """Every metric of every request; of the ``catalogue`` the share that was shown. The independent unit is the subject.

    Raises ModelError for a score that is no number, and when all of it takes longer than ``patience`` seconds.
    """
    answers, known = answers_to(scorer, data, requests, patience)
    attributes = {ITEMS_KNOWN: known, **attributes_of(data, requests)}
    return measured(answers, known == 0, requests, catalogue, attributes)


def attributes_of(data: Interactions, requests: Sequence[Asked]) -> dict[str, NDArray[Any]]:
    """What answers are judged by, as the first row of each request's basket says it."""
    rows = np.array([one.row for one in requests], np.int64)
    return {name: column[rows] for name, column in data.beside.items()}


def measured(
    answers: Sequence[Sequence[str]],
    cold: NDArray[np.bool_],
    requests: Sequence[Asked],
    catalogue: Collection[str] = (),
    more: Mapping[str, NDArray[Any]] | None = None,
) -> Report:
    """Every metric of every request from the items that were answered. ``more``: further attributes of the requests."""
    subjects, at = np.array([one.subject for one in requests]), np.array([one.at for one in requests], np.int64)
    scored, attributes = {}, {"subject": subjects, **(more or {})}
    for metric, measure in RANKED.items():
        values = np.array([measure(items, one.truth) for items, one in zip(answers, requests)], np.float64)
        scored[metric] = Scored(values, subjects, at, cold, attributes)
    listed = Listed(answers, [one.truth for one in requests], catalogue)
    return Report(scored, {"coverage": coverage(answers, catalogue)}, listed=listed)


def answers_to(
    scorer: Any, data: Interactions, requests: Sequence[Asked], patience: float | None, changed: Histories | None = None
) -> tuple[list[list[str]], NDArray[np.int64]]:
    """The items of each request, with its subject's history before it, and how many items that has.

    ``changed``: histories in the place of those that are there. Raises ModelError.
    """
    began = time.monotonic()
    histories, names = changed or data.histories, data.items
    found: list[list[str]] = []
    known = np.zeros(len(requests), np.int64)
    for place, (at, subject, *_) in enumerate(requests):
        if patience is not None and time.monotonic() - began > patience:
            raise ModelError(f"{place} of {len(requests)} requests answered in {patience:g} s: too slow to be tested")
        codes, values = histories.of(subject, at, scorer.half_life)
        known[place] = len(codes)
        own, times = [names[c] for c in codes.tolist()], partial(histories.times, subject, at)
        items, scores = best_of(scorer, own, values, at, K, times)
        if not np.isfinite(scores).all():
            raise ModelError("the model gave a score that is no number", place=f"{subject} at {at}")
        found.append(list(items))
    return found, known


def questions(live: LiveStore, data: Interactions, start: Micros, end: Micros, dataset: str | None = None) -> Questions:
    """Subjects of the window, each at its own moment, with the history that serving knows now."""
    found = requests_between(data, start, end)
    chosen, watermark = [found[place] for place in evenly(len(found), MOST)], live.online.last_seq()
    requests: list[JsonObject] = [
        {"subject": one.subject, "k": K, "at": one.at, "watermark": watermark} for one in chosen
    ]

    def answers(bundle: Bundle) -> list[JsonObject]:
        scorer, history = open_scorer(bundle, SCORERS), History()
        rows = live.online.rows_of(one.subject for one in chosen)
        history.load(row for row in rows if dataset in (None, row[5]))
        fewest = min(K, int(bundle.manifest["items"]))  # there must be so many, because the model knows them
        told = []
        for at, subject, *_ in chosen:
            items, values = history.items(subject, at, scorer.half_life, watermark)
            names, scores = best_of(scorer, items, values, at, K, partial(history.times, subject, at, watermark))
            told.append({"items": list(names), "scores": np.asarray(scores).tolist(), "fewest": fewest})
        return told

    return Questions(requests, answers)
