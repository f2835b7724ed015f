"""The constant answer: the mean or the median of the values, how frequent each label is. What a model has to beat at least."""

from __future__ import annotations

import numpy as np

from tidemill.learning.bundle import file_of
from tidemill.store.artifacts.codecs import Bundle, decode, encode
from tidemill.tasks.port import Unit
from tidemill.tasks.tabular.learners.port import F8, Asked, Learner, Problem, Terms, same
from tidemill.types import JsonObject

FILE = "constant.json"


def defaults(task: str, metric: str) -> JsonObject:
    """The best constant for a metric: of absolute errors the median, of squared ones the mean.

    >>> defaults("regress", "mae"), defaults("regress", "rmse"), defaults("classify", "log_loss")
    ({'centre': 'median'}, {'centre': 'mean'}, {})
    """
    return {} if task == "classify" else {"centre": "median" if metric == "mae" else "mean"}


def fit(recipe: JsonObject, problem: Problem) -> dict[str, bytes]:
    """The one answer, as JSON."""
    y, labels = problem.y, problem.labels
    if labels is not None:
        answer = np.bincount(y.astype(np.int64), minlength=len(labels)) / len(y)
    else:
        answer = np.array([np.median(y) if recipe.get("centre") == "median" else np.mean(y)])
    return {FILE: encode("json", answer.tolist())}


def open_constant(bundle: Bundle) -> Asked:
    answer = np.array(decode("json", file_of(bundle, FILE)), np.float64)

    def rows(x: F8) -> F8:
        return np.tile(answer, (len(x), 1))

    def of(x: F8) -> F8:
        nothing = np.zeros((len(x), len(answer), x.shape[1]))
        return np.concatenate([nothing, rows(x)[..., None]], axis=2)

    unit: Unit = "value" if bundle.manifest["labels"] is None else "probability"
    return Asked(lambda row: answer, rows, Terms(of, rows, same, unit, "constant"))


CONSTANT = Learner(fit, open_constant, defaults)
