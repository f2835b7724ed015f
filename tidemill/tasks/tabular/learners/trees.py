"""Boosted trees: LightGBM, fitted by its package, answered by its library alone. Native NaN and categories, deterministic.

How many trees there are is settled on validation windows: `staged` makes trees until a window's metric has long stopped getting better.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from tidemill.errors import ModelError
from tidemill.learning.boost import Booster
from tidemill.learning.bundle import file_of
from tidemill.learning.space import Choice
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.port import Unit
from tidemill.tasks.tabular.learners import encode, scale
from tidemill.tasks.tabular.learners.encode import Encoding
from tidemill.tasks.tabular.learners.port import F8, Asked, Learner, Problem, Terms, logistic, same, softmax
from tidemill.types import JsonObject

FILE = "model.txt"
DEFAULTS: JsonObject = {
    "num_iterations": 200,
    "num_leaves": 31,
    "learning_rate": 0.05,
    "min_data_in_leaf": 7,
    "min_data_per_group": 25,
    "lambda_l2": 1.0,
    "feature_fraction": 0.8,
    "bagging_fraction": 0.9,
    "extra_trees": False,
}
"""As LightGBM calls them."""
SPACE = {
    "num_leaves": Choice(4, 128, log=True, whole=True),
    "learning_rate": Choice(0.02, 0.2, log=True),
    "min_data_in_leaf": Choice(3, 150, log=True, whole=True),
    "lambda_l2": Choice(0.01, 100.0, log=True),
    "feature_fraction": Choice(0.4, 1.0),
    "bagging_fraction": Choice(0.5, 1.0),
    "extra_trees": Choice(of=(False, True)),
}
FIRST: Sequence[JsonObject] = (
    {"num_leaves": 12, "learning_rate": 0.1, "feature_fraction": 0.6},
    {"extra_trees": True, "feature_fraction": 1.0},
    {"num_leaves": 15, "min_data_in_leaf": 60, "lambda_l2": 20.0, "feature_fraction": 0.5},
    {"num_leaves": 90, "learning_rate": 0.03, "min_data_in_leaf": 20},
)
"""Few leaves, cuts drawn at random, held back, many leaves: one of them is near most tables."""
TREND = "trend"
"""Whether cuts by the time itself are made: they learn the level of late, and read nothing into what comes after the last one."""
MANY = 5_000_000
"""Numbers from which a second thread is worth its waiting: below, on two busy cores, it made a fit ten times slower."""
MOST_TREES, PATIENCE = 2_000, 40
"""So many trees at most; and so many that make nothing better are the end."""
BINS: JsonObject = {"verbosity": -1, "min_data_in_bin": 3, "feature_pre_filter": False}
STOPS_BY = {"mae": "l1", "rmse": "l2", "auc": "auc", "pr_auc": "average_precision"}
"""What LightGBM calls the metrics that it can stop by; else it is the log loss."""


def defaults(task: str, metric: str) -> JsonObject:
    """The start of a search."""
    return {**DEFAULTS, **({} if task == "classify" else {"objective": "regression"})}


def space(task: str, metric: str) -> dict[str, Choice]:
    """Where a search looks: for absolute errors at trees that learn those, too."""
    goals = {"objective": Choice(of=("regression", "regression_l1"))} if metric == "mae" else {}
    return {**SPACE, **goals}


def level(metric: str) -> tuple[dict[str, Choice], list[JsonObject]]:
    """Where else it looks where no value is negative, and what it tries first: errors that grow with the value."""
    if metric == "mae":
        return {scale.SCALE: Choice(of=(scale.PLAIN, scale.LOG))}, [{scale.SCALE: scale.LOG}]
    return {"objective": Choice(of=("regression", "poisson"))}, [{"objective": "poisson"}]


def first(task: str, metric: str) -> Sequence[JsonObject]:
    """What a search tries before it looks around."""
    return ({"objective": "regression_l1"}, *FIRST) if metric == "mae" else FIRST


def fit(recipe: JsonObject, problem: Problem) -> dict[str, bytes]:
    """LightGBM's own text of the trees. Raises ModelError where their number is not settled."""
    import lightgbm

    if not recipe["num_iterations"]:
        raise ModelError("how many trees is not settled", hint="num_iterations: a search settles it")
    encoding = Encoding.of(problem)
    data = _dataset(problem, encoding)
    given = _parameters(recipe, problem)
    booster = lightgbm.train(given, data, num_boost_round=recipe["num_iterations"], init_model=_begun(recipe, problem))
    text: str = booster.model_to_string()
    return {FILE: text.encode(), **({encode.FILE: encoding.bytes()} if encoding else {})}


def _begun(recipe: JsonObject, problem: Problem) -> Any:
    """The trees that more are added to, where the recipe begins from some. Raises ModelError."""
    import lightgbm

    if problem.start is None:
        return None
    if problem.start.manifest["learner"] != "trees" or encode.FILE in problem.start.files:
        raise ModelError("trees go on from trees of categories as they are", hint="begin from none")
    before = lightgbm.Booster(model_str=file_of(problem.start, FILE).decode())
    if before.num_trees() + recipe["num_iterations"] > MOST_TREES:
        raise ModelError(f"more than {MOST_TREES} trees in all", hint="fit it anew once: leave start_from out")
    return before


def _dataset(problem: Problem, encoding: Encoding | None) -> Any:
    import lightgbm

    x = encoding.crossed(problem) if encoding else problem.x
    wide = encoding.places if encoding else ()
    return lightgbm.Dataset(
        x,
        problem.y,
        weight=problem.by_row,
        feature_name=[f"c{place}" for place in range(x.shape[1])],
        categorical_feature=[place for place in problem.categories if place not in wide],
        params={**BINS, "num_threads": _threads(problem)},
        free_raw_data=False,
    )


