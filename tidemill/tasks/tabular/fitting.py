"""A recipe fitted to the rows of a table: the learner's files, and a manifest that says what goes in and comes out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ModelError, NotEnoughData
from tidemill.learning.bundle import manifest
from tidemill.learning.labelled import text_of
from tidemill.learning.threads import one_thread
from tidemill.store.artifacts.codecs import Bundle, encode
from tidemill.tasks import sampling
from tidemill.tasks.tabular import actions, begun, conformal, learners, mitigate
from tidemill.tasks.tabular.calibrate import fit_map, unchanged
from tidemill.tasks.tabular.costs import Costs
from tidemill.tasks.tabular.inputs import SERIES, Input
from tidemill.tasks.tabular.learners.encode import NATIVE
from tidemill.tasks.tabular.learners.port import F8, Bounds, Problem, held
from tidemill.tasks.tabular.probabilities import FILE, both_labels, unweighted
from tidemill.tasks.tabular.tables import Table, as_json, signature
from tidemill.types import JsonObject, Micros

BALANCED = "balanced"
"""Weights by which every label counts the same in all."""
OWN = "own window"
"""What a recipe says of its ``calibration``, where its probabilities are held against what came true."""
_LAST = 0.8
"""From this share of the moments on the rows are that window's."""


def fit(
    recipe: JsonObject,
    table: Table,
    end: Micros,
    start: Micros | None = None,
    costs: Costs | None = None,
    interval: float | None = None,
    depth: int = 0,
) -> Bundle:
    """The recipe fitted to the rows known before ``end`` (from ``start`` on). Raises ModelError, NotEnoughData.

    Where it says so, its probabilities are mapped to how often they came true on the last of these rows, told by a fit of those before.
    So are the residuals that intervals of this level are made of.
    ``depth``: of a champion that is fitted anew for another to begin from it.
    """
    rows = table.known_between(start, end)
    if not len(rows):
        raise NotEnoughData("there is no row to learn from")
    problem = problem_of(recipe, table, rows, begin(recipe, table, end, start, depth))
    name, labels = learner_of(recipe, problem), problem.labels
    with one_thread():
        files = learners.fit(recipe, problem, name)
        if labels is not None and name == recipe["method"]:
            files |= _map(recipe, table, rows, start, problem)
        if name in learners.FOREIGN:
            files |= sampling.background(problem.x)
        if table.actionable:
            files[actions.FILE] = encode(
                "json", actions.fit_actions(problem.x, problem.inputs, table.actionable).json()
            )
        if labels is None and interval:
            files |= _interval(recipe, table, rows, start, interval, problem.bounds[0])
    asked = [one.source for one in problem.inputs if one.name == SERIES]
    said = manifest(
        "row",
        recipe,
        end,
        signature(problem.inputs, labels, conformal.FILE in files),
        learners.of(name).libraries,
        learner=name,
        columns=as_json(problem.inputs),
        roles=table.roles,
        labels=labels,
        subject=asked[0] if asked else None,
        threshold=costs.said(labels) if costs else None,
        bounds=problem.bounds,
        **({"actionable": dict(table.actionable)} if table.actionable else {}),
        weights=None if problem.weights is None else problem.weights.tolist(),
        **({"attributes": sorted(table.apart)} if table.apart else {}),
        wide={one.name: len(one.categories) for one in problem.inputs if len(one.categories) > NATIVE},
    )
    return Bundle(said, files)


def _map(
    recipe: JsonObject, table: Table, rows: NDArray[np.int64], start: Micros | None, problem: Problem
) -> dict[str, bytes]:
    """What is made of its probabilities: what weights moved is taken back, then they are held against a window where the recipe says so."""
    said = calibration(recipe, table, rows, start, problem) if recipe.get("calibration") == OWN else None
    if problem.weights is not None:
        said = {**(said or unchanged(len(problem.weights))), "weights": problem.weights.tolist()}
    return {FILE: encode("json", said)} if said else {}


def calibration(
    recipe: JsonObject, table: Table, rows: NDArray[np.int64], start: Micros | None, whole: Problem
) -> JsonObject | None:
    """The map of a window of its own: none where a label came later than what could be learned from before it."""
    moment = int(np.quantile(table.at[rows], _LAST, method="higher"))
    known, asked = table.known_between(start, moment), rows[table.at[rows] >= moment]
    problem = problem_of(recipe, table, known, begin(recipe, table, moment, start)) if len(known) else None
    if problem is None or problem.labels is None or problem.labels != whole.labels or len(problem.labels) < 2:
        return None
    told = told_by(recipe, problem, table.encoded(problem.inputs, asked))
    return fit_map(told, targets(table, asked, problem.labels))


def told_by(recipe: JsonObject, problem: Problem, asked: F8) -> F8:
    """What a fit of the recipe answers to these encoded rows: rows x outputs, each label's probability. Raises ModelError."""
    name = learner_of(recipe, problem)
    said = {"labels": problem.labels, "columns": problem.inputs, "bounds": problem.bounds}
    return answered(
        problem, learners.opened(recipe, Bundle(said, learners.fit(recipe, problem, name)), name).rows(asked)
    )


