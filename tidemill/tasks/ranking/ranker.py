"""A ranker over candidates: trees put the blend's best items in order, by what is known of item, subject and both. numpy only; the server runs this.

The candidates are the ``candidates`` items that the blend scores best; what the subject has and the model has never seen may be among
them. One row of `NAMES` for each, made by the same code in training and in the server. Repeat intervals are read three ways: how long ago
the subject took the item beside how often it takes that, beside how often anybody does, and beside how often it takes anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tidemill.errors import ModelError
from tidemill.features.times import NEVER, Times
from tidemill.learning.boost import Booster
from tidemill.tasks.ranking.rank import F8, I8, Ranking, RecommendScorer, Shares, top
from tidemill.tasks.ranking.traced import BEHIND, OF_ITEMS, traced
from tidemill.types import DAY, Micros

NAMES = (
    "place",
    "blend",
    "similar",
    "faded",
    "own_place",
    "share",
    "age",
    "own_interval",
    "age_of_own",
    "age_of_item",
    "age_of_subject",
    "items",
    "visits",
    "since",
    "between",
    "basket",
    *OF_ITEMS,
)
"""The columns of the trees. Ages and intervals are logarithms of days; ``age_of_*``: age less interval."""
SHORTEST = 1 / 24
"""Days: what is sooner is as soon."""


@dataclass(frozen=True)
class Ranker:
    """``ranking`` finds the candidates. ``habits``: n + 1 x `OF_ITEMS`, the last row for what the model has never seen."""

    ranking: Ranking
    habits: F8
    candidates: int
    trees: bytes


@dataclass(frozen=True, slots=True)
class Own:
    """What a request knows of its subject, items by their code; an item that the model has never seen has one from n on."""

    codes: I8  # ascending
    names: list[str]  # of those from n on
    values: F8  # decayed counts
    times: Times


class RankerScorer:
    """Answers with the k best of the candidates; after those, where k is more, the blend's next."""

    timed = True

    def __init__(self, ranker: Ranker, half_life: Micros) -> None:
        self.ranker, self.half_life = ranker, half_life
        self.titles: Mapping[str, str] = {}  # what items are called, where the bundle says it
        self.ranking = ranker.ranking
        self._blend = RecommendScorer(ranker.ranking, half_life)
        self._trees = Booster(ranker.trees, len(NAMES), 1) if ranker.trees else None
        self.names, self.codes, self.catalogue = self._blend.names, self._blend.codes, self._blend.catalogue

    def recommend(
        self, items: Sequence[str], values: F8, at: Micros, k: int, times: Times | None = None
    ) -> tuple[list[str], F8]:
        """The k best items and their scores, best first; equal ones in the blend's order. ``times``: when the subject took its items."""
        own = self._own(items, values, times)
        blend = self.blend(items, values)
        chosen = top(blend, max(k, self.ranker.candidates))
        found = self._told(own, chosen[: self.ranker.candidates], blend, at)
        order = np.argsort(-found, kind="stable")
        rest = chosen[len(found) :]
        if len(rest) and len(found):  # nothing is known of these but that they come later
            found = np.concatenate([found, found.min() - 1.0 - np.arange(len(rest))])
            order = np.concatenate([order, np.arange(len(order), len(found))])
        best = order[: max(k, 0)]
        return [self._name(code, own) for code in chosen[best].tolist()], found[best]

    def shares(
        self, wanted: Sequence[str], items: Sequence[str], values: F8, at: Micros, times: Times | None = None
    ) -> Shares:
        """What the scores of these items are made of: TreeSHAP by column, `traced` to the history.

        One that is no candidate stands behind them in the blend's order: that is the one part of its score.
        """
        own, blend = self._own(items, values, times), self.blend(items, values)
        chosen = top(blend, self.ranker.candidates)
        place = np.full(len(blend) + 1, len(chosen))
        place[chosen] = np.arange(len(chosen))
        codes = self._codes(wanted, own, len(blend))
        told = place[codes] < len(chosen)
        base, spread = self._spread(self._rows(own, codes[told], blend, at, place[codes[told]].astype(np.float64)))
        features = {name: np.zeros(len(wanted)) for name in NAMES}
        for name, of in zip(NAMES, spread):
            features[name][told] = of
        same = np.zeros((len(items), len(wanted)), np.bool_)
        mine = {name: nth for nth, name in enumerate(items)}
        for nth, name in enumerate(wanted):
            if name in mine:
                same[mine[name], nth] = True
        found = traced(features, self._blend.shares(wanted, items, values), same)
        if told.all():
            return found._replace(base=base)
        least = float(self._told(own, chosen, blend, at).min())
        behind = least - 1.0 - (_places(blend, codes) - len(chosen)) - base
        return found._replace(base=base, parts={**found.parts, BEHIND: np.where(told, 0.0, behind)})

    def _spread(self, rows: F8) -> tuple[float, F8]:
        """(base, columns x rows) of the trees."""
        if self._trees is None:
            raise ModelError("the ranker has no trees")
        found = self._trees.contributions(rows if len(rows) else np.zeros((1, len(NAMES))))[:, 0]
        return float(found[0, -1]), found[: len(rows), :-1].T

    def _codes(self, wanted: Sequence[str], own: Own, nowhere: int) -> I8:
        strange = {name: len(self.ranking.items) + place for place, name in enumerate(own.names)}
        return np.array([self._blend.code(name, strange.get(name, nowhere)) for name in wanted], np.int64)

    def blend(self, items: Sequence[str], values: F8) -> F8:
        """The blend's score of every item, then of those of the subject's that the model has never seen."""
        scores, strange = self._blend.scores(items, values)
        return np.concatenate([scores, [score for _, score in strange]]) if strange else scores

    def rows(self, items: Sequence[str], values: F8, at: Micros, times: Times | None) -> tuple[list[str], F8]:
        """The candidates and their rows: what the trees learn from."""
        own, blend = self._own(items, values, times), self.blend(items, values)
        chosen = top(blend, self.ranker.candidates)
        return [self._name(code, own) for code in chosen.tolist()], self._rows(own, chosen, blend, at)

    def _told(self, own: Own, chosen: I8, blend: F8, at: Micros, place: F8 | None = None) -> F8:
        if self._trees is None:
            raise ModelError("the ranker has no trees")
        return self._trees.rows(self._rows(own, chosen, blend, at, place))[:, 0]

    def _own(self, items: Sequence[str], values: F8, times: Times | None) -> Own:
        if times is None and len(items):
            raise ModelError("a ranker is asked with the moments of the subject's items")
        codes = np.array([self._blend.code(name, -1) for name in items], np.int64)
        new = np.flatnonzero(codes < 0)
        if not len(new):
            return Own(codes, [], values, times or NEVER)
        codes[new] = len(self.ranking.items) + np.arange(len(new))
        order = np.argsort(codes, kind="stable")
        return Own(codes[order], [items[i] for i in new.tolist()], values[order], (times or NEVER).take(order))

    def _name(self, code: int, own: Own) -> str:
        n = len(self.ranking.items)
        return self.ranking.items[code] if code < n else own.names[code - n]

    def _rows(self, own: Own, chosen: I8, blend: F8, at: Micros, place: F8 | None = None) -> F8:
        """One row of `NAMES` for each of these codes. ``place``: of each in the blend's order; the order of the codes, if not said."""
        r, n, times = self.ranking, len(self.ranking.items), own.times
        known = np.minimum(chosen, n)
        out = np.empty((len(NAMES), len(chosen)))
        out[0] = np.arange(len(chosen)) if place is None else place
        out[1] = blend[chosen]
        habits = self.ranker.habits[known].T
        out[len(NAMES) - len(OF_ITEMS) :] = habits
        if not len(own.codes):
            out[2] = out[3] = out[5] = 0.0
            out[4], out[6:11] = np.nan, np.nan
            out[11] = out[12] = 0.0
            out[13:16] = np.nan
            return np.ascontiguousarray(out.T)
        which = np.minimum(np.searchsorted(own.codes, chosen), len(own.codes) - 1)
        has = own.codes[which] == chosen
        own_place = np.empty(len(own.codes))
        own_place[np.argsort(-own.values, kind="stable")] = np.arange(len(own.codes))
        last = int(times.last.max())
        between = log_days((last - int(times.first.min())) / (times.visits - 1)) if times.visits > 1 else np.nan
        interval = log_days((times.last - times.first) / np.maximum(times.counts - 1, 1))
        interval[times.counts < 2] = np.nan
        mine = np.stack([own.values, own_place, times.counts / times.visits, log_days(at - times.last), interval])
        out[3:8] = np.where(has, mine[:, which], _NOT_OWN)
        # what is left of the blend's score without its popularity and what was bought again
        new, inside = chosen >= n, np.minimum(chosen, n - 1)
        base, factor = np.where(new, 0.0, r.base[inside]), np.where(new, r.unknown, r.factor[inside])
        out[2] = (out[1] - base) / factor - r.again * out[3]
        out[8] = out[6] - out[7]
        out[9] = out[6] - habits[OF_ITEMS.index("interval")]
        out[10] = out[6] - between
        out[11], out[12] = len(own.codes), times.visits
        out[13], out[14] = log_days(at - last), between
        out[15] = times.counts.sum() / times.visits
        return np.ascontiguousarray(out.T)


def _places(scores: F8, codes: I8) -> I8:
    """Of each of these codes in the order of the scores, equal ones by their code; one that is none comes last.

    >>> _places(np.array([1.0, 3.0, 3.0]), np.array([0, 2, 3])).tolist()
    [2, 1, 3]
    """
    found = [
        int((scores > scores[code]).sum() + (scores[:code] == scores[code]).sum())
        if code < len(scores)
        else len(scores)
        for code in codes.tolist()
    ]
    return np.array(found, np.int64)


_NOT_OWN = np.array([[0.0], [np.nan], [0.0], [np.nan], [np.nan]])


def log_days(span: F8 | I8 | float) -> F8:
    """Logarithms of days."""
    return np.log(np.maximum(np.asarray(span, np.float64) / DAY, SHORTEST))
