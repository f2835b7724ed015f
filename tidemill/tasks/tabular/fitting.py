"""A recipe fitted to the rows of a table: the learner's files, and a manifest that says what goes in and comes out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import NotEnoughData
from tidemill.learning.bundle import manifest
from tidemill.learning.threads import one_thread
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.tabular import learners
from tidemill.tasks.tabular.inputs import SERIES, Input
from tidemill.tasks.tabular.learners.port import F8, Problem
from tidemill.tasks.tabular.tables import Table, as_json, signature
from tidemill.types import JsonObject, Micros


def fit(recipe: JsonObject, table: Table, end: Micros, start: Micros | None = None) -> Bundle:
    """The recipe fitted to the rows known before ``end`` (from ``start`` on). Raises ModelError, NotEnoughData."""
    rows = table.known_between(start, end)
    if not len(rows):
        raise NotEnoughData("there is no row to learn from")
    problem = problem_of(recipe, table, rows)
    one_class = problem.labels is not None and len(problem.labels) < 2
    name = "constant" if one_class else recipe["method"]  # of one label there is nothing to learn
    with one_thread():
        files = learners.of(name).fit(recipe, problem)
    asked = [one.source for one in problem.inputs if one.name == SERIES]
    said = manifest(
        "row",
        recipe,
        end,
        signature(problem.inputs, problem.labels),
        learners.of(name).libraries,
        learner=name,
        columns=as_json(problem.inputs),
        roles=table.roles,
        labels=problem.labels,
        subject=asked[0] if asked else None,
    )
    return Bundle(said, files)


def problem_of(recipe: JsonObject, table: Table, rows: NDArray[np.int64]) -> Problem:
    """What the recipe's learner learns from: these rows."""
    inputs: tuple[Input, ...] = table.columns(rows, series=learners.of(recipe["method"]).series)
    labels = None if recipe["task"] == "regress" else sorted(set(table.target[rows].to_list()))
    return Problem(table.encoded(inputs, rows), targets(table, rows, labels), inputs, labels)


def targets(table: Table, rows: NDArray[np.int64], labels: list[Any] | None) -> F8:
    """The truth as numbers: the value, or the place of the label (-1 for one that training never saw)."""
    values = table.target[rows]
    if labels is None:
        return np.asarray(values.cast(float).to_numpy(), np.float64)
    places = {label: float(place) for place, label in enumerate(labels)}
    return np.array([places.get(label, -1.0) for label in values.to_list()])
