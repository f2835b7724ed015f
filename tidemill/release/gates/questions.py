"""Known requests for the real server, and what offline scoring answers to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidemill.store.artifacts.codecs import Bundle
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    from tidemill.store.ports import LiveStore

MOST = 60
"""How many requests of the test window the real server is asked, a round."""
K = 20


class RankQuestions:
    """Subjects of the window, each at its own moment, with the history that serving knew when the gate began."""

    def __init__(self, live: LiveStore, data: Any, start: Micros, end: Micros) -> None:
        self._live, self._data, self._start, self._end = live, data, start, end

    def requests(self) -> list[JsonObject]:
        from tidemill.tasks.ranking.interactions import requests_between

        found = requests_between(self._data, self._start, self._end)
        chosen = found.take(_spread(len(found)))
        watermark = self._live.online.last_seq()
        return [
            {"subject": subject, "k": K, "at": at, "watermark": watermark}
            for subject, at in zip(chosen.subjects, chosen.at.tolist())
        ]

    def answers(self, bundle: Bundle, requests: list[JsonObject]) -> list[JsonObject]:
        """Items and scores; ``fewest``: so many there must be, because the model knows them."""
        from tidemill.features.online import History
        from tidemill.tasks import scoring

        scorer: Any = scoring.load(bundle)
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


class TableQuestions:
    """Rows of the window as inputs by name. Offline they are encoded as in training, all at once."""

    def __init__(self, table: Any, start: Micros, end: Micros) -> None:
        self._table = table
        rows = table.between(start, end)
        self._rows = rows[_spread(len(rows))]

    def requests(self) -> list[JsonObject]:
        return [{"inputs": self._inputs(int(row))} for row in self._rows]

    def answers(self, bundle: Bundle, requests: list[JsonObject]) -> list[JsonObject]:
        from tidemill.tasks import scoring

        scorer: Any = scoring.load(bundle)
        return [scorer.told(scorer.outputs(row)) for row in self._table.encoded(scorer.inputs, self._rows)]

    def _inputs(self, row: int) -> JsonObject:
        """The row's values by name; what is missing is left out."""
        values = {name: series[row] for name, series in self._table.raw.items()}
        if self._table.calendar:
            values[self._table.time] = int(self._table.at[row])
        return {name: value for name, value in values.items() if value is not None and value == value}


def _spread(n: int) -> list[int]:
    """At most `MOST` places from all over n.

    >>> _spread(3), len(_spread(1000)), _spread(1000)[-1], _spread(0)
    ([0, 1, 2], 60, 999, [])
    """
    return sorted({int(place) for place in np.linspace(0, n - 1, min(n, MOST)).round()}) if n else []
