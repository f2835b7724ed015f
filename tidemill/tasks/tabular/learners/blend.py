"""A weighted mean of what several learners answer: their errors differ, so that together they err less. numpy only.

Members are chosen as Caruana et al. (2004) do: one after the other, the one that makes the mean best, any of them again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import product

import numpy as np

from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.tabular.learners.port import F8, Asked, Learner, Problem, Row, Terms, same
from tidemill.types import JsonObject

METHOD = "blend"
STEPS, MOST = 8, 4
"""So many are added, of so many different ones at most."""
Fit = Callable[[JsonObject, Problem], dict[str, bytes]]
Open = Callable[[JsonObject, Bundle], Asked]
Rows = Callable[[F8], F8]
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(32)
NODES = (_POINTS + 1) / 2, _WEIGHTS / 2
"""Places on a part of the way from the base to the score, and how much each counts."""
FAR, MOST_PARTS = 16.0, 64
"""So far two labels' log-odds may come apart on one part of the way for its integral to be right to 1e-9; and parts at most."""
STILL = 1e-6
"""Scores that moved by less have not moved."""


def learner(fit: Fit, opened: Open) -> Learner:
    """The learner, by how a member is fitted and opened."""

    def fit_all(recipe: JsonObject, problem: Problem) -> dict[str, bytes]:
        members = enumerate(recipe["of"])
        return {f"{i}.{name}": data for i, member in members for name, data in fit(member, problem).items()}

    def open_all(bundle: Bundle) -> Asked:
        recipe = bundle.manifest["recipe"]
        asked = [opened(member, _member(bundle, i)) for i, member in enumerate(recipe["of"])]
        weights = [float(weight) for weight in recipe["weights"]]

        def row(row: Row) -> F8:
            return mean([one.row(row) for one in asked], weights)

        def rows(x: F8) -> F8:
            return mean([one.rows(x) for one in asked], weights)

        terms = [one.terms for one in asked if one.terms is not None]
        return Asked(row, rows, shared(terms, weights, rows) if len(terms) == len(asked) else None)

    return Learner(fit_all, open_all, weighs=True, libraries=("lightgbm", "scipy"))


def _member(bundle: Bundle, place: int) -> Bundle:
    start = f"{place}."
    return Bundle(
        bundle.manifest,
        {name.removeprefix(start): data for name, data in bundle.files.items() if name.startswith(start)},
    )


def mean(answers: Sequence[F8], weights: Sequence[float]) -> F8:
    """The mean of these answers."""
    return np.asarray(sum(weight * one for weight, one in zip(weights, answers, strict=True)))


def shared(terms: Sequence[Terms], weights: Sequence[float], rows: Rows | None = None) -> Terms:
    """What these members' mean adds up from, on the scale of the answers: there the mean is one.

    A member's scores are brought to that scale along the straight line from its base to its score, on which each column moves the
    answer by its share of the way (Aumann and Shapley 1974): what they add is exact, and their sum, too.
    """

    def of(x: F8) -> F8:
        return mean([answered(one.of(x), one) for one in terms], weights)

    def score(x: F8) -> F8:
        return mean([one.link(one.score(x)) for one in terms], weights) if rows is None else rows(x)

    units = {one.unit for one in terms}
    labels = units & {"log-odds", "probability"}
    how = " + ".join(sorted({one.method for one in terms}))
    return Terms(of, score, same, "probability" if labels else "value", how)


def answered(made: F8, terms: Terms) -> F8:
    """Terms on the scale of the answers: rows x outputs x (inputs + 1)."""
    if terms.link is same:
        return made
    base, by = made[..., -1], made[..., :-1]
    start, moved = terms.link(base), by.sum(axis=2)
    if by.shape[1] == 1:
        step = STILL * np.maximum(1.0, np.abs(base))
        still = np.abs(moved) < step  # what adds up to nothing went one way and back: by the slope that is there
        low, high = np.where(still, base - step, base), np.where(still, base + step, base + moved)
        slope = (terms.link(high) - terms.link(low)) / (high - low)
        return np.concatenate([by * slope[..., None], start[..., None]], axis=2)
    out, parts = (
        np.zeros_like(by),
        max(1, min(MOST_PARTS, math.ceil(float(np.ptp(moved, axis=1).max(initial=0.0)) / FAR))),
    )
    for part, (place, weight) in product(range(parts), zip(*NODES, strict=True)):
        # of the softmax: d p_c / d s_k = p_c (1[c = k] - p_k)
        chance = terms.link(base + (part + place) / parts * moved)
        out += weight / parts * chance[..., None] * (by - (chance[..., None] * by).sum(axis=1, keepdims=True))
    return np.concatenate([out, start[..., None]], axis=2)


def chosen(names: Sequence[int], score: Callable[[Mapping[int, float]], float]) -> dict[int, float]:
    """The members and their weights, of these beginning with the first. ``score``: of weights by member; greater is better."""
    times: dict[int, int] = {names[0]: 1}
    best = score({names[0]: 1.0})
    for _ in range(STEPS - 1):
        open_to = names if len(times) < MOST else [*times]
        tries = [({**times, name: times.get(name, 0) + 1}, name) for name in open_to]
        scored = [(score(_shares(one)), one) for one, _ in tries]
        top, found = max(scored, key=lambda pair: pair[0])
        if top <= best:
            break
        best, times = top, found
    return _shares(times)


def _shares(times: Mapping[int, int]) -> dict[int, float]:
    total = sum(times.values())
    return {name: n / total for name, n in times.items()}


def recipe_of(task: str, of: Sequence[JsonObject], weights: Sequence[float]) -> JsonObject:
    """The recipe of these members."""
    return {"method": METHOD, "task": task, "of": list(of), "weights": list(weights)}
