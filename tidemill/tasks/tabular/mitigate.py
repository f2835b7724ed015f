"""Two ways to bring groups nearer to one another: rows are weighed before a fit, or each group has a threshold of its own after it. numpy only.

A recipe says which one in ``mitigate``: the method, the attributes, and what shall be equal. Reweighing needs the attributes of the
rows that are learned from, and of no request. Thresholds need them of each request: one that does not say its group is decided by the
threshold of those whose group nobody knows, else by the usual one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ModelError
from tidemill.learning.attributes import Groups, crossed, group_of, groups_of, name_of
from tidemill.types import JsonObject

F8 = NDArray[np.float64]
KEY = "mitigate"
"""What a recipe says of it: ``method``, ``attributes``, ``measure``."""
REWEIGHING, THRESHOLDS = "reweighing", "thresholds"
EQUAL: Mapping[str, Callable[[NDArray[np.bool_]], NDArray[np.bool_]]] = {
    "selection_rate": lambda came: np.ones(len(came), np.bool_),
    "true_positive_rate": lambda came: came,
    "false_positive_rate": lambda came: ~came,
}
"""What thresholds make equal: the share of which rows is selected."""
FEWEST = 30
"""Rows from which on a group's own threshold is worth more than the usual one."""
SHARES = 500
"""So finely the share that is selected of all groups is looked for."""


class Errors(NamedTuple):
    """What a wrong answer costs: the positive label said of a row that is not, and not said of one that is."""

    false_positive: float = 1.0
    false_negative: float = 1.0


def groups_by(columns: Mapping[str, Any], attributes: Sequence[str]) -> Groups:
    """Whose group each row is of, by all attributes together. Raises ModelError where a column is not there, or has too many values."""
    if lacking := [name for name in attributes if name not in columns]:
        raise ModelError(f"the rows have no {lacking[0]!r}", place="[fairness] attributes", hint="tidemill run")
    return crossed({name: groups_of(name, columns[name]) for name in attributes})


def weights_of(y: F8, groups: Groups) -> F8:
    """By row how much it counts, so that label and group are independent (Kamiran and Calders 2012): P(label) P(group) / P(both).

    >>> weights_of(np.array([1.0, 1.0, 1.0, 0.0]), Groups(("f", "m"), np.array([0, 0, 1, 1]))).round(2).tolist()
    [0.75, 0.75, 1.5, 0.5]
    """
    place = y.astype(np.int64) * len(groups.names) + groups.codes
    both, n = np.bincount(place), len(y)
    labels, each = np.bincount(y.astype(np.int64)), np.bincount(groups.codes)
    return np.asarray(labels[y.astype(np.int64)] * each[groups.codes] / (n * both[place]), np.float64)


def thresholds_of(
    chance: F8, came: NDArray[np.bool_], groups: Groups, measure: str, errors: Errors
) -> dict[str, float]:
    """By group the probability from which the positive label is answered: the same share of each is selected, at the least cost.

    ``chance``: the positive label's probability of each row, told by a fit that did not learn from it; ``came``: whether it is.
    Groups with too few rows have none. Raises ModelError for a measure that no threshold makes equal.
    """
    if measure not in EQUAL:
        hint = f"measure: one of {', '.join(EQUAL)}; or mitigate = 'reweighing'"
        raise ModelError(f"no threshold makes {measure} equal", place="[fairness] measure", hint=hint)
    base = EQUAL[measure](came)
    enough = [place for place in range(len(groups.names)) if (base & (groups.codes == place)).sum() >= FEWEST]
    shares, cost = np.linspace(0.0, 1.0, SHARES + 1), np.zeros(SHARES + 1)
    found = []
    for place in enough:
        mine = groups.codes == place
        at = _cuts(chance[mine & base], shares)
        cost += _costs(chance[mine], came[mine], at, errors)
        found.append(at)
    best = int(cost.argmin())
    return {groups.names[place]: float(at[best]) for place, at in zip(enough, found, strict=True)}


def _cuts(chance: F8, shares: F8) -> F8:
    """The probabilities from which these shares are selected: half way between one that is and one that is not."""
    ranked = np.concatenate([[1.0 + 1e-9], np.sort(chance)[::-1], [0.0]])
    last = np.round(shares * len(chance)).astype(np.int64)  # of those that are selected
    return np.asarray((ranked[last] + ranked[last + 1]) / 2, np.float64)


def _costs(chance: F8, came: NDArray[np.bool_], at: F8, errors: Errors) -> F8:
    """What the answers of these rows cost, by each of the thresholds."""
    missed = np.searchsorted(np.sort(chance[came]), at, side="left")
    wrong = (~came).sum() - np.searchsorted(np.sort(chance[~came]), at, side="left")
    return np.asarray(errors.false_positive * wrong + errors.false_negative * missed, np.float64)


def at_of(threshold: JsonObject, inputs: Mapping[str, Any]) -> float:
    """The probability from which this row is answered with the positive label.

    >>> said = {"at": 0.5, "by": ["sex"], "groups": {"sex=f": 0.4}}
    >>> at_of(said, {"sex": "f"}), at_of(said, {"sex": "m"}), at_of(said, {}), at_of({"at": 0.5}, {"sex": "f"})
    (0.4, 0.5, 0.5, 0.5)
    """
    if "by" not in threshold:
        return float(threshold["at"])
    mine = name_of({name: group_of(inputs.get(name)) for name in threshold["by"]})
    return float(threshold["groups"].get(mine, threshold["at"]))


def at_each(threshold: JsonObject | None, columns: Mapping[str, Any]) -> F8 | None:
    """The same of many rows by their columns; None where all have one."""
    if threshold is None or "by" not in threshold:
        return None
    groups = groups_by(columns, threshold["by"])
    each = np.array([threshold["groups"].get(name, threshold["at"]) for name in groups.names], np.float64)
    return np.asarray(each[groups.codes], np.float64)
