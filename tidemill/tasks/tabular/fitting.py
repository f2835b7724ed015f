"""A recipe fitted to the rows of a table: the learner's files, and a manifest that says what goes in and comes out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import NotEnoughData
from tidemill.learning.bundle import manifest
from tidemill.learning.threads import one_thread
from tidemill.store.artifacts.codecs import Bundle, encode
from tidemill.tasks.tabular import learners
from tidemill.tasks.tabular.calibrate import fit_map
from tidemill.tasks.tabular.costs import Costs
from tidemill.tasks.tabular.inputs import SERIES, Input
from tidemill.tasks.tabular.learners.port import F8, Problem
from tidemill.tasks.tabular.probabilities import FILE, both_labels
from tidemill.tasks.tabular.tables import Table, as_json, signature
from tidemill.types import JsonObject, Micros

OWN = "own window"
"""What a recipe says of its ``calibration``, where its probabilities are held against what came true."""
_LAST = 0.8
"""From this share of the moments on the rows are that window's."""


def fit(
    recipe: JsonObject, table: Table, end: Micros, start: Micros | None = None, costs: Costs | None = None
) -> Bundle:
    """The recipe fitted to the rows known before ``end`` (from ``start`` on). Raises ModelError, NotEnoughData.

    Where it says so, its probabilities are mapped to how often they came true on the last of these rows, told by a fit of those before.
    """
    rows = table.known_between(start, end)
    if not len(rows):
        raise NotEnoughData("there is no row to learn from")
    problem = problem_of(recipe, table, rows)
    name, labels = learner_of(recipe, problem), problem.labels
    with one_thread():
        files = learners.of(name).fit(recipe, problem)
        if labels is not None and recipe.get("calibration") == OWN:
            files |= _calibration(recipe, table, rows, start, labels)
    asked = [one.source for one in problem.inputs if one.name == SERIES]
    said = manifest(
        "row",
        recipe,
        end,
        signature(problem.inputs, labels),
        learners.of(name).libraries,
        learner=name,
        columns=as_json(problem.inputs),
        roles=table.roles,
        labels=labels,
        subject=asked[0] if asked else None,
        threshold=costs.said(labels) if costs else None,
    )
    return Bundle(said, files)


def _calibration(
    recipe: JsonObject, table: Table, rows: NDArray[np.int64], start: Micros | None, labels: list[Any]
) -> dict[str, bytes]:
    """The map of a window of its own: none where a label came later than what could be learned from before it."""
    moment = int(np.quantile(table.at[rows], _LAST, method="higher"))
    known, asked = table.known_between(start, moment), rows[table.at[rows] >= moment]
    problem = problem_of(recipe, table, known) if len(known) else None
    if problem is None or problem.labels != labels or len(labels) < 2:
        return {}
    learner = learners.of(recipe["method"])
    inner = Bundle({"labels": labels, "columns": problem.inputs}, learner.fit(recipe, problem))
    told = both_labels(learner.open(inner).rows(table.encoded(problem.inputs, asked)), labels)
    return {FILE: encode("json", fit_map(told, targets(table, asked, labels)))}


def learner_of(recipe: JsonObject, problem: Problem) -> str:
    """Whose fit this is: of one label there is nothing to learn, and its answer is constant."""
    return "constant" if problem.labels is not None and len(problem.labels) < 2 else str(recipe["method"])


def problem_of(recipe: JsonObject, table: Table, rows: NDArray[np.int64]) -> Problem:
    """What the recipe's learner learns from: these rows."""
    inputs: tuple[Input, ...] = table.columns(rows, series=learners.of(recipe["method"]).series)
    labels = None if recipe["task"] == "regress" else sorted(set(table.target[rows].to_list()))
    return Problem(
        table.encoded(inputs, rows), targets(table, rows, labels), inputs, labels, table.monotone, table.given
    )


def targets(table: Table, rows: NDArray[np.int64], labels: list[Any] | None) -> F8:
    """The truth as numbers: the value, or the place of the label (-1 for one that training never saw)."""
    values = table.target[rows]
    if labels is None:
        return np.asarray(values.cast(float).to_numpy(), np.float64)
    places = {label: float(place) for place, label in enumerate(labels)}
    return np.array([places.get(label, -1.0) for label in values.to_list()])
