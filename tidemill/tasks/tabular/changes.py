"""The search for the fewest and smallest changes of a row that lead to another answer. numpy only.

Single changes are all tried, then pairs, then triples of the inputs that move the answer most, on values that rows learned from have.
What is found is then made as small as still reaches it. Bounded by how often the model is asked: it is the same every time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from tidemill.learning.labelled import text_of
from tidemill.tasks.port import Want
from tidemill.tasks.tabular.actions import Actions, Number
from tidemill.tasks.tabular.costs import decided
from tidemill.tasks.tabular.learners import FOREIGN
from tidemill.tasks.tabular.row import RowScorer

F8 = NDArray[np.float64]
B1 = NDArray[np.bool_]
TOGETHER = 3
"""So many inputs are changed at most: more is no advice."""
MOST_ASKED, MOST_OF_FOREIGN = 20_000, 1_000
"""How often the model is asked; of a learner that somebody else made, which may take its time."""
WAYS = 3
"""So many different ways are told."""
MOVING = 6
"""Of triples only those of the inputs that move the answer most."""
STEPS = 16
_DIGITS = 2, 3, 4


class Search:
    """The actions on one encoded row. ``at``: its own threshold, where it is decided by one."""

    def __init__(self, scorer: RowScorer, actions: Actions, row: F8, want: Want, at: float | None) -> None:
        self._at, self._scorer, self._actions, self._row, self._want, self.asked = at, scorer, actions, row, want, 0
        self._most = MOST_OF_FOREIGN if scorer.method in FOREIGN else MOST_ASKED
        self._limit = max(actions.near, float(actions.distances(row[None])[0]) + 1e-9)
        self._options = {place: options for place in self._places() if len(options := self._values(place))}
        self._gain: dict[int, float] = {}
        self.reached_far = False

    @property
    def why(self) -> str:
        if not self._options:
            return "none of them can go further in the direction that is allowed"
        if self.reached_far:
            return "what reaches it is like no row that the model learned from"
        return f"none of {self.asked:,} changes of at most {TOGETHER} of them, within what the data has, reaches it"

    def _places(self) -> list[int]:
        return [i for i, one in enumerate(self._scorer.inputs) if one.name in self._actions.ways]

    def _values(self, place: int) -> list[float]:
        """Where the input may go, the nearest first."""
        now, one = float(self._row[place]), self._scorer.inputs[place]
        way, number = self._actions.ways[one.name], self._actions.number(place)
        if number is None:
            return [code for code in self._actions.codes(place) if code != now and code < len(one.categories)]
        if math.isnan(now):
            return list(number.at) if way == "any" else []
        there = [at for at in number.at if (at > now and way != "down") or (at < now and way != "up")]
        return sorted(there, key=lambda at: (abs(float(number.ranks(np.array(at)) - number.ranks(np.array(now)))), at))

    def best(self) -> list[dict[int, float]]:
        """Different actions that reach it, each of the fewest inputs, the smallest first; shrunk as far as they go."""
        for size in range(1, TOGETHER + 1):
            sets = list(self._sets(size))
            found = [made for places in sets if (made := self._of(places, len(sets))) is not None]
            if found:
                ordered = sorted(found, key=lambda pair: (pair[0], sorted(pair[1])))[:WAYS]
                shrunk = [self._shrunk(action) for _, action in ordered]
                return sorted(shrunk, key=self._cost)
        return []

    def _sets(self, size: int) -> Iterator[tuple[int, ...]]:
        places = list(self._options)
        if size == TOGETHER:
            places = sorted(places, key=lambda p: (-self._gain.get(p, 0.0), p))[:MOVING]
        yield from combinations(sorted(places), size)

    def _of(self, places: tuple[int, ...], sets: int) -> tuple[float, dict[int, float]] | None:
        """The cheapest action on these inputs that reaches it. ``sets``: of so many sets of inputs this is one."""
        size = len(places)
        most = max(2, round((self._most / sets / TOGETHER) ** (1 / size)))
        lists = [_some(self._options[place], most) for place in places]
        actions = [dict(zip(places, values, strict=True)) for values in product(*lists)]
        if self.asked + len(actions) > self._most:
            return None
        reached, score = self._try(actions)
        if size == 1:
            self._gain[places[0]] = float(score.max())
        there = [(self._cost(action), place) for place, action in enumerate(actions) if reached[place]]
        return None if not there else (min(there)[0], actions[min(there)[1]])

    def _try(self, actions: Sequence[Mapping[int, float]]) -> tuple[B1, F8]:
        """Which of them reach it and are like the rows there are; and how near each comes."""
        x = np.repeat(self._row[None], len(actions), axis=0)
        for place, action in enumerate(actions):
            for column, value in action.items():
                x[place, column] = value
        self.asked += len(actions)
        told = self._scorer.many(x)
        if self._want.label is not None:
            labels = [text_of(label) for label in self._scorer.labels or []]
            wanted = labels.index(self._want.label)
            best = decided(told, self._scorer.labels or [], self._scorer.threshold, self._at)
            reached, score = best == wanted, told[:, wanted]
        elif self._want.at_least is not None:
            reached, score = told[:, 0] >= self._want.at_least, told[:, 0]
        else:
            reached, score = told[:, 0] <= (self._want.at_most or 0.0), -told[:, 0]
        plausible = self._actions.distances(x) <= self._limit
        self.reached_far |= bool((reached & ~plausible).any())
        return reached & plausible, score

    def _cost(self, action: Mapping[int, float]) -> float:
        """How far the changes go, by the share of rows that lie between; another category is as far as half of them."""
        total = 0.0
        for place, value in action.items():
            number, now = self._actions.number(place), float(self._row[place])
            if number is None or math.isnan(now):
                total += 0.5
            else:
                ends = number.ranks(np.array([now, value]))
                total += abs(float(ends[1] - ends[0])) + 1e-6 * abs(value - now) / (abs(now) + abs(value) + 1e-12)
        return total

    def _shrunk(self, action: dict[int, float]) -> dict[int, float]:
        """Each number as near to what it is as still reaches it, and in as few digits as that takes."""
        for place in action:
            number = self._actions.number(place)
            if number is None or math.isnan(self._row[place]):
                continue
            for _ in range(2):
                action = self._nearest(action, place, number)
            action = self._rounded(action, place, number)
        return action

    def _nearest(self, action: dict[int, float], place: int, number: Number) -> dict[int, float]:
        now, far = float(self._row[place]), action[place]
        values = [_whole(now + (far - now) * step / STEPS, now, number) for step in range(1, STEPS)]
        tries = [{**action, place: value} for value in dict.fromkeys(values) if value not in (now, far)]
        return self._first(tries, action)

    def _rounded(self, action: dict[int, float], place: int, number: Number) -> dict[int, float]:
        now, far = float(self._row[place]), action[place]
        tries = [{**action, place: value} for value in _short(now, far) if number.at[0] <= value <= number.at[-1]]
        return self._first(tries, action)

    def _first(self, tries: Sequence[dict[int, float]], otherwise: dict[int, float]) -> dict[int, float]:
        """The first of them that reaches it."""
        reached = self._try(tries)[0].tolist() if tries else []
        return next((one for one, is_in in zip(tries, reached, strict=True) if is_in), otherwise)


def _whole(value: float, now: float, number: Number) -> float:
    """Whole where the column is: away from what it is now."""
    if not number.integer:
        return value
    return float(math.ceil(value) if value > now else math.floor(value))


def _short(now: float, far: float) -> list[float]:
    """Values just beyond this one, with few digits.

    >>> _short(900.0, 412.337), _short(1.0, 2.0)
    ([410.0, 412.0, 412.3], [2.0])
    """
    away = 1 if far > now else -1
    found = []
    for digits in _DIGITS:
        unit = 10.0 ** (math.floor(math.log10(abs(far))) - digits + 1) if far else 1.0
        value = float(f"{away * math.ceil(away * far / unit - 1e-9) * unit:.12g}")
        found.append(value)
    return list(dict.fromkeys(found))


def _some(values: Sequence[float], most: int) -> list[float]:
    """So many of them, from all over, the last among them."""
    if len(values) <= most:
        return list(values)
    return [values[round(i * (len(values) - 1) / (most - 1))] for i in range(most)]
