"""What is said of an answer: how many items each rule took out, what brought an item where it is, what could not be kept to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np

from tidemill.rules.limits import kinds_of
from tidemill.rules.pick import Picked
from tidemill.rules.universe import Universe
from tidemill.rules.view import View
from tidemill.rules.where import Bools
from tidemill.tasks.ranking.rank import I8
from tidemill.types import JsonObject


class Told:
    """The `reasons` of one answer, as they are made."""

    def __init__(self, mark: str, universe: Universe, view: View, most: int | None, others: Collection[str]) -> None:
        """``most``: so many of a kind; ``others``: what the model offers beside its catalogue."""
        self._mark, self._universe, self._view, self._most, self._others = mark, universe, view, most, others
        self._out = dict(view.out)
        self._moved: dict[int, list[str]] = {}
        self.skipped = list(view.skipped)
        self.filled: set[int] = set()
        self.propensity: list[float] = []

    def only(self, names: Collection[str], keep: Bools, rule: str) -> Bools:
        """Nothing but these is left."""
        left = np.zeros_like(keep)
        left[[self._universe.code(name) for name in names]] = True
        left &= keep
        left[-1] = keep[-1]  # of what has no code the name decides
        self._count(rule, int(np.count_nonzero(keep[:-1])) - int(np.count_nonzero(left[:-1])))
        return left

    def without(self, names: Collection[str], keep: Bools, rule: str) -> Bools:
        """None of these is left."""
        nowhere = self._universe.nowhere
        coded = [(name, self._universe.code(name)) for name in names]
        codes = [code for name, code in coded if keep[code] and (code < nowhere or name in self._others)]
        self._count(rule, len(codes))
        known = [code for code in codes if code < nowhere]
        if not known:
            return keep
        left = keep.copy()
        left[known] = False
        return left

    def _count(self, rule: str, n: int) -> None:
        if n:
            self._out[rule] = self._out.get(rule, 0) + n

    def moved(self, code: int, *rules: str) -> None:
        self._moved.setdefault(code, []).extend(rules)

    def picked(self, picked: Picked, codes: I8) -> None:
        """What the list is made of, of these items."""
        quotas = self._view.quotas
        for place, wanted in picked.forced.items():
            self.moved(int(codes[place]), *(quotas[q].name for q in wanted))

    def json(self, codes: Sequence[int], items: Sequence[str], k: int) -> JsonObject:
        """Of these answers to a request for k."""
        inside = np.minimum(np.array(codes, np.int64), self._universe.nowhere)
        for name, of in self._view.boosts:
            for code, applied in zip(codes, of[inside].tolist()):
                if applied:
                    self.moved(code, name)
        for code in codes if self.filled else ():
            if code in self.filled and "exposure" not in self._moved.get(code, ()):
                self.moved(code, "popularity")
        counts = [(quota, int(np.count_nonzero(quota.of[inside]))) for quota in self._view.quotas]
        unmet = {quota.name: n for quota, n in counts if n < quota.at_least}
        relaxed = self._beyond(inside)
        relaxed |= {q.name: n - q.at_most for q, n in counts if q.at_most is not None and n > q.at_most}
        said: JsonObject = {"rules": self._mark, "of": self._universe.nowhere, "out": self._out}
        said["moved"] = {item: self._moved[code] for code, item in zip(codes, items) if code in self._moved}
        said |= {"unmet": unmet} if unmet else {}
        said |= {"relaxed": relaxed} if relaxed else {}
        said |= {"skipped": list(dict.fromkeys(self.skipped))} if self.skipped else {}
        said |= {"unknown_store": self._view.unknown_store} if self._view.unknown_store is not None else {}
        said |= {"propensity": self.propensity} if self.propensity else {}
        return said | ({"short": True} if len(items) < k else {})

    def _beyond(self, codes: I8) -> dict[str, int]:
        """How many of these are more of their kind than there may be."""
        if self._most is None:
            return {}
        counts = Counter(kind for kind in kinds_of(self._view, codes) if kind is not None)
        n = sum(max(each - self._most, 0) for each in counts.values())
        return {"diversity": n} if n else {}
