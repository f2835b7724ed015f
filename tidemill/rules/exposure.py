"""Places that are given to items which must be seen, whatever the model says of them: drawn by the prediction's id, with its chance.

Each place of the answer is given away with the probability ``share``, to an item drawn evenly from those of the group that may be answered
and are not in the list already; the list goes on behind it. So the group has no less than its share of all places, each of its items
alike, over all answers together and whoever gives them: nothing is counted anywhere. The draw is a hash, so that the same prediction is
the same answer. The chance that an item stands where it stands is known in closed form, and is what off-policy estimates divide by.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import shake_256
from math import exp, lgamma, log
from struct import unpack
from typing import NamedTuple


class Place(NamedTuple):
    """What stands at a place: an item of the list, or of the group, by its number there; and the chance of it."""

    of_group: bool
    number: int
    propensity: float


def drawn(unit: str, k: int, group: int, share: float) -> list[Place]:
    """The k places of an answer, of a list of k and a group of so many.

    >>> [place.of_group for place in drawn("pred_1", 3, 5, 1.0)]
    [True, True, True]
    >>> [place.number for place in drawn("pred_1", 3, 0, 0.5)]
    [0, 1, 2]
    """
    most, limit = min(group, k), share * 2**64  # beyond that no chance depends on the group
    noise = unpack(f">{2 * k}Q", shake_256(f"exposure\x1f{unit}".encode()).digest(16 * k))
    found, drew = list[Place](), list[int]()
    for place, (coin, which) in enumerate(zip(noise[::2], noise[1::2])):
        before = len(drew)
        if before < group and coin < limit:
            drew.append(_nth_left(drew, which % (group - before)))
            found.append(Place(True, drew[-1], share * _fewer(place, most, share) / group))
        else:
            found.append(Place(False, place - before, _stays(place, before, most, share)))
    return found


def _nth_left(drew: list[int], nth: int) -> int:
    """Of the numbers from 0 on, less those that were drawn.

    >>> _nth_left([1, 0], 0), _nth_left([1, 0], 1), _nth_left([2], 2)
    (2, 3, 3)
    """
    for one in sorted(drew):
        nth += nth >= one
    return nth


@lru_cache(4_096)
def _stays(place: int, before: int, group: int, share: float) -> float:
    """Of an item of the list at this place, behind so many that were drawn."""
    if before < group:
        return _exactly(place, before, share) * (1 - share)
    return 1.0 - _fewer(place, group, share)


@lru_cache(4_096)
def _fewer(coins: int, than: int, share: float) -> float:
    """The chance of fewer heads than this."""
    return 1.0 if than > coins else sum(_exactly(coins, heads, share) for heads in range(than))


def _exactly(coins: int, heads: int, share: float) -> float:
    if share >= 1.0:
        return float(heads == coins)
    ways = lgamma(coins + 1) - lgamma(heads + 1) - lgamma(coins - heads + 1)
    return exp(ways + heads * log(share) + (coins - heads) * log(1 - share))
