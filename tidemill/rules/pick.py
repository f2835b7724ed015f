"""A list filled place by place: how many of a kind it has, at least and at most. Stdlib only.

Each place takes the best item that is left and breaks no limit. Where the places that are left are no more than what quotas still need,
only items that a quota needs are taken. Where every item that is left breaks a limit, the best of them is taken all the same, and
that is said: as many items as are asked for are answered whenever so many may be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Limits:
    """Of items, best first. ``kind``: what each is, of which there may be ``most`` (None: of nothing); ``quotas``: which each falls under.

    ``least``, ``caps``: of each quota. ``sure``: up to which place the items are all that there are; ``reach``: of each quota, up to which
    place its own are.
    """

    kind: Sequence[Any]
    most: int
    quotas: Sequence[Sequence[int]]
    least: Sequence[int]
    caps: Sequence[int | None]
    sure: int
    reach: Sequence[int]


@dataclass(slots=True)
class Picked:
    """``places`` of the items in the order of the answer. ``hungry``: it looked further than the items are sure, so that it has to be
    done again with more of them.
    """

    places: list[int] = field(default_factory=list)
    forced: dict[int, list[int]] = field(default_factory=dict)  # place -> quotas for whose sake it is there
    hungry: bool = False


def pick(k: int, limits: Limits) -> Picked:
    """The k items to answer; fewer where there are no more.

    >>> kinds = ["mug", "mug", "mug", "pan"]
    >>> pick(3, Limits(kinds, 2, [()] * 4, (), (), 4, ())).places
    [0, 1, 3]
    """
    return _Picking(limits).all(k)


class _Picking:
    def __init__(self, limits: Limits) -> None:
        self._limits, self._found = limits, Picked()
        self._left, self._blocked = list(range(len(limits.kind)))[::-1], list[int]()  # the best one last; in order
        self._of_kind = Counter[Any]()
        self._have, self._needs = [0] * len(limits.least), list(limits.least)

    def all(self, k: int) -> Picked:
        found = self._found
        while len(found.places) < k and not found.hungry:
            slots = k - len(found.places)
            forced = self._forced() if 0 < slots <= sum(self._needs) else None
            place = self._next() if forced is None else forced
            if place is None:
                break
            self._take(place, forced is not None)
        return found

    def _forced(self) -> int | None:
        """The best item that a quota needs; where there is none, nothing is needed any more."""
        needs, limits = self._needs, self._limits
        under, found = limits.quotas, None
        for place in reversed(self._left):
            if under[place] and any(map(needs.__getitem__, under[place])) and not self._breaks(place):
                found = place
                break
        known = [max(limits.sure - 1, limits.reach[q]) for q, need in enumerate(needs) if need]
        if (len(limits.kind) if found is None else found) > min(known):
            self._found.hungry = True
        if found is None:
            self._needs = [0] * len(needs)
        else:
            self._left.remove(found)
        return found

    def _next(self) -> int | None:
        while self._left:
            place = self._left.pop()
            if not self._breaks(place):
                self._look(place)
                return place
            self._blocked.append(place)
        self._look(len(self._limits.kind))
        return self._blocked.pop(0) if self._blocked else None

    def _look(self, place: int) -> None:
        if place >= self._limits.sure:
            self._found.hungry = True

    def _breaks(self, place: int) -> bool:
        """Whether there would be more of it than there may be."""
        kind = self._limits.kind[place]
        if kind is not None and self._of_kind[kind] >= self._limits.most:
            return True
        for quota in self._limits.quotas[place]:
            cap = self._limits.caps[quota]
            if cap is not None and self._have[quota] >= cap:
                return True
        return False

    def _take(self, place: int, forced: bool) -> None:
        self._found.places.append(place)
        self._of_kind[self._limits.kind[place]] += 1
        if forced:
            self._found.forced[place] = [q for q in self._limits.quotas[place] if self._needs[q]]
        for quota in self._limits.quotas[place]:
            self._have[quota] += 1
            self._needs[quota] -= self._needs[quota] > 0
