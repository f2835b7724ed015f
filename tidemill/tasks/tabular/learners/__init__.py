"""Learners of tables, one file each: what it is fitted by, where a search looks, and how its bundle of data answers.

A new learner is a file with a `Learner` (`port`) and its line in `LEARNERS`. What fits may import anything, inside its functions;
what answers imports numpy at most, for it runs in the server.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tidemill.errors import ModelError
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.tabular.learners import blend, scale
from tidemill.tasks.tabular.learners.constant import CONSTANT
from tidemill.tasks.tabular.learners.earlier import WINDOW_AVERAGE
from tidemill.tasks.tabular.learners.foreign.learners import FILE, OWN
from tidemill.tasks.tabular.learners.foreign.process import PROCESS
from tidemill.tasks.tabular.learners.linear import LINEAR
from tidemill.tasks.tabular.learners.naive import LAST_VALUE, SEASONAL
from tidemill.tasks.tabular.learners.port import F8, Asked, Learner, Problem, Terms, held
from tidemill.tasks.tabular.learners.series import STATSFORECAST
from tidemill.tasks.tabular.learners.trees import TREES
from tidemill.types import JsonObject, did_you_mean

LEARNERS: dict[str, Learner] = {
    "constant": CONSTANT,
    "linear": LINEAR,
    "last_value": LAST_VALUE,
    "seasonal_naive": SEASONAL,
    "window_average": WINDOW_AVERAGE,
    "statsforecast": STATSFORECAST,
    "trees": TREES,
    "own": OWN,
    "onnx": FILE,
    "process": PROCESS,
}
FOREIGN = ("own", "onnx", "process")
"""Those that tidemill.toml names: what a recipe of theirs means stands outside of it."""
_MEAN = ("popularity", "mean", "prior")
"""Names that the constant answer has, too: the mean, or how frequent each label is."""


def of(name: str) -> Learner:
    """The learner of this name. Raises ModelError."""
    if name not in LEARNERS:
        raise ModelError(f"unknown method {name!r}", hint=did_you_mean(name, LEARNERS))
    return LEARNERS[name]


def fit(recipe: JsonObject, problem: Problem, name: str = "") -> dict[str, bytes]:
    """The files of the recipe's learner (or of the one of this ``name``), fitted on the recipe's scale. Raises ModelError."""
    if bool(recipe.get("start")) != (problem.start is not None):
        raise ModelError(f"{recipe['method']} has not what its recipe begins from", hint="fit it by `fitting.fit`")
    return of(name or recipe["method"]).fit(recipe, scaled(recipe, problem))


def scaled(recipe: JsonObject, problem: Problem) -> Problem:
    """The problem with its values on the recipe's scale; the very same where that is their own. Raises ModelError."""
    if problem.labels is not None or recipe.get(scale.SCALE) != scale.LOG:
        return problem
    return replace(problem, y=scale.down(recipe, problem.y))


def opened(recipe: JsonObject, bundle: Bundle, name: str = "") -> Asked:
    """How these files answer; values as they are, within their bounds. Raises ModelError.

    ``bundle``: its manifest says ``labels``, ``columns`` and ``bounds``.
    """
    said = bundle.manifest
    asked = of(name or recipe["method"]).open(Bundle({**said, "recipe": recipe}, bundle.files))
    low, high = said.get("bounds", (None, None))
    as_told = recipe.get(scale.SCALE) != scale.LOG and low is None and high is None
    if said["labels"] is not None or as_told:
        return asked

    def value(told: F8) -> F8:
        return held(scale.up(recipe, told), (low, high))

    terms = asked.terms and linked(asked.terms, value, recipe.get(scale.SCALE) == scale.LOG)
    tried = asked.tried and (lambda rows, until: value(asked.tried(rows, until)))  # type: ignore[misc]
    return Asked(lambda row: value(asked.row(row)), lambda rows: value(asked.rows(rows)), terms, tried)


def linked(terms: Terms, value: Callable[[F8], F8], logarithm: bool) -> Terms:
    """The terms of answers that become a ``value`` after their own link."""
    if logarithm and terms.unit != "value":  # what the learner's own link gives is a logarithm again
        terms = blend.shared([terms], [1.0])
    unit = "log(1 + value)" if logarithm else terms.unit
    return terms._replace(link=lambda score: value(terms.link(score)), unit=unit)


def recipe_of(method: str, task: str, metric: str = "") -> JsonObject:
    """The whole recipe, by the learner's defaults for the metric. Raises ModelError.

    >>> recipe_of("popularity", "regress", "mae"), recipe_of("constant", "regress", "mae")
    ({'method': 'constant', 'task': 'regress', 'centre': 'mean'}, {'method': 'constant', 'task': 'regress', 'centre': 'median'})
    """
    if method in _MEAN:
        method, metric = "constant", ""
    return {"method": method, "task": task, **of(method).defaults(task, metric)}


LEARNERS[blend.METHOD] = blend.learner(fit, opened)
