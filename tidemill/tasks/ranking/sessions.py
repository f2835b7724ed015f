"""Nearest sessions (VMIS-kNN: Kersbergen, Sprangers, Schelter, "Serenade", SIGMOD 2022): what came together with what was taken last. numpy only.

The subject's last few items find the newest sessions of the past that hold them. A session is as near as what it shares is recent,
and speaks for each of its items as much as that is rare:

    near(s)  = sum over the shared items of 1 - place / places            place 0 is the item taken last
    score(i) = sum over the nearest s with i of near(s) * (0.9 - 0.1 * s' first shared place) * idf(i)  +  base(i)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ModelError
from tidemill.features.times import Times
from tidemill.tasks.ranking.rank import F8, I8, POPULAR, Shares, top
from tidemill.types import Micros

JUST = "just taken"
"""The part of a score by which what was taken last is put behind all others."""
Codes = NDArray[np.int32] | NDArray[np.int64]


@dataclass(frozen=True)
class Sessions:
    """Sessions by number, the newest last, with the items of each; and the sessions of each item, the newest first, at most ``sample``."""

    items: list[str]  # n, sorted
    base: F8  # n
    idf: F8  # n
    members: Codes  # items of session 0, of session 1, …
    starts: Codes  # sessions + 1: where each one's begin in ``members``
    holders: Codes  # sessions of item 0, of item 1, …
    begins: Codes  # n + 1: where each one's begin in ``holders``
    recent: int  # so many of the subject's last items are looked at
    sample: int  # so many of the sessions that share one, the newest
    nearest: int  # so many of these speak
    again: bool  # whether what was taken last may be said

    def scores(self, last: I8) -> F8:
        """Of all items, for a subject's last items, the newest first; one that no session holds is -1."""
        found = self.base.copy()
        session, near, place = self._near(last[: self.recent])
        if len(session):
            speaks = near * np.maximum(0.9 - 0.1 * place, 0.0)
            low, n = self.starts[session], self.starts[session + 1] - self.starts[session]
            items = self.members[np.repeat(low - np.cumsum(n) + n, n) + np.arange(int(n.sum()))]
            found += np.bincount(items, np.repeat(speaks, n), len(self.items)) * self.idf
        return found

    def shares(self, last: I8, wanted: I8) -> F8:
        """Places of ``last`` x wanted codes: what each of the last items adds to `scores`, by the sessions that hold it.

        The nearest sessions are those of all the last items together; of a session's nearness each item has its own term.
        """
        last = last[: self.recent]
        out = np.zeros((len(last), len(wanted)))
        session, _, first = self._near(last)
        low, n = self.starts[session], self.starts[session + 1] - self.starts[session]
        items = self.members[np.repeat(low - np.cumsum(n) + n, n) + np.arange(int(n.sum()))]
        damped = np.maximum(0.9 - 0.1 * first, 0.0)
        for place, code in enumerate(last.tolist()):
            if code >= 0:
                holds = np.isin(session, self.holders[self.begins[code] : self.begins[code + 1]])
                speaks = np.where(holds, (1.0 - place / len(last)) * damped, 0.0)
                out[place] = np.bincount(items, np.repeat(speaks, n), len(self.items))[wanted]
        shares: F8 = out * self.idf[wanted]
        return shares

    def _near(self, last: I8) -> tuple[I8, F8, I8]:
        """(session, how near, place of the newest item that it shares) of the nearest."""
        spans = [self.holders[self.begins[code] : self.begins[code + 1]] for code in last.tolist() if code >= 0]
        places = [place for place, code in enumerate(last.tolist()) if code >= 0]
        if not spans:
            return np.empty(0, np.int64), np.empty(0), np.empty(0, np.int64)
        each = np.repeat(places, [len(span) for span in spans])
        session, first, which = np.unique(np.concatenate(spans), return_index=True, return_inverse=True)
        near = np.bincount(which.reshape(-1), 1.0 - each / len(last))
        kept = np.arange(len(session))[-self.sample :]
        kept = kept[np.lexsort((-kept, -near[kept]))[: self.nearest]]  # of equally near ones the newest
        return (
            np.asarray(session[kept], np.int64),
            np.asarray(near[kept], np.float64),
            np.asarray(each[first[kept]], np.int64),
        )


class SessionScorer:
    """Answers with what the nearest sessions hold. ``half_life`` is the history's; only the order of the last items counts."""

    timed = newest = True

    def __init__(self, sessions: Sessions, half_life: Micros) -> None:
        self.sessions, self.half_life = sessions, half_life
        self.titles: Mapping[str, str] = {}  # what items are called, where the bundle says it
        self.codes = {name: code for code, name in enumerate(sessions.items)}
        self.names, self.catalogue = sessions.items, self.codes.keys()

    def recommend(
        self, items: Sequence[str], values: F8, at: Micros, k: int, times: Times | None = None
    ) -> tuple[list[str], F8]:
        """The k best items, best first; equal ones in order of their names. ``times``: when the subject took its items."""
        scores = self.scores(items, times)
        best = top(scores, k)
        return [self.sessions.items[i] for i in best.tolist()], scores[best]

    def shares(
        self, wanted: Sequence[str], items: Sequence[str], values: F8, at: Micros, times: Times | None = None
    ) -> Shares:
        """What the scores of these items are made of: popularity, and what the sessions that hold one of the last items add.

        What was taken just now and is not said again loses all of it and stands behind: a part of its own.
        """
        codes = np.array([self.codes.get(name, -1) for name in wanted], np.int64)
        known, out = np.maximum(codes, 0), np.zeros((len(items), len(wanted)))
        base = np.where(codes >= 0, self.sessions.base[known], 0.0)
        if not len(items):
            return Shares(out, {POPULAR: base})
        order, last = self._last(items, times)
        out[order] = np.where(codes >= 0, self.sessions.shares(last, known), 0.0)
        behind = np.isin(codes, self._newest(order, last, times)) & (codes >= 0)
        return Shares(out, {POPULAR: base, JUST: np.where(behind, -1.0 - base - out.sum(axis=0), 0.0)})

    def scores(self, items: Sequence[str], times: Times | None) -> F8:
        """Of every item."""
        if not len(items):
            return self.sessions.base
        order, last = self._last(items, times)
        scores = self.sessions.scores(last)
        scores[self._newest(order, last, times)] = -1.0  # behind all others
        return scores

    def _last(self, items: Sequence[str], times: Times | None) -> tuple[I8, I8]:
        """(place in the history, code) of the items that were taken last, the newest first. Raises ModelError."""
        if times is None:
            raise ModelError("nearest sessions are asked with the moments of the subject's items")
        order = np.argsort(-times.last, kind="stable")[: self.sessions.recent]
        return order, np.array([self.codes.get(items[place], -1) for place in order.tolist()], np.int64)

    def _newest(self, order: I8, last: I8, times: Times | None) -> I8:
        """The codes of what was taken at the last moment, where that is not said again."""
        if self.sessions.again or times is None:
            return last[:0]
        newest: I8 = last[(times.last[order] == times.last[order[0]]) & (last >= 0)]
        return newest
