"""Boosted trees: LightGBM, fitted by its package, answered by its library alone. Native NaN and categories, deterministic."""

from __future__ import annotations

from typing import Any

from tidemill.learning.bundle import file_of
from tidemill.learning.space import Choice
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.tabular.learners.boost import Booster
from tidemill.tasks.tabular.learners.port import Asked, Learner, Problem
from tidemill.types import JsonObject

FILE = "model.txt"
DEFAULTS: JsonObject = {
    "num_iterations": 200,
    "num_leaves": 31,
    "learning_rate": 0.1,
    "min_data_in_leaf": 20,
    "lambda_l2": 0.0,
}
"""As LightGBM calls them."""
SPACE = {
    "num_iterations": Choice(50, 600, log=True, whole=True),
    "num_leaves": Choice(7, 63, log=True, whole=True),
    "learning_rate": Choice(0.03, 0.2, log=True),
    "min_data_in_leaf": Choice(5, 100, log=True, whole=True),
    "lambda_l2": Choice(0.0, 10.0),
}
MANY = 5_000_000
"""Numbers from which a second thread is worth its waiting: below, on two busy cores, it made a fit ten times slower."""


def fit(recipe: JsonObject, problem: Problem) -> dict[str, bytes]:
    """LightGBM's own text of the trees."""
    import lightgbm

    threads = 1 if problem.x.size < MANY else 2
    data = lightgbm.Dataset(
        problem.x,
        problem.y,
        feature_name=[f"c{place}" for place in range(len(problem.inputs))],
        categorical_feature=problem.categories,
        params={"verbosity": -1, "min_data_in_bin": 3, "num_threads": threads},
    )
    parameters = _parameters(recipe, problem.labels, threads)
    text: str = lightgbm.train(parameters, data, num_boost_round=recipe["num_iterations"]).model_to_string()
    return {FILE: text.encode()}


def _parameters(recipe: JsonObject, labels: list[Any] | None, threads: int) -> JsonObject:
    goal: JsonObject = {"objective": "regression"}
    if labels is not None:
        goal = {"objective": "binary"} if len(labels) == 2 else {"objective": "multiclass", "num_class": len(labels)}
    given = {name: recipe[name] for name in DEFAULTS if name != "num_iterations"}
    fixed = {"deterministic": True, "force_row_wise": True, "num_threads": threads, "seed": 0, "verbosity": -1}
    return goal | given | fixed


def open_trees(bundle: Bundle) -> Asked:
    width = max(len(bundle.manifest["labels"] or ()), 2)
    booster = Booster(file_of(bundle, FILE), len(bundle.manifest["columns"]), width)
    return Asked(booster.row, booster.rows)


TREES = Learner(fit, open_trees, lambda task, metric: dict(DEFAULTS), SPACE, libraries=("lightgbm",))
