"""Learners of tables, one file each: what it is fitted by, where a search looks, and how its bundle of data answers.

A new learner is a file with a `Learner` (`port`) and its line in `LEARNERS`. What fits may import anything, inside its functions;
what answers imports numpy at most, for it runs in the server.
"""

from __future__ import annotations

from tidemill.errors import ModelError
from tidemill.tasks.tabular.learners.constant import CONSTANT
from tidemill.tasks.tabular.learners.foreign.learners import FILE, OWN
from tidemill.tasks.tabular.learners.foreign.process import PROCESS
from tidemill.tasks.tabular.learners.linear import LINEAR
from tidemill.tasks.tabular.learners.naive import LAST_VALUE, SEASONAL
from tidemill.tasks.tabular.learners.port import Learner
from tidemill.tasks.tabular.learners.trees import TREES
from tidemill.types import JsonObject, did_you_mean

LEARNERS: dict[str, Learner] = {
    "constant": CONSTANT,
    "linear": LINEAR,
    "last_value": LAST_VALUE,
    "seasonal_naive": SEASONAL,
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


def recipe_of(method: str, task: str, metric: str = "") -> JsonObject:
    """The whole recipe, by the learner's defaults for the metric. Raises ModelError.

    >>> recipe_of("popularity", "regress", "mae"), recipe_of("constant", "regress", "mae")
    ({'method': 'constant', 'task': 'regress', 'centre': 'mean'}, {'method': 'constant', 'task': 'regress', 'centre': 'median'})
    """
    if method in _MEAN:
        method, metric = "constant", ""
    return {"method": method, "task": task, **of(method).defaults(task, metric)}
