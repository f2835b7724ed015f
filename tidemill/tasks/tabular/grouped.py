"""Thresholds by group, chosen when a recipe asks for them: each row is told by a fit of the others, and nobody decides on what he learned."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ModelError
from tidemill.learning.labelled import text_of
from tidemill.learning.threads import one_thread
from tidemill.store.artifacts.codecs import Bundle, decode
from tidemill.tasks.tabular import fitting, mitigate
from tidemill.tasks.tabular.costs import Costs, positive_of
from tidemill.tasks.tabular.learners.port import F8, Problem
from tidemill.tasks.tabular.probabilities import FILE, Map, open_map
from tidemill.tasks.tabular.tables import Table
from tidemill.types import JsonObject, Micros

BLOCKS = 4
"""Parts of the rows, in their order, each told by a fit of the others."""


def asks(recipe: JsonObject) -> bool:
    """Whether the recipe has thresholds by group."""
    return bool(recipe.get(mitigate.KEY, {}).get("method") == mitigate.THRESHOLDS)


def with_thresholds(bundle: Bundle, table: Table, end: Micros, start: Micros | None, costs: Costs | None) -> Bundle:
    """The bundle with a threshold for each group, chosen on the rows that it learned from; as it is where its recipe asks for none.

    Raises ModelError.
    """
    recipe: JsonObject = bundle.manifest["recipe"]
    if not asks(recipe):
        return bundle
    rows = table.known_between(start, end)
    with one_thread():
        problem = fitting.problem_of(recipe, table, rows, fitting.begin(recipe, table, end, start))
        said = decode("json", bundle.files[FILE]) if FILE in bundle.files else {}
        left = {
            name: value for name, value in said.items() if name != "weights"
        }  # what these moved is taken back already
        found = thresholds(recipe, table, rows, problem, costs, open_map(left) if left else None)
    return Bundle({**bundle.manifest, "threshold": found}, bundle.files)


def thresholds(
    recipe: JsonObject, table: Table, rows: NDArray[np.int64], problem: Problem, costs: Costs | None, mapped: Map | None
) -> JsonObject:
    """As a bundle says them. ``problem``: of these rows; ``mapped``: what is made of its probabilities. Raises ModelError."""
    labels, said = problem.labels, recipe[mitigate.KEY]
    if labels is None or len(labels) != 2:
        raise ModelError("thresholds are of two labels", place="[fairness] mitigate", hint="mitigate = 'reweighing'")
    place = costs.place(labels) if costs else positive_of(labels)
    told = _crossed(recipe, table, rows, problem)
    told = told if mapped is None else mapped(told)
    errors = mitigate.Errors(costs.false_positive, costs.false_negative) if costs else mitigate.Errors()
    groups = mitigate.groups_by(table.judged_of(rows), said["attributes"])
    own = mitigate.thresholds_of(told[:, place], problem.y == place, groups, said["measure"], errors)
    usual = costs.said(labels) if costs else None
    return {**(usual or {"positive": text_of(labels[place]), "at": 0.5}), "by": said["attributes"], "groups": own}


def _crossed(recipe: JsonObject, table: Table, rows: NDArray[np.int64], whole: Problem) -> F8:
    """What is told of each row by a fit of the other blocks: each label's probability. Raises ModelError."""
    told: F8 = np.zeros((len(rows), len(whole.labels or ())))
    for block in np.array_split(np.arange(len(rows)), BLOCKS):
        others: Any = np.setdiff1d(np.arange(len(rows)), block)
        problem = fitting.problem_of(recipe, table, rows[others], whole.start)
        if problem.labels != whole.labels:
            raise ModelError("thresholds cannot be chosen: a label is in one part of the rows only", hint="more rows")
        told[block] = fitting.told_by(recipe, problem, table.encoded(problem.inputs, rows[block]))
    return told
