"""The constant answer: the mean or the median of the values, how frequent each label is. What a model has to beat at least."""

from __future__ import annotations

import numpy as np

from tidemill.learning.bundle import file_of
from tidemill.store.artifacts.codecs import Bundle, decode, encode
from tidemill.tasks.tabular.learners.port import Asked, Learner, Problem
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
    return Asked(lambda row: answer, lambda rows: np.tile(answer, (len(rows), 1)))


CONSTANT = Learner(fit, open_constant, defaults)
