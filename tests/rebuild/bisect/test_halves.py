"""Which of many parts is the cause, on made-up rebuilds whose cause is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.tiers import both
from tidemill.rebuild.bisect.asked import most
from tidemill.rebuild.bisect.halves import Ends, State, begin, judge

N, UNITS = 100, np.arange(100)


def ends(rng: np.random.Generator, gap: float = 1.0, noise: float = 0.5) -> Ends:
    base = rng.normal(0, 1, N)
    return Ends(base + gap + rng.normal(0, noise, N), base + rng.normal(0, noise, N), UNITS, 1.0, seed=0)


def searched(
    parts: int,
    share: Callable[[set[int]], float],
    seed: int = 0,
    *,
    ordered: bool = False,
    gap: float = 1.0,
    noise: float = 0.5,
) -> State:
    """``share``: how much of the gap a rebuild without these parts makes good."""
    rng = np.random.default_rng(seed)
    both_ends = ends(rng, gap, noise)
    state = begin(parts, both_ends, ordered=ordered)
    while not state.ended and len(state.rounds) < 40:
        made = both_ends.bad + share(set(state.next or ())) * gap + rng.normal(0, noise, N)
        state = judge(state, both_ends, made, {"seconds": 1.0}, budget=1e9)
    return state


def one(cause: int) -> Callable[[set[int]], float]:
    return lambda without: float(cause in without)


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("parts", [1, 2, 3, 60])
@pytest.mark.parametrize("apart", both(13, 1))
def test_whichever_part_it_is_it_is_found_within_the_halvings_and_one(parts: int, ordered: bool, apart: int) -> None:
    for cause in range(0, parts, apart if parts > 3 else 1):
        share = (lambda c: lambda without: float(c in without))(cause)
        state = searched(parts, share, cause, ordered=ordered)
        assert (state.ended, state.suspects) == ("found", [cause])
        assert len(state.rounds) <= most(parts)


@pytest.mark.parametrize(
    "share",
    [
        lambda without: float({3, 40} <= without),  # either alone does all of it
        lambda without: len(without & {3, 40}) / 2,  # each a half
        lambda without: 0.0,  # none of them
        lambda without: len(without) / 60,  # each a little
    ],
)
def test_what_no_single_part_does_is_said(share):
    assert searched(60, share).ended == "no_single_cause"


def test_parts_that_harm_only_together_are_found_by_what_heals():
    """Leaving out either heals: one of them is named, for without it alone all is well."""
    state = searched(60, lambda without: float(bool(without & {3, 40})))
    assert state.ended == "found" and state.suspects[0] in (3, 40)


def test_a_rebuild_that_cannot_be_made_decides_nothing():
    both_ends = ends(np.random.default_rng(0))
    state = begin(4, both_ends)
    after = judge(state, both_ends, np.empty(0), {"error": "model: no", "seconds": 1.0}, budget=1e9)
    assert (after.rounds[0].recovered, after.rounds[0].error, after.suspects) == (
        "undecided",
        "model: no",
        [0, 1, 2, 3],
    )
    assert after.next == [0, 1], "the other half"


def test_the_budget_of_time_ends_it_before_the_next_one():
    both_ends = ends(np.random.default_rng(0))
    state = begin(60, both_ends)
    made = both_ends.good
    state = judge(state, both_ends, made, {"seconds": 4.0}, budget=9.0)
    assert not state.ended
    assert judge(state, both_ends, made, {"seconds": 4.0}, budget=9.0).ended == "budget"


@pytest.mark.parametrize("draws", both(30, 1000))
def test_nobody_is_accused_by_noise(draws: int) -> None:
    """Ends that do not differ, and parts that do nothing: a part is named in hardly any."""
    named = sum(searched(60, lambda without: 0.0, seed, gap=0.25, noise=1.0).ended == "found" for seed in range(draws))
    assert named <= 0.05 * draws
