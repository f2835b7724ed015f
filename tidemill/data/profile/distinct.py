"""Counting different numbers by HyperLogLog, a million at a time: the very sketch that adding one after the other gives.

A register of the sketch keeps the rarest hash of its share of the values, so that among many values few change
anything. Which ones is found for whole blocks (the sketch's own hash, MurmurHash3 x64 128 with seed 9001, in numpy), and only
they are added, in their order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from datasketches import hll_sketch
from numpy.typing import NDArray

U8 = NDArray[np.uint64]
FEW = 4_096
"""So many are added one by one: the sketch keeps its first values apart, before it has registers."""
_ENOUGH = 1_024  # different values among them after which it surely has registers
_BLOCK = 65_536  # a block stays in the processor's cache
_SEED = 9_001
_C1, _C2 = np.uint64(0x87C37B91114253D5), np.uint64(0x4CF5AD432745937F)
_M1, _M2 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
_ALL = np.uint64(2**64 - 1)


def add(sketch: hll_sketch, numbers: NDArray[Any]) -> None:
    """Add these finite float64, or int64, to an empty sketch."""
    first = numbers[:FEW]
    if len(numbers) > FEW and len(np.unique(first)) < _ENOUGH:
        numbers = _in_order(numbers)
        first = numbers[:FEW]
    _one_by_one(sketch, first)
    if len(numbers) > FEW:
        _the_rest(sketch, numbers)


def _in_order(numbers: NDArray[Any]) -> NDArray[Any]:
    """The different ones, as they first appear."""
    import polars as pl

    found: NDArray[Any] = pl.Series(numbers).unique(maintain_order=True).to_numpy()
    return found


def _one_by_one(sketch: hll_sketch, numbers: NDArray[Any]) -> None:
    for number in numbers.tolist():
        sketch.update(number)


def _the_rest(sketch: hll_sketch, numbers: NDArray[Any]) -> None:
    """Those that raise a register, block by block; a value that raises none would change nothing."""
    registers = 1 << sketch.lg_config_k
    limit = np.full(registers, _ALL)  # of each register the rarest hash so far: only a smaller one can raise it
    start, size = 0, FEW
    while start < len(numbers):
        block = numbers[start : start + size]
        address, rank = hashes(block)
        place = (address & np.uint64(registers - 1)).astype(np.int64)
        raising = np.flatnonzero(rank <= limit[place])
        if start:  # the first block is in already
            _one_by_one(sketch, block[raising])
        np.minimum.at(limit, place[raising], _below(rank[raising]))
        start, size = start + size, min(2 * size, _BLOCK)


def _below(rank: U8) -> U8:
    """The largest hash with more leading zeros than this one."""
    zeros = 64 - np.frexp((rank >> np.uint64(11)).astype(np.float64))[1] - 11
    zeros = np.where(
        rank >> np.uint64(11) == 0, 53, zeros
    )  # beyond, none is told from the other: it is added once more
    return _ALL >> (zeros + 1).astype(np.uint64)


def hashes(numbers: NDArray[Any]) -> tuple[U8, U8]:
    """Both halves of the 128 bits that the sketch makes of each number."""
    key = (numbers + 0.0 if numbers.dtype.kind == "f" else numbers).view(np.uint64) * _C1  # -0.0 is 0.0
    key = _rotated(key, 31)
    key *= _C2
    second = np.uint64(_SEED ^ 8)
    key ^= second
    key += second
    low = key.copy()
    high = key
    high += second
    _mix(low)
    _mix(high)
    low += high
    high += low
    return low, high


def _rotated(x: U8, by: int) -> U8:
    left = x << np.uint64(by)
    x >>= np.uint64(64 - by)
    left |= x
    return left


def _mix(x: U8) -> None:
    x ^= x >> np.uint64(33)
    x *= _M1
    x ^= x >> np.uint64(33)
    x *= _M2
    x ^= x >> np.uint64(33)
