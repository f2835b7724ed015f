"""Known requests of a recommender for the real server, and what offline scoring answers to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidemill.features.online import History
from tidemill.learning.bundle import open_scorer
from tidemill.learning.trainer import spread
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.ranking.interactions import Interactions, requests_between
from tidemill.tasks.ranking.serving import SCORERS
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    from tidemill.store.live_ports import LiveStore

K = 20


class SubjectQuestions:
    """Subjects of the window, each at its own moment, with the history that serving knew when the gate began."""

    def __init__(self, live: LiveStore, data: Interactions, start: Micros, end: Micros) -> None:
        self._live, self._data, self._start, self._end = live, data, start, end

    def requests(self) -> list[JsonObject]:
        found = requests_between(self._data, self._start, self._end)
        chosen = found.take(spread(len(found)))
        watermark = self._live.online.last_seq()
        return [
            {"subject": subject, "k": K, "at": at, "watermark": watermark}
            for subject, at in zip(chosen.subjects, chosen.at.tolist())
        ]

    def answers(self, bundle: Bundle, requests: list[JsonObject]) -> list[JsonObject]:
        """Items and scores; ``fewest``: so many there must be, because the model knows them."""
        scorer = open_scorer(bundle, SCORERS)
        known = int(bundle.manifest["items"])
        history = History()
        history.load(self._live.online.rows_of(asked["subject"] for asked in requests))
        found: list[JsonObject] = []
        for asked in requests:
            items, values = history.items(asked["subject"], asked["at"], scorer.half_life, asked["watermark"])
            names, scores = scorer.recommend(items, values, asked["at"], asked["k"])
            told = {"items": list(names), "scores": np.asarray(scores).tolist()}
            found.append({**told, "fewest": min(asked["k"], known)})
        return found
