"""Oracles for contributions: Shapley values by their definition, over all subsets of at most ten columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations
from math import factorial, isnan
from typing import Any

import numpy as np


def shapley(worth: Callable[[frozenset[int]], Any], columns: int) -> np.ndarray:
    """The value of each column, of what a set of them is ``worth``."""
    sets = [frozenset(one) for n in range(columns + 1) for one in combinations(range(columns), n)]
    known = {one: np.asarray(worth(one), float) for one in sets}
    found = []
    for column in range(columns):
        parts = []
        for one in sets:
            if column not in one:
                share = factorial(len(one)) * factorial(columns - 1 - len(one)) / factorial(columns)
                parts.append(share * (known[one | {column}] - known[one]))
        found.append(sum(parts))
    return np.array(found)


def expected(node: Mapping[str, Any], x: np.ndarray, known: frozenset[int]) -> float:
    """What a tree says when only these columns are known: both ways of a split on another, by how many rows of training went there."""
    if "split_feature" not in node:
        return float(node["leaf_value"])
    left, right = node["left_child"], node["right_child"]
    column = node["split_feature"]
    if column in known:
        return expected(left if _left(node, float(x[column])) else right, x, known)
    counts = [one.get("internal_count", one.get("leaf_count")) for one in (left, right)]
    return float(np.average([expected(one, x, known) for one in (left, right)], weights=counts))


def _left(node: Mapping[str, Any], value: float) -> bool:
    if node["decision_type"] == "==":
        return not isnan(value) and value >= 0 and str(int(value)) in node["threshold"].split("||")
    if isnan(value) and node["missing_type"] == "NaN":
        return bool(node["default_left"])
    return (0.0 if isnan(value) else value) <= node["threshold"]
