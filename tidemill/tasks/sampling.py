"""Shapley values of a model that nobody looks into, drawn: it is asked what it answers as one input after the other takes the row's value.

Orders of the inputs are drawn in pairs, each with its reverse (antithetic: what one puts early the other puts late), and begin at rows of
training that the bundle keeps (Strumbelj and Kononenko 2014; Mitchell et al. 2022). numpy only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ModelError
from tidemill.store.artifacts.codecs import Bundle, decode, encode
from tidemill.tasks.port import Unit

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]
FILE = "background.npz"
KEPT = 32
"""Rows of training that an opaque learner is tried with."""
MOST_PAIRS, LEAST_PAIRS = 64, 4
"""Pairs of orders that are drawn at most, and from which an error can be told."""
AT_ONCE, BREATH = 4_000, 0.1
"""Rows that are asked at a time, and seconds that this may take: who asks for an answer meanwhile has his turn."""
Ask = Callable[[F8], F8]


class Contributed(NamedTuple):
    """``by``: rows x outputs x columns, what each adds; ``base`` and ``score``: rows x outputs; ``error``: as ``by``, where it is sampled."""

    by: F8
    base: F8
    score: F8
    unit: Unit
    method: str
    error: F8 | None = None
    samples: int = 0


def background(x: F8) -> dict[str, bytes]:
    """The file of rows that an opaque learner is tried with: a draw of those it learned from."""
    rows = np.random.default_rng(0).permutation(len(x))[:KEPT]
    return {FILE: encode("arrays", {"x": x[np.sort(rows)]})}


def of_bundle(bundle: Bundle) -> F8 | None:
    """The background rows of a bundle; None of one that has none."""
    return decode("arrays", bundle.files[FILE])["x"] if FILE in bundle.files else None


def stacked(found: Sequence[Contributed]) -> Contributed:
    """Those of single rows as one; the fewest samples stand for all."""
    by, base, score = (np.concatenate(part) for part in zip(*((one.by, one.base, one.score) for one in found)))
    error = np.concatenate([one.error for one in found if one.error is not None])
    return found[0]._replace(by=by, base=base, score=score, error=error, samples=min(one.samples for one in found))


def sampled(ask: Ask, x: F8, rows: F8, groups: Sequence[I8], unit: Unit, until: float, pairs: int = 0) -> Contributed:
    """The Shapley values of one row, drawn: columns take its values in a random order and in the reverse one, from background rows on.

    ``x``: the row; ``rows``: the background; ``groups``: columns that move together, of which the first is given what they add;
    ``pairs``: so many and no other. What is drawn adds up exactly; each has its standard error by pairs of orders. Raises ModelError
    where too few are drawn by ``until``.
    """
    rng, found, used = np.random.default_rng(0), list[F8](), list[F8]()
    most, n, left = pairs or MOST_PAIRS, 1, True
    while left and len(found) < most:
        began = time.monotonic()
        moved, start = _drawn(ask, x, rows, groups, len(found), n, rng)
        found += moved
        used += start
        now = time.monotonic()
        each = (now - began) / n
        n = min(most - len(found), max(1, int(min(AT_ONCE / (2 * len(groups) + 2), BREATH / max(each, 1e-9)))))
        left = bool(pairs) or now + n * each < until
    if len(found) < LEAST_PAIRS:
        raise ModelError("it could not be tried often enough in the time there is", hint="ask without explain")
    return _mean(np.array(found), np.array(used), ask(x[None]), groups, unit, len(found))


def _drawn(
    ask: Ask, x: F8, rows: F8, groups: Sequence[I8], done: int, n: int, rng: np.random.Generator
) -> tuple[list[F8], list[F8]]:
    """What each group adds in each of ``n`` pairs of orders (outputs x groups), and the answers to where they begin."""
    orders = [rng.permutation(len(groups)) for _ in range(n)]
    each = [
        _steps(x, rows[(done + i) % len(rows)], groups, way) for i, one in enumerate(orders) for way in (one, one[::-1])
    ]
    answers = ask(np.concatenate(each)).reshape(2 * n, len(groups) + 1, -1)
    moved, start = list[F8](), list[F8]()
    for i, order in enumerate(orders):
        pair = np.zeros((2, answers.shape[2], len(groups)))
        for half, way in enumerate((order, order[::-1])):
            pair[half][:, way] = np.diff(answers[2 * i + half], axis=0).T
        moved.append(pair.mean(axis=0))
        start.append(answers[2 * i, 0])
    return moved, start


def _steps(x: F8, row: F8, groups: Sequence[I8], order: I8) -> F8:
    """The background row, and what becomes of it as one group after the other takes the values of ``x``."""
    out = np.tile(row, (len(groups) + 1, 1))
    for step, group in enumerate(order.tolist(), 1):
        out[np.ix_(range(step, len(out)), groups[group])] = x[groups[group]]
    return out


def _mean(moved: F8, start: F8, score: F8, groups: Sequence[I8], unit: Unit, pairs: int) -> Contributed:
    first, columns = [int(group[0]) for group in groups], sum(len(group) for group in groups)
    by, error = np.zeros((2, 1, moved.shape[1], columns))
    by[0][:, first] = moved.mean(axis=0)
    error[0][:, first] = moved.std(axis=0, ddof=1) / np.sqrt(pairs)
    return Contributed(by, start.mean(axis=0)[None], score, unit, "sampled_shapley", error, pairs)
