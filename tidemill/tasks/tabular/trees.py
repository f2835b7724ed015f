"""Boosted trees for tables: LightGBM, regression and classification, deterministic. Native NaN and categories."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ModelError, NotEnoughData
from tidemill.learning.bundle import manifest
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.tabular.boost import Input
from tidemill.tasks.tabular.tables import Table, as_json, signature
from tidemill.types import JsonObject, Micros, did_you_mean

F8 = NDArray[np.float64]
DEFAULTS: JsonObject = {
    "num_iterations": 200,
    "num_leaves": 31,
    "learning_rate": 0.1,
    "min_data_in_leaf": 20,
    "lambda_l2": 0.0,
}
"""As LightGBM calls them."""
MANY = 5_000_000
"""Numbers from which a second thread is worth its waiting: below, on two busy cores, it made a fit ten times slower."""
METHODS = ("trees", "constant")  # ``constant`` is the baseline: the mean, or how frequent each label is


def recipe_of(method: str, task: str) -> JsonObject:
    """The whole recipe. ``popularity`` is the most frequent answer, too. Raises ModelError.

    >>> recipe_of("popularity", "regress")
    {'method': 'constant', 'task': 'regress'}
    """
    method = "constant" if method in ("popularity", "mean", "prior") else method
    if method not in METHODS:
        raise ModelError(f"unknown method {method!r}", hint=did_you_mean(method, METHODS))
    return {"method": method, "task": task, **(DEFAULTS if method == "trees" else {})}


def fit(recipe: JsonObject, table: Table, end: Micros, start: Micros | None = None) -> Bundle:
    """The recipe fitted to the rows known before ``end`` (from ``start`` on). Raises NotEnoughData."""
    rows = table.known_between(start, end)
    if not len(rows):
        raise NotEnoughData("there is no row to learn from")
    inputs = table.columns(rows)
    labels = None if recipe["task"] == "regress" else sorted(set(table.target[rows].to_list()))
    truth = targets(table, rows, labels)
    files: dict[str, bytes] = {}
    constant: list[float] | None = None
    if recipe["method"] == "trees" and (labels is None or len(labels) > 1):
        files["model.txt"] = _boosted(recipe, table.encoded(inputs, rows), truth, inputs, labels)
    else:
        constant = (
            [float(truth.mean())] if labels is None else (np.bincount(truth.astype(np.int64)) / len(truth)).tolist()
        )
    said = manifest(
        "trees",
        recipe,
        end,
        signature(inputs, labels),
        ("lightgbm",),
        columns=as_json(inputs),
        roles=table.roles,
        labels=labels,
        constant=constant,
    )
    return Bundle(said, files)


def targets(table: Table, rows: NDArray[np.int64], labels: list[Any] | None) -> F8:
    """The truth as numbers: the value, or the place of the label (-1 for one that training never saw)."""
    values = table.target[rows]
    if labels is None:
        return np.asarray(values.cast(float).to_numpy(), np.float64)
    places = {label: float(place) for place, label in enumerate(labels)}
    return np.array([places.get(label, -1.0) for label in values.to_list()])


def _boosted(recipe: JsonObject, x: F8, y: F8, inputs: tuple[Input, ...], labels: list[Any] | None) -> bytes:
    import lightgbm

    threads = 1 if x.size < MANY else 2
    data = lightgbm.Dataset(
        x,
        y,
        feature_name=[f"c{place}" for place in range(len(inputs))],
        categorical_feature=[place for place, one in enumerate(inputs) if one.kind == "category"],
        params={"verbosity": -1, "min_data_in_bin": 3, "num_threads": threads},
    )
    booster = lightgbm.train(_parameters(recipe, labels, threads), data, num_boost_round=recipe["num_iterations"])
    text: str = booster.model_to_string()
    return text.encode()


def _parameters(recipe: JsonObject, labels: list[Any] | None, threads: int) -> JsonObject:
    goal: JsonObject = {"objective": "regression"}
    if labels is not None:
        goal = {"objective": "binary"} if len(labels) == 2 else {"objective": "multiclass", "num_class": len(labels)}
    given = {name: recipe[name] for name in DEFAULTS if name != "num_iterations"}
    fixed = {"deterministic": True, "force_row_wise": True, "num_threads": threads, "seed": 0, "verbosity": -1}
    return goal | given | fixed
