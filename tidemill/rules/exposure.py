"""Places that are given to items which must be seen, whatever the model says of them: drawn by the prediction's id, with its chance.

Each place of the answer is given away with the probability ``share``, to an item drawn evenly from those of the group that may be answered
and are not in the list already; the list goes on behind it. So the group has no less than its share of all places, each of its items
alike, over all answers together and whoever gives them: nothing is counted anywhere. The draw is a hash, so that the same prediction is
the same answer. The chance that an item stands where it stands is known in closed form, and is what off-policy estimates divide by.
"""

from __future__ import annotations

from hashlib import shake_256
from math import exp, lgamma, log
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
    noise = shake_256(f"exposure\x1f{unit}".encode()).digest(16 * k)
    left, found, before = list(range(group)), list[Place](), 0
    for place in range(k):
        coin, which = (int.from_bytes(noise[at : at + 8], "big") for at in (16 * place, 16 * place + 8))
        if left and coin < share * 2**64:
            chance = share * _fewer(place, group, share) / group
            found.append(Place(True, left.pop(which % len(left)), chance))
            before += 1
        else:
            found.append(Place(False, place - before, _stays(place, before, group, share)))
    return found


def _stays(place: int, before: int, group: int, share: float) -> float:
    """Of an item of the list at this place, behind so many that were drawn."""
    if before < group:
        return _exactly(place, before, share) * (1 - share)
    return 1.0 - _fewer(place, group, share)


def _fewer(coins: int, than: int, share: float) -> float:
    """The chance of fewer heads than this."""
    return 1.0 if than > coins else sum(_exactly(coins, heads, share) for heads in range(than))


def _exactly(coins: int, heads: int, share: float) -> float:
    if share >= 1.0:
        return float(heads == coins)
    ways = lgamma(coins + 1) - lgamma(heads + 1) - lgamma(coins - heads + 1)
    return exp(ways + heads * log(share) + (coins - heads) * log(1 - share))
