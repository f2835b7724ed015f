"""An explained answer over HTTP beside the plain one, and how the cost of an explanation grows."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from bench import shop
from bench.serving import asked, serving
from bench.timing import piece, row
from tidemill.learning.boost import Booster
from tidemill.tasks.sampling import sampled

WHAT = "LightGBM 200 x 31, 30 features"
SHAPES = ((50, 31, 30), (200, 31, 30), (800, 31, 30), (200, 8, 30), (200, 127, 30), (200, 31, 300))
"""Trees, leaves, columns."""


def run() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TIDEMILL_HOME"] = f"{folder}/home"
        return [*over_http(Path(folder)), *grown(), *drawn()]


def over_http(folder: Path) -> list[dict[str, Any]]:
    """The same row of the same model, with its explanation and without, in one run."""
    with shop.project(folder / "table", "regress") as project:
        shop.release(project, shop.trees(project.clock.now()))
        with serving(project) as (scorer, headers):
            path, headers = f"/predict/{project.endpoint().name}", {**headers, "ack": "async"}
            plain = asked(scorer, path, {"inputs": shop.ROW}, headers)
            told = asked(scorer, path, {"inputs": shop.ROW, "explain": True}, headers)
    return [
        row(f"{WHAT}, explained: p50", told[1], "ms", plain[1], "without the explanation"),
        row("  more for the explanation, p50", told[1] - plain[1], "ms", goal="<= 1"),
        row("  more for the explanation", told[0] - plain[0], "CPU us", plain[0], "the whole plain answer"),
    ]


def grown() -> list[dict[str, Any]]:
    """One row's TreeSHAP by the size of the model; the floor is the answer itself."""
    rows = []
    for trees, leaves, columns in SHAPES:
        booster, x = fitted(trees, leaves, columns)
        cost, floor = (piece(work)[1] for work in (lambda: booster.contributions(x), lambda: booster.row(x[0])))
        rows.append(row(f"TreeSHAP, {trees} x {leaves}, {columns} columns", cost, "CPU us", floor, "the answer"))
    return rows


def fitted(trees: int, leaves: int, columns: int) -> tuple[Booster, Any]:
    """A model of this size, and a row."""
    import lightgbm

    rng = np.random.default_rng(1)
    x = rng.normal(size=(5_000, columns))
    y = x @ rng.normal(size=columns) + np.sin(3 * x[:, 0])
    settings = {"num_leaves": leaves, "verbosity": -1, "num_threads": 1, "seed": 1, "min_data_in_leaf": 5}
    text: str = lightgbm.train(settings, lightgbm.Dataset(x, y), num_boost_round=trees).model_to_string()
    return Booster(text.encode(), columns, 2), x[:1]


def drawn() -> list[dict[str, Any]]:
    """Sampled Shapley values of an opaque model, 64 pairs of orders; the floor is one answer of the model to all rows it is asked."""
    rows = []
    for columns in (10, 30, 100):
        rng = np.random.default_rng(2)
        weights, groups = rng.normal(size=(columns, 32)), [np.array([place]) for place in range(columns)]

        def ask(x: Any, weights: Any = weights) -> Any:
            return np.tanh(x @ weights).sum(axis=1, keepdims=True)

        x, background = rng.normal(size=columns), rng.normal(size=(32, columns))
        many = rng.normal(size=(64 * 2 * (columns + 1), columns))
        cost = piece(lambda: sampled(ask, x, background, groups, "value", float("inf")))[1]
        rows.append(
            row(f"sampled, {columns} columns, 64 pairs", cost, "CPU us", piece(lambda: ask(many))[1], "the model alone")
        )
    return rows
