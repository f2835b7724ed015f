"""How the answer goes with one value of a request, over the rows that the model learned from, and how many of them lie where.

A number that goes its own way is varied in all rows, the others held: partial dependence (Friedman 2001), with how far single rows
differ around it (ICE; Goldstein et al. 2015). One that goes with another cannot be: rows would be asked that never were. Then what
a small step changes is summed up, each step in the rows that are there: accumulated local effects (Apley and Zhu 2020).
Where no row lies nothing is known of the model: such stretches are named, and no picture draws over them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.evaluation.inputs.alike import associations
from tidemill.evaluation.port import Examination, Look
from tidemill.evaluation.sentences import of_curve
from tidemill.learning.evaluate import F8
from tidemill.tasks.tabular.inputs import Input
from tidemill.tasks.tabular.learners import FOREIGN
from tidemill.tasks.tabular.sample import Sample
from tidemill.tasks.tabular.training import TabularTrainer
from tidemill.types import JsonObject

ROWS, SLOW_ROWS = 2_000, 200
"""Rows that are looked at; of a learner that somebody else made fewer."""
VARIED = 100
"""Of them, so many are asked with each value."""
POINTS, LEVELS, BARS = 20, 12, 20
MOST = 8
"""Inputs that are drawn: those that move the answer most."""
CORRELATED = 0.6
"""From this association with another input on a number is not varied alone."""
EMPTY = 0.1
"""A stretch without a row that is so much of the range is no place to draw a line over."""


def dependence(sample: Sample, seed: int) -> JsonObject:
    """The curve of each input that moves the answer most: its points, the rows beneath, the stretches without any. Raises ModelError."""
    together = associations(sample.x, sample.categories)
    np.fill_diagonal(together, 0.0)
    return {
        "answer": sample.answer,
        "of": "the value" if sample.scorer.labels is None else f"the probability of {sample.answer!r}",
        "rows": len(sample.x),
        "mean": _figure(_told(sample, sample.x).mean()),
        "inputs": [_curve(sample, place, together[place]) for place in _moving(sample, seed)],
    }


def _told(sample: Sample, x: F8) -> F8:
    """The watched output of these rows."""
    told: F8 = sample.told(x)[:, sample.watched]
    return told


def _moving(sample: Sample, seed: int) -> list[int]:
    """The inputs that move the answer most when they are taken from other rows; no number of a text's vector."""
    some = sample.some(VARIED)
    before, moved = _told(some, some.x), {}
    for place, one in enumerate(some.scorer.inputs):
        if one.embedding is None:
            x = some.x.copy()
            x[:, place] = np.random.default_rng([seed, place]).permutation(x[:, place])
            moved[place] = float(np.abs(_told(some, x) - before).mean())
    return [place for place in sorted(moved, key=lambda p: (-moved[p], p))[:MOST] if moved[place] > 0]


def _curve(sample: Sample, place: int, together: F8) -> JsonObject:
    one, values = sample.scorer.inputs[place], sample.x[:, place]
    other = int(together.argmax())
    near = float(together[other])
    found: JsonObject = {"input": one.name, "kind": one.kind, "missing": int(np.isnan(values).sum())}
    if near >= CORRELATED:
        found["goes_with"] = {"input": sample.scorer.inputs[other].name, "association": round(near, 3)}
    if one.kind == "category":
        return {**found, "method": "partial dependence", "levels": list(_levels(sample, place, one))}
    there = values[~np.isnan(values)]
    grid = _grid(there)
    if near >= CORRELATED and len(grid) > 2:
        found |= {"method": "accumulated local effects", "points": list(_accumulated(sample, place, grid))}
    else:
        found |= {"method": "partial dependence", "points": list(_partial(sample, place, grid))}
    return {**found, "density": density(there, grid), "empty": empty(there, grid)}


def _grid(there: F8) -> F8:
    """Values that are there, as many rows from one to the next."""
    return np.unique(np.quantile(there, np.linspace(0, 1, POINTS), method="nearest"))


def partial(sample: Sample, place: int, grid: F8) -> F8:
    """Each row's answer with this value in the place of its own (ICE): values x rows. Its mean by value is partial dependence."""
    out = []
    for value in grid:
        x = sample.x.copy()
        x[:, place] = value
        out.append(_told(sample, x))
    return np.array(out)


