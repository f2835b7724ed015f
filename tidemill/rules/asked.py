"""One request's items: which may be answered, and the best of them.

An item is known by its code in the `Universe`; what the model says of the subject's own items, and nobody else knows, has a code of
its own behind these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tidemill.rules.universe import Universe
from tidemill.rules.view import Quota, View
from tidemill.rules.where import Bools
from tidemill.tasks.ranking.rank import I8
from tidemill.tasks.ranking.ranked import Best, Ranked


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """``keep``: by code, and of the one beyond (`Universe.nowhere`); ``strange``: of each of the offer's others."""

    ranked: Ranked
    universe: Universe
    view: View
    keep: Bools
    strange: Bools

    @property
    def k(self) -> int:
        return self.ranked.k

    def best(self, m: int, of: Quota | None = None) -> Best:
        """The m best that may be answered and that the model scores. ``of``: only those of a quota."""
        n, offer, lift = len(self.ranked.catalogue), self.ranked.offer, self.view.lift
        if not offer.others:
            among = None if of is None else of.codes[: of.codes.searchsorted(n)]
            return offer.best(self.keep[:n], None if lift is None else lift[:n], m, among)
        keep = self.keep if of is None else self.keep & of.of
        codes = np.array(self._others, np.int64)
        inside = np.minimum(codes, self.universe.nowhere)
        strange = self.strange if of is None else self.strange & of.of[inside]
        found = offer.best(
            np.concatenate([keep[:n], strange]),
            None if lift is None else np.concatenate([lift[:n], lift[inside]]),
            m,
        )
        also = found.codes >= n
        return found._replace(codes=np.where(also, codes[np.where(also, found.codes - n, 0)], found.codes))

    @property
    def _others(self) -> list[int]:
        """The code of each of the offer's others: its own, where nobody knows it."""
        nowhere = self.universe.nowhere
        named = enumerate(self.ranked.offer.others, nowhere + 1)
        return [self.universe.codes.get(name, own) for own, name in named]

    def unscored(self, known: I8) -> Best:
        """What may be answered and is not among these, by what the item table says of its popularity: there is no score."""
        left = self.keep.copy()
        left[-1] = False
        left[known[known < self.universe.nowhere]] = False
        codes, names, popular = np.flatnonzero(left), self.universe.names, self.view.popular
        if popular is None:
            order = sorted(codes.tolist(), key=names.__getitem__)
        else:
            sold = np.nan_to_num(popular, nan=-np.inf).tolist()
            order = sorted(codes.tolist(), key=lambda code: (-sold[code], names[code]))
        return Best(np.array(order, np.int64), np.zeros(len(order)), np.full(len(order), np.inf))

    def names(self, codes: Sequence[int]) -> list[str]:
        names, others, nowhere = self.universe.names, self.ranked.offer.others, self.universe.nowhere
        return [names[code] if code < nowhere else others[code - nowhere - 1] for code in codes]

    def score(self, code: int) -> float:
        """What the model gives one of the universe's items; 0: nothing."""
        n, offer = len(self.ranked.catalogue), self.ranked.offer
        if code < n:
            return offer.score(code) or 0.0
        name = self.universe.names[code]
        return (offer.score(n + list(offer.others).index(name)) or 0.0) if name in offer.others else 0.0
