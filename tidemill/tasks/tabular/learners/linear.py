"""Linear and logistic regression: one weight a number, one a category, one for what is missing; shrunk by the square of the weights.

Numbers are standardised and held within what training saw; rare and unknown categories have one weight, what is missing another.
The loss is that of the metric: squared or absolute errors, or the log loss. L-BFGS finds the weights; a bundle holds them folded back
to the inputs' own units, so that a row costs a few sums. scikit-learn's Ridge (``alpha`` = ``l2``) and LogisticRegression
(``C`` = 1/``l2``) give the same weights. A fit that begins from other weights is shrunk towards those (`Problem.start`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ModelError
from tidemill.learning.bundle import file_of
from tidemill.store.artifacts.codecs import Bundle, decode, encode
from tidemill.tasks.port import Unit
from tidemill.tasks.tabular.learners.port import F8, Asked, Learner, Problem, Row, Terms, logistic, same, softmax
from tidemill.types import JsonObject

FILE = "linear.npz"
SIZES = {"hour": 24, "weekday": 7, "month": 13}
"""Inputs of the calendar that are places, like categories: how many there are."""
WITHIN = 0.001, 0.999
"""Quantiles of a number: beyond them it counts as no more than they do."""
NEAR = 0.05
"""Errors below this, in spreads of the target, count as squares where the loss is absolute: L-BFGS needs a slope."""
LARGEST = 1e140
"""Numbers beyond this count as no more: the square of a sum of them is still a number."""
STEPS = 500
I8 = NDArray[np.int64]


def defaults(task: str, metric: str) -> JsonObject:
    """How much the weights are shrunk, and for values which errors count.

    >>> defaults("regress", "mae")
    {'l2': 1.0, 'loss': 'absolute'}
    """
    loss = {} if task == "classify" else {"loss": "absolute" if metric == "mae" else "squared"}
    return {"l2": 1.0, **loss}


@dataclass(frozen=True)
class Design:
    """What is made of the inputs: numbers (standardised), which of them may be missing, and a place for each category."""

    numbers: I8
    places: I8
    offsets: I8
    """Where the weights of each column of categories begin."""
    sizes: I8
    """How many categories each has; two more places are those of rare ones and of what is missing."""
    low: F8
    high: F8
    centre: F8
    scale: F8

    @staticmethod
    def of(problem: Problem) -> Design:
        sizes = {
            place: SIZES.get(one.kind, len(one.categories))
            for place, one in enumerate(problem.inputs)
            if one.kind == "category" or one.kind in SIZES
        }
        numbers = np.array([place for place in range(len(problem.inputs)) if place not in sizes], np.int64)
        x = problem.x[:, numbers]
        x = np.where(np.isfinite(x), np.clip(x, -LARGEST, LARGEST), np.nan)
        empty = np.isnan(x).all(axis=0)
        bounds = np.nanquantile(np.where(empty, 0.0, x), WITHIN, axis=0) if len(numbers) else np.empty((2, 0))
        low, high = bounds
        held = np.clip(np.where(empty, 0.0, x), low, high)
        spread = np.nanstd(held, axis=0)
        counts = np.array([*sizes.values()], np.int64)
        offsets = np.concatenate([[0], np.cumsum(counts + 2)])[:-1].astype(np.int64)
        scale = np.where(spread > 0, spread, 1.0)
        return Design(
            numbers, np.array([*sizes], np.int64), offsets, counts, low, high, np.nanmean(held, axis=0), scale
        )

    def made(self, x: F8) -> tuple[F8, F8, I8]:
        """Numbers (standardised, 0 where missing), where they are missing, and the places of categories."""
        numbers, codes = x[..., self.numbers], x[..., self.places]
        gone, unknown = np.isnan(numbers), np.isnan(codes)
        z = (np.clip(numbers, self.low, self.high) - self.centre) / self.scale
        places = np.where(unknown, self.sizes + 1, np.nan_to_num(codes)).astype(np.int64) + self.offsets
        return np.where(gone, 0.0, z), gone.astype(np.float64), places

    def json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def fit(recipe: JsonObject, problem: Problem) -> dict[str, bytes]:
    """The weights: of numbers, of what is missing, of categories; and the intercept."""
    from scipy.optimize import minimize

    before, labels = _before(problem), problem.labels
    design = _design(before) if before else Design.of(problem)
    z, gone, places = design.made(problem.x)
    y, centre, scale = (problem.y, 0.0, 1.0) if labels is not None else _standardised(problem.y)
    outputs = len(labels) if labels is not None and len(labels) > 2 else 1
    loss = _loss(str(recipe.get("loss", "")), y, labels)
    counts = np.ones((len(y), 1)) if problem.by_row is None else problem.by_row[:, None]
    cells = int((design.sizes + 2).sum())
    shapes = [(1, outputs), (z.shape[1], outputs), (z.shape[1], outputs), (cells, outputs)]
    ends = np.cumsum([rows * outputs for rows, _ in shapes])
    n, shrink = len(y), float(recipe["l2"])
    toward = _toward(before, centre, scale) if before else np.zeros(ends[-1])

    def cut(weights: F8) -> list[F8]:
        return [part.reshape(shape) for part, shape in zip(np.split(weights, ends[:-1]), shapes, strict=True)]

    def cost(weights: F8) -> tuple[float, F8]:
        bias, number, missing, table = cut(weights)
        each, slope = loss(bias + z @ number + gone @ missing + table[places].sum(axis=1))
        value, slope = float((each * counts).sum()), slope * counts
        cells_slope = [np.bincount(places.ravel(), np.repeat(one, places.shape[1]), cells) for one in slope.T]
        parts = [slope.sum(axis=0, keepdims=True), z.T @ slope, gone.T @ slope, np.stack(cells_slope, axis=1)]
        gradient = np.concatenate([part.ravel() for part in parts])
        free = weights - toward
        free[:outputs] = 0.0  # the intercept is not shrunk
        return (value + shrink / 2 * float(free @ free)) / n, (gradient + shrink * free) / n

    found = minimize(
        cost,
        toward,
        jac=True,
        method="L-BFGS-B",
        bounds=_bounds(problem, design, outputs, int(ends[-1])),
        options={"maxiter": STEPS, "gtol": 1e-8, "ftol": 1e-12},
    )
    bias, number, missing, table = (part * scale for part in cut(found.x))
    arrays = {"bias": bias[0] + centre, "number": number, "missing": missing, "table": table}
    arrays["usual"] = added(design, arrays, problem.x).mean(axis=0)
    return {FILE: encode("arrays", {**arrays, **design.json()})}


def _before(problem: Problem) -> dict[str, Any] | None:
    """The weights that these are shrunk towards, where the fit begins from some. Raises ModelError."""
    if problem.start is None:
        return None
    if problem.start.manifest["learner"] != "linear":
        raise ModelError("a linear model goes on from a linear model", hint="begin from none")
    return _stored(problem.start)


def _stored(bundle: Bundle) -> dict[str, Any]:
    """The arrays of a bundle. One that was made when rare categories counted as missing has one weight for both: it stands for each."""
    found: dict[str, Any] = decode("arrays", file_of(bundle, FILE))
    last = found["offsets"] + found["sizes"]  # the place after a column's categories
    if len(last) and len(found["table"]) == last[-1] + 1:
        found["table"] = np.insert(found["table"], last + 1, found["table"][last], axis=0)
        found["offsets"] = found["offsets"] + np.arange(len(last))
    return found


def _design(stored: dict[str, Any]) -> Design:
    return Design(**{name: stored[name] for name in Design.__dataclass_fields__})


def _toward(before: dict[str, Any], centre: float, scale: float) -> F8:
    """Stored weights as the fit has them, on the scale of its target."""
    parts = [before["bias"] - centre, *(before[name] for name in ("number", "missing", "table"))]
    return np.concatenate([np.ravel(part) / scale for part in parts])


def _bounds(
    problem: Problem, design: Design, outputs: int, weights: int
) -> list[tuple[float | None, float | None]] | None:
    """Weights of numbers with which the answer may only rise, or only fall; of more than two labels there is no such way."""
    if outputs > 1 or not any(problem.ways):
        return None
    ways = {1: (0.0, None), -1: (None, 0.0), 0: (None, None)}
    numbers = [ways[problem.ways[place]] for place in design.numbers]
    return [(None, None), *numbers, *[(None, None)] * (weights - 1 - len(numbers))]


def _standardised(y: F8) -> tuple[F8, float, float]:
    centre, scale = float(y.mean()), float(y.std()) or 1.0
    return (y - centre) / scale, centre, scale


Loss = Callable[[F8], tuple[F8, F8]]


def _loss(name: str, y: F8, labels: list[Any] | None) -> Loss:
    """(what the inputs add up to: rows x outputs) → the loss of each row (rows x 1), and its slope."""
    if labels is None:
        return _absolute(y) if name == "absolute" else _squared(y)
    return _logistic(y) if len(labels) == 2 else _softmax(y, len(labels))


def _squared(y: F8) -> Loss:
    def loss(told: F8) -> tuple[F8, F8]:
        off = told - y[:, None]
        return off * off / 2, off

    return loss


def _absolute(y: F8) -> Loss:
    def loss(told: F8) -> tuple[F8, F8]:
        off = told - y[:, None]
        length = np.sqrt(off * off + NEAR * NEAR)
        return length - NEAR, off / length

    return loss


def _logistic(y: F8) -> Loss:
    def loss(told: F8) -> tuple[F8, F8]:
        return np.logaddexp(0.0, told) - y[:, None] * told, logistic(told) - y[:, None]

    return loss


def _softmax(y: F8, outputs: int) -> Loss:
    true = np.eye(outputs)[y.astype(np.int64)]

    def loss(told: F8) -> tuple[F8, F8]:
        chance = softmax(told)
        return -np.log(np.maximum((chance * true).sum(axis=1, keepdims=True), 1e-300)), chance - true

    return loss


def added(design: Design, stored: dict[str, Any], x: F8) -> F8:
    """What each column adds to each output: rows x outputs x columns."""
    z, gone, places = design.made(x)
    out = np.zeros((len(x), stored["table"].shape[1], x.shape[1]))
    numbers = z[..., None] * stored["number"] + gone[..., None] * stored["missing"]
    out[..., design.numbers] = np.swapaxes(numbers, 1, 2)
    out[..., design.places] = np.swapaxes(stored["table"][places], 1, 2)
    return out


def open_linear(bundle: Bundle) -> Asked:
    stored = _stored(bundle)
    design = _design(stored)
    bias, number, missing, table = (stored[name] for name in ("bias", "number", "missing", "table"))
    values = bundle.manifest["labels"] is None
    usual = stored.get("usual", 0.0)

    def score(row: Row) -> F8:
        z, gone, places = design.made(np.asarray(row, np.float64))
        return np.asarray(bias + z @ number + gone @ missing + table[places].sum(axis=-2))

    def link(told: F8) -> F8:
        return logistic(told) if told.shape[-1] == 1 else softmax(told)

    def of(x: F8) -> F8:
        """What a column adds less what it adds to a row on average: the base is the score of that one."""
        by = added(design, stored, x) - usual
        base = bias + np.broadcast_to(usual, by.shape[1:]).sum(axis=-1)
        return np.concatenate([by, np.broadcast_to(base[:, None], (*by.shape[:2], 1))], axis=2)

    def ask(row: Row) -> F8:
        return score(row) if values else link(score(row))

    unit: Unit = "value" if values else "log-odds"
    return Asked(ask, ask, Terms(of, score, same if values else link, unit, "linear"))


LINEAR = Learner(fit, open_linear, defaults, weighs=True, libraries=("scipy",))