def _partial(sample: Sample, place: int, grid: F8) -> Iterator[JsonObject]:
    told = partial(sample.some(VARIED), place, grid)
    for value, row in zip(grid.tolist(), told, strict=True):
        low, high = np.quantile(row, [0.1, 0.9]).tolist()
        yield {"at": value, "answer": _figure(row.mean()), "low": _figure(low), "high": _figure(high)}


def accumulated(sample: Sample, place: int, grid: F8) -> F8:
    """Accumulated local effects at these edges, in the answer's unit: centred on the mean answer. Rows without the value say nothing."""
    values = sample.x[:, place]
    rows = ~np.isnan(values)
    x = sample.x[rows]
    step = np.clip(np.searchsorted(grid, values[rows], side="left"), 1, len(grid) - 1)
    ends = []
    for edge in (step, step - 1):
        moved = x.copy()
        moved[:, place] = grid[edge]
        ends.append(_told(sample, moved))
    counts = np.bincount(step, minlength=len(grid))[1:]
    sums = np.bincount(step, ends[0] - ends[1], len(grid))[1:]
    curve = np.concatenate([[0.0], np.cumsum(sums / np.maximum(counts, 1))])
    centre = float(((curve[1:] + curve[:-1]) / 2 * counts).sum()) / max(int(counts.sum()), 1)
    return np.asarray(curve - centre + _told(sample, x).mean())


def _accumulated(sample: Sample, place: int, grid: F8) -> Iterator[JsonObject]:
    for value, answer in zip(grid.tolist(), accumulated(sample, place, grid).tolist(), strict=True):
        yield {"at": value, "answer": _figure(answer)}


def _levels(sample: Sample, place: int, one: Input) -> Iterator[JsonObject]:
    """The categories that most rows have, the most frequent first; those of no row are not asked."""
    names: list[Any] = [*one.categories, "others"]
    codes, counts = np.unique(sample.x[:, place][~np.isnan(sample.x[:, place])], return_counts=True)
    order = np.argsort(-counts, kind="stable")[:LEVELS]
    told = partial(sample.some(VARIED), place, codes[order])
    for code, n, row in zip(codes[order].astype(int).tolist(), counts[order].tolist(), told, strict=True):
        low, high = np.quantile(row, [0.1, 0.9]).tolist()
        said = {"answer": _figure(row.mean()), "low": _figure(low), "high": _figure(high), "rows": n}
        yield {"at": str(names[code]) if not isinstance(names[code], bool) else str(names[code]).lower(), **said}


def density(there: F8, grid: F8) -> list[JsonObject]:
    """How many rows lie in each part of the range, parts of equal width.

    >>> density(np.array([0.0, 0.1, 1.0]), np.array([0.0, 1.0]))[0]
    {'from': 0.0, 'to': 0.05, 'rows': 1}
    """
    if len(grid) < 2:
        return [{"from": float(grid[0]), "to": float(grid[0]), "rows": len(there)}] if len(grid) else []
    counts, edges = np.histogram(there, BARS, (float(grid[0]), float(grid[-1])))
    pairs = zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True)
    return [{"from": _figure(low), "to": _figure(high), "rows": n} for low, high, n in pairs]


def empty(there: F8, grid: F8) -> list[list[float]]:
    """Stretches of the range, each a tenth of it or more, in which no row lies.

    >>> there = np.concatenate([np.linspace(0, 0.2, 30), np.linspace(0.9, 1, 30)])
    >>> empty(there, np.array([0.0, 1.0]))
    [[0.2, 0.9]]
    """
    values = np.unique(there)
    if len(values) <= POINTS:  # each of them is a point of its own: a line between two is a help to the eye
        return []
    wide: NDArray[np.int64] = np.flatnonzero(np.diff(values) >= EMPTY * (grid[-1] - grid[0]))
    return [[_figure(values[i]), _figure(values[i + 1])] for i in wide.tolist()]


def _figure(value: float) -> float:
    return float(f"{float(value):.6g}")


def _of(look: Look) -> JsonObject:
    trainer = look.trainer
    assert isinstance(trainer, TabularTrainer)
    most = SLOW_ROWS if look.recipe.get("method") in FOREIGN else ROWS
    return dependence(trainer.learned(look.bundle, look.cut.test_start, most), look.seed)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _card(found: JsonObject) -> str:
    lines = [f"- {_capital(of_curve(one, found['of']))}. By {one['method']}." for one in found["inputs"]]
    return f"## How the answer goes with its inputs\nOver {found['rows']} rows that it learned from.\n" + "\n".join(
        lines
    )


DEPENDENCE = Examination("dependence", lambda look: isinstance(look.trainer, TabularTrainer), _of, _card)