def answered(problem: Problem, told: F8) -> F8:
    """What a learner told, as it is answered: values within their bounds; each label's probability, without what weights moved."""
    if problem.labels is None:
        return held(told, problem.bounds)
    told = both_labels(told, problem.labels)
    return told if problem.weights is None or len(problem.labels) < 2 else unweighted(told, problem.weights)


def _interval(
    recipe: JsonObject, table: Table, rows: NDArray[np.int64], start: Micros | None, level: float, low: float | None
) -> dict[str, bytes]:
    """How far the truth was from what a fit of the rows before told of the last ones: none where these are too few to say.

    ``low``: what no answer of the whole fit is below.
    """
    moment = int(np.quantile(table.at[rows], _LAST, method="higher"))
    known, asked = table.known_between(start, moment), rows[table.at[rows] >= moment]
    if not len(known):
        return {}
    problem = problem_of(recipe, table, known, begin(recipe, table, moment, start))
    told = told_by(recipe, problem, table.encoded(problem.inputs, asked))[:, 0]
    truth = targets(table, asked, None)
    floor = -math.inf if low is None or truth.min() < low else low
    found = conformal.fit_interval(told, truth, level, floor)
    return {conformal.FILE: encode("json", found)} if found else {}


def learner_of(recipe: JsonObject, problem: Problem) -> str:
    """Whose fit this is: of one label there is nothing to learn, and its answer is constant."""
    return "constant" if problem.labels is not None and len(problem.labels) < 2 else str(recipe["method"])


def begin(recipe: JsonObject, table: Table, end: Micros, start: Micros | None, depth: int = 0) -> Bundle | None:
    """What a fit of what was known before ``end`` begins from, where the recipe says so. Raises ModelError."""

    def earlier(recipe: JsonObject, end: Micros, depth: int) -> Bundle:
        return fit(recipe, table, end, start, depth=depth)

    return begun.begun(recipe, table, end, earlier, depth)


def problem_of(recipe: JsonObject, table: Table, rows: NDArray[np.int64], before: Bundle | None = None) -> Problem:
    """What the recipe's learner learns from: these rows. ``before``: what its fit begins from. Raises ModelError."""
    learner = learners.of(recipe["method"])
    inputs: tuple[Input, ...] = table.columns(rows, series=learner.series)
    labels = None if recipe["task"] == "regress" else sorted(set(table.target[rows].to_list()))
    if before is not None:
        inputs = begun.same_inputs(before, inputs, labels)
    y = targets(table, rows, labels)
    weights = weights_of(table.weights, y, labels) if labels and learner.weighs else None
    bounds = bounds_of(table.limits, y) if labels is None else (None, None)
    said = table.monotone, table.given, weights, before, bounds, _reweighed(recipe, table, rows, y, labels)
    return Problem(table.encoded(inputs, rows), y, inputs, labels, *said)


def _reweighed(recipe: JsonObject, table: Table, rows: NDArray[np.int64], y: F8, labels: list[Any] | None) -> F8 | None:
    """How much each row counts, where the recipe reweighs them. Raises ModelError for a learner that does not learn by weights."""
    said = recipe.get(mitigate.KEY)
    if not said or said["method"] != mitigate.REWEIGHING or not labels or len(labels) < 2:
        return None
    if not learners.of(recipe["method"]).weighs:
        raise ModelError(f"{recipe['method']} does not learn by weights", hint="mitigate = 'thresholds'")
    return mitigate.weights_of(y, mitigate.groups_by(table.judged_of(rows), said["attributes"]))


def weights_of(said: Mapping[str, float] | str | None, y: F8, labels: list[Any]) -> F8 | None:
    """How much each label's rows count, where it is said: by its text (1 of one that is not named), or ``balanced``. Raises ModelError.

    >>> weights_of("balanced", np.array([0.0, 0.0, 0.0, 1.0]), ["no", "yes"]).round(2).tolist()
    [0.67, 2.0]
    """
    if not said or len(labels) < 2:
        return None
    if said == BALANCED:
        return np.asarray(len(y) / (len(labels) * np.bincount(y.astype(np.int64), minlength=len(labels))))
    assert not isinstance(said, str)
    return np.array([float(said.get(text_of(label), 1.0)) for label in labels])


def bounds_of(said: Bounds, y: F8) -> Bounds:
    """The least and the greatest value there can be: as the contract says, else none is negative where none was.

    >>> bounds_of((None, 9.0), np.array([0.5, 2.0])), bounds_of((None, None), np.array([-0.5, 2.0]))
    ((0.0, 9.0), (None, None))
    """
    low, high = said
    return 0.0 if low is None and len(y) and y.min() >= 0 else low, high


def targets(table: Table, rows: NDArray[np.int64], labels: list[Any] | None) -> F8:
    """The truth as numbers: the value, or the place of the label (-1 for one that training never saw)."""
    values = table.target[rows]
    if labels is None:
        return np.asarray(values.cast(float).to_numpy(), np.float64)
    places = {label: float(place) for place, label in enumerate(labels)}
    return np.array([places.get(label, -1.0) for label in values.to_list()])
