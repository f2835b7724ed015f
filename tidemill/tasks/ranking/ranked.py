"""What a recommender says of everything that it can offer, for rules that come after it. numpy only.

A scorer of one pass over its catalogue gives every score (`Dense`); one that puts its best in order, or is somebody's own code, gives a
list that is asked for once more, as long as the catalogue, where its beginning is not enough (`Listed`). Both answer `best`:
the same items in the same order as `recommend` gives, less those that are not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ModelError
from tidemill.features.times import Times
from tidemill.tasks.ranking.own import LearnerScorer
from tidemill.tasks.ranking.rank import F8, I8, RecommendScorer, best_of, top
from tidemill.tasks.ranking.ranker import RankerScorer
from tidemill.tasks.ranking.sessions import SessionScorer
from tidemill.types import Micros

Bools = NDArray[np.bool_]
NONE, NOTHING = np.empty(0), np.empty(0, np.int64)


class Best(NamedTuple):
    """Items that may be answered, the best one first, by their code. ``keys``: what they are in order of, the least one first; of equal
    ones the name decides.
    """

    codes: I8
    scores: F8  # the model's own
    keys: F8


class Offer(Protocol):
    """All that a recommender can answer to one request: items of its catalogue by their code, then its ``others`` by theirs."""

    @property
    def others(self) -> Sequence[str]: ...

    def best(self, keep: Bools, lift: F8 | None, m: int, among: I8 | None = None) -> Best:
        """The m best of those that are kept, their score counting so many times as much (None: once); fewer only where it scores no more.

        ``keep`` and ``lift``: by code, the same lift each time; ``among``: the codes of the catalogue, in order, that alone are meant.
        Raises ModelError.
        """
        ...

    def score(self, code: int) -> float | None:
        """What the model gives this item; None: nothing."""
        ...


def lifted(scores: F8, by: F8) -> F8:
    """Scores that count so many times as much: negative ones are divided, so that more is never worse.

    >>> lifted(np.array([2.0, -3.0]), np.array([1.5, 1.5])).tolist()
    [3.0, -2.0]
    """
    found: F8 = scores * by
    if len(scores) and scores.min() < 0:
        found = np.where(scores >= 0, found, scores / by)
    return found


class Dense:
    """Scores of the whole catalogue, and of some items that it does not have."""

    def __init__(self, names: Sequence[str], scores: F8, others: Sequence[str] = (), of_others: F8 = NONE) -> None:
        finite(scores)
        finite(of_others)
        self.names, self.scores, self.others, self.of_others = names, scores, others, of_others
        self._counts: F8 | None = None  # a request is lifted in one way, however often it is asked for more

    def best(self, keep: Bools, lift: F8 | None, m: int, among: I8 | None = None) -> Best:
        n, scores, counts = len(self.names), self.scores, self._counts
        if counts is None:
            counts = self._counts = scores if lift is None else lifted(scores, lift[:n])
        if among is not None:
            codes = among[keep[among]]
            best = codes[top(counts[codes], m)]
        else:
            kept = keep[:n]
            best = top(np.where(kept, counts, -np.inf), m)
            if len(best) and not kept[best[-1]]:
                best = best[kept[best]]
        found = Best(best, scores[best], -counts[best])
        return found if not self.others else self._merged(found, keep, lift, m, among)

    def _merged(self, found: Best, keep: Bools, lift: F8 | None, m: int, among: I8 | None) -> Best:
        n, scores = len(self.names), self.of_others
        counts = scores if lift is None else lifted(scores, lift[n:])
        also = np.flatnonzero(keep[n:]) if among is None else NOTHING
        codes = np.concatenate([found.codes, n + also])
        keys = np.concatenate([found.keys, -counts[also]])
        names = [*map(self.names.__getitem__, found.codes.tolist()), *map(self.others.__getitem__, also.tolist())]
        order = sorted(range(len(codes)), key=lambda place: (keys[place], names[place]))[:m]
        return Best(codes[order], np.concatenate([found.scores, scores[also]])[order], keys[order])

    def score(self, code: int) -> float | None:
        n = len(self.names)
        return float(self.scores[code] if code < n else self.of_others[code - n])


class Listed:
    """A list in the model's order: its beginning, and the whole of it where that is not enough, which ``list_of`` gives.

    ``others``: the subject's own items that the catalogue does not have. What is neither there nor of those is offered to nobody.
    """

    def __init__(
        self,
        codes: Mapping[str, int],
        others: Sequence[str],
        list_of: Callable[[int], tuple[Sequence[str], F8]],
        first: int,
    ) -> None:
        self.others, self._list_of, self._whole = others, list_of, False
        self._of_others = {name: len(codes) + place for place, name in enumerate(others)}
        self._known, self._n = codes, len(codes) + len(others)
        self._take(first)

    def _take(self, n: int) -> None:
        names, scores = self._list_of(n)
        finite(scores)
        codes = [self._known.get(name, -1) for name in names]
        if -1 in codes:
            codes = [self._of_others.get(name, code) if code < 0 else code for name, code in zip(names, codes)]
        found = np.array(codes, np.int64)
        self._codes, self._scores = found[found >= 0], np.asarray(scores, np.float64)[found >= 0]

    def _all(self) -> None:
        if not self._whole:
            self._take(self._n)
            self._whole = True

    def best(self, keep: Bools, lift: F8 | None, m: int, among: I8 | None = None) -> Best:
        if among is not None:
            alone = np.zeros_like(keep)
            alone[among] = keep[among]
            keep = alone
        found = self._best(keep, lift)
        if not self._whole and (lift is not None or len(found.codes) < m):
            self._all()
            found = self._best(keep, lift)
        return Best(found.codes[:m], found.scores[:m], found.keys[:m])

    def _best(self, keep: Bools, lift: F8 | None) -> Best:
        places = np.flatnonzero(keep[self._codes])
        codes, scores = self._codes[places], self._scores[places]
        if lift is None:
            return Best(codes, scores, places.astype(np.float64))
        keys = -lifted(scores, lift[codes])
        order = np.argsort(keys, kind="stable")
        return Best(codes[order], scores[order], keys[order])

    def score(self, code: int) -> float | None:
        self._all()
        found = np.flatnonzero(self._codes == code)
        return float(self._scores[found[0]]) if len(found) else None


Scorer = RecommendScorer | RankerScorer | SessionScorer | LearnerScorer
AHEAD = 4
"""Of one that lists: so many times as many items are asked for first as shall be answered."""


def offer_of(scorer: Scorer, items: Sequence[str], values: F8, at: Micros, k: int, times: Callable[[], Times]) -> Offer:
    """All that a scorer can say to this history. Raises ModelError."""
    if isinstance(scorer, RecommendScorer):
        scores, strange = scorer.scores(items, values)
        others = sorted(strange)
        return Dense(
            scorer.names, scores, [name for name, _ in others], np.array([one for _, one in others], np.float64)
        )
    if isinstance(scorer, SessionScorer):
        return Dense(scorer.names, scorer.scores(items, times()))

    def list_of(n: int) -> tuple[Sequence[str], F8]:
        return best_of(scorer, items, values, at, n, times)

    first = max(k, scorer.ranker.candidates) if isinstance(scorer, RankerScorer) else AHEAD * k
    return Listed(scorer.codes, [name for name in items if name not in scorer.codes], list_of, first)


def finite(scores: F8) -> None:
    """Raises ModelError."""
    if not np.isfinite(scores).all():
        raise ModelError("the model gave a score that is no number")


class Ranked(NamedTuple):
    """What a recommender says to one request, before any rule: of a catalogue (always the same object of one scorer), in its order."""

    catalogue: Sequence[str]
    offer: Offer
    k: int
    context: Mapping[str, Any]
    just: Sequence[str]  # what the request says was taken just now
    cold: bool
    flags: Mapping[str, str]
