"""Which of many parts made a version worse, found by rebuilding it without halves of them. Pure functions.

Ends are two versions that are there, asked the same test. A rebuild without some parts has *recovered* where it is nearer to the good end
than to the bad one, request by request: half of the gap is what it is held against, with an interval over the independent unit. So
many parts take so many halvings as their number has bits, and one rebuild without the part that is left proves it.

Where an interval says neither, the other half is left out instead. Where that decides nothing either, no single part does it: several
do, or only together. Parts in an order (commits) are taken back from the end, for a commit cannot be left out below later ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tidemill.learning.intervals import Difference, paired_bootstrap

Found = Literal["", "found", "ends_agree", "no_single_cause", "budget"]
Recovered = Literal["yes", "no", "undecided"]


@dataclass(frozen=True)
class Round:
    """One rebuild. ``share``: how much of the gap it made good, with its interval; ``left``: parts that may still be the cause."""

    excluded: list[int]
    recovered: Recovered
    share: float = 0.0
    low: float = 0.0
    high: float = 0.0
    left: int = 0
    seconds: float = 0.0
    error: str = ""


@dataclass(frozen=True)
class State:
    """Where a search stands. ``suspects`` and ``next``: places of parts; ``next`` is what the next rebuild leaves out."""

    parts: int
    ordered: bool
    gap: float  # of the means, more is better
    low: float
    high: float
    visible: float
    suspects: list[int]
    rounds: list[Round] = field(default_factory=list)
    next: list[int] | None = None
    ended: Found = ""

    @property
    def spent(self) -> float:
        return sum(one.seconds for one in self.rounds)


@dataclass(frozen=True)
class Ends:
    """What each request adds to the metric at both ends; ``sign``: times this, more is better."""

    good: NDArray[np.float64]
    bad: NDArray[np.float64]
    units: NDArray[Any]
    sign: float
    seed: int

    def gap(self) -> Difference:
        return paired_bootstrap(self.sign * self.good, self.sign * self.bad, self.units, self.seed)


def begin(parts: int, ends: Ends, *, ordered: bool = False) -> State:
    """Before the first rebuild; ended where the ends agree."""
    gap, suspects = ends.gap(), list(range(parts))
    state = State(parts, ordered, gap.mean, gap.low, gap.high, gap.visible, suspects)
    return _aimed(state) if gap.low > 0 else replace(state, ended="ends_agree")


def judge(state: State, ends: Ends, values: NDArray[np.float64], told: dict[str, Any], budget: float) -> State:
    """The state after the rebuild that it asked for. ``budget``: seconds that all rebuilds may take."""
    if state.next is None:
        return state
    one = _judged(state, ends, values, told)
    after = _narrowed(state, one)
    rounds = [*state.rounds, replace(one, left=len(after.suspects))]
    after = replace(after, rounds=rounds, next=None)
    if after.ended:
        return after
    longest = max(round.seconds for round in rounds)
    return replace(after, ended="budget") if after.spent + longest > budget else _aimed(after)


def _judged(state: State, ends: Ends, values: NDArray[np.float64], told: dict[str, Any]) -> Round:
    excluded, seconds = list(state.next or ()), float(told.get("seconds", 0.0))
    if told.get("error") or len(values) != len(ends.bad):
        return Round(excluded, "undecided", seconds=seconds, error=told.get("error", "it answers other requests"))
    halfway = (ends.good + ends.bad) / 2
    found = paired_bootstrap(ends.sign * values, ends.sign * halfway, ends.units, ends.seed)
    recovered: Recovered = "yes" if found.low > 0 else "no" if found.high < 0 else "undecided"
    share, low, high = (0.5 + by / state.gap for by in (found.mean, found.low, found.high))
    return Round(excluded, recovered, share, low, high, seconds=seconds)


def _narrowed(state: State, one: Round) -> State:
    """What is left to suspect."""
    excluded = set(one.excluded)
    taken = [part for part in state.suspects if part in excluded]
    rest = [part for part in state.suspects if part not in excluded]
    if one.recovered == "yes":
        return replace(state, suspects=taken, ended="found" if len(taken) == 1 else "")
    if not rest:  # the proof of the last one failed
        return replace(state, ended="no_single_cause")
    if one.recovered == "no":
        return replace(state, suspects=rest)
    tried = any(set(before.excluded) == set(rest) for before in state.rounds)
    if state.ordered or tried:  # of parts in an order there is no other half to leave out
        return replace(state, ended="no_single_cause")
    return state


def _aimed(state: State) -> State:
    """With what the next rebuild leaves out: half of the suspects, of the last one itself."""
    last = state.rounds[-1] if state.rounds else None
    if last is not None and last.recovered == "undecided":
        half = [part for part in state.suspects if part not in set(last.excluded)]
    else:
        half = state.suspects[len(state.suspects) // 2 :]
    if state.ordered:
        half = list(range(half[0], state.parts))
    return replace(state, next=half)