def _threads(problem: Problem) -> int:
    return 1 if problem.x.size < MANY else 2


def _parameters(recipe: JsonObject, problem: Problem) -> JsonObject:
    goal: JsonObject = {"objective": recipe.get("objective", "regression")}
    if goal["objective"] == "poisson" and (problem.y.min() < 0 or not problem.y.any()):
        raise ModelError("counts are not negative, and not all 0", hint="objective = 'regression'")
    if problem.labels is not None:
        two = len(problem.labels) == 2
        goal = {"objective": "binary"} if two else {"objective": "multiclass", "num_class": len(problem.labels)}
    more = encode.more(problem)
    given = {name: recipe.get(name, standard) for name, standard in DEFAULTS.items() if name != "num_iterations"}
    fixed: JsonObject = {
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": _threads(problem),
        "seed": 0,
        "bagging_freq": 1,
    }
    if not recipe.get(TREND, True):  # a cut on it gains nothing, so that none is made
        fixed["feature_contri"] = [0.0 if one.kind == "trend" else 1.0 for one in problem.inputs] + [1.0] * more
    ways = (
        {"monotone_constraints": problem.ways + [0] * more, "monotone_constraints_method": "intermediate"}
        if any(problem.ways)
        else {}
    )
    return goal | given | fixed | BINS | ways


class Binned(NamedTuple):
    """What is learned from and what is asked, in LightGBM's bins; and the latter as trees take it."""

    learned: Any
    asked: Any
    rows: F8


class Staged(NamedTuple):
    """Trees one after the other: ``loss`` of the first n (n from 1 on; less is better), and what these answer to the window."""

    loss: F8
    rows: int
    told: Callable[[int], F8]

    @property
    def best(self) -> int:
        """How many are best here."""
        return int(np.argmin(self.loss)) + 1


def binned(problem: Problem, asked: F8, truth: F8) -> Binned:
    """Both in the same bins, made once for many fits. ``truth``: the values, or the places of labels (-1: not known), of what is asked."""
    encoding = Encoding.of(problem)
    rows = encoding.made(asked) if encoding else asked
    learned = _dataset(problem, encoding).construct()
    valid = learned.create_valid(
        rows, truth if problem.labels is None else np.maximum(truth, 0), params=dict(learned.params)
    )
    return Binned(learned, valid.construct(), rows)


def staged(
    recipe: JsonObject, problem: Problem, data: Binned, metric: str, exact: Callable[[F8], float] | None = None
) -> Staged:
    """Trees until `PATIENCE` of them have made the window's metric no better.

    ``exact``: the loss of what they told, where LightGBM has no such metric.
    """
    import lightgbm

    losses: dict[str, dict[str, list[float]]] = {}
    stop: list[Callable[..., Any]] = [
        lightgbm.early_stopping(PATIENCE, verbose=False),
        lightgbm.record_evaluation(losses),
    ]
    name = STOPS_BY.get(metric, "binary_logloss" if len(problem.labels or ()) == 2 else "multi_logloss")
    given = {**_parameters(recipe, problem), "metric": "None" if exact else name}

    def own(told: F8, _: Any) -> tuple[str, float, bool]:
        assert exact is not None
        return name, exact(told.reshape(len(data.rows), -1)), False

    # the booster that was trained: the one that is given back else has no tree after its best
    booster = lightgbm.train(
        given,
        data.learned,
        MOST_TREES,
        valid_sets=[data.asked],
        feval=own if exact else None,
        callbacks=stop,
        keep_training_booster=True,
    )
    loss = np.array(next(iter(losses.values()))[name]) * (-1 if not exact and metric in ("auc", "pr_auc") else 1)

    def told(n: int) -> F8:
        return np.asarray(booster.predict(data.rows, num_iteration=n)).reshape(len(data.rows), -1)

    return Staged(loss, len(data.rows), told)


def best_of(found: Sequence[Staged]) -> int:
    """How many trees are best over all windows: one that stopped early stays as it was at its end. Of no window one."""
    if not found:
        return 1
    longest = max(len(one.loss) for one in found)
    each = [np.pad(one.loss, (0, longest - len(one.loss)), mode="edge") * one.rows for one in found]
    return int(np.argmin(np.sum(each, axis=0))) + 1


def open_trees(bundle: Bundle) -> Asked:
    width = max(len(bundle.manifest["labels"] or ()), 2)
    encoding = Encoding.read(bundle) if encode.FILE in bundle.files else None
    columns = len(bundle.manifest["columns"]) + (encoding.more if encoding else 0)
    booster = Booster(file_of(bundle, FILE), columns, width)
    unit, link = LINKS.get(_objective(file_of(bundle, FILE)), PLAIN)
    terms = Terms(booster.contributions, booster.raw, link, unit, "tree_shap")
    asked = Asked(booster.row, booster.rows, terms)
    return encoding.before(asked) if encoding else asked


def _objective(text: bytes) -> str:
    """What the trees were made for, by the text of the model."""
    found = re.search(rb"^objective=(\w+)", text, re.MULTILINE)
    return found[1].decode() if found else ""


LINKS: dict[str, tuple[Unit, Callable[[F8], F8]]] = {
    "binary": ("log-odds", logistic),
    "multiclass": ("log-odds", softmax),
    "poisson": ("log value", np.exp),
}
"""What LightGBM makes of the sum of trees, by the objective."""
PLAIN: tuple[Unit, Callable[[F8], F8]] = "value", same
TREES = Learner(fit, open_trees, defaults, space, first, weighs=True, libraries=("lightgbm",))
