"""The bundles of a recommender: fitted numbers, or the state and the source of a project's own learner. numpy only.

| scorer    | files                             |
|-----------|-----------------------------------|
| recommend | model.npz, items.json             |
| learner   | state.npz, items.json, learner.py |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tidemill.errors import ModelError
from tidemill.learning.bundle import file_of, manifest
from tidemill.store.artifacts.codecs import Bundle, decode, encode
from tidemill.tasks.ranking.rank import Ranking
from tidemill.types import JsonObject, Micros

RANKS: JsonObject = {
    "inputs": {"items": "list[string]", "values": "list[float64]", "at": "int64 µs", "k": "int64"},
    "outputs": {"items": "list[string]", "scores": "list[float64]"},
}
"""The signature of a recommender. ``items`` and ``values`` come from the subject's history."""


ARRAYS = {"base": np.float64, "factor": np.float64, "neighbours": np.int32, "weights": np.float32}
NUMBERS = ("again", "power", "unknown")


def recommend_bundle(
    ranking: Ranking, recipe: JsonObject, trained_through: Micros, roles: JsonObject | None = None
) -> Bundle:
    """The bundle of a built-in recommender. ``roles``: the contract's columns of subject and item (`roles_of`)."""
    said = manifest(
        "recommend",
        recipe,
        trained_through,
        RANKS,
        ("scipy",),
        half_life=int(recipe["half_life"]),
        numbers={name: getattr(ranking, name) for name in NUMBERS},
        items=len(ranking.items),
        roles=roles or {},
    )
    arrays = {name: getattr(ranking, name).astype(kind) for name, kind in ARRAYS.items()}
    return Bundle(said, {"model.npz": encode("arrays", arrays), "items.json": encode("json", ranking.items)})


def ranking_of(bundle: Bundle) -> Ranking:
    """The fitted numbers back. Raises ModelError, Damaged."""
    items, stored = items_of(bundle), decode("arrays", file_of(bundle, "model.npz"))
    base, factor, neighbours, weights = (stored[name].astype(kind) for name, kind in ARRAYS.items())
    n = len(items)
    fits = base.shape == factor.shape == (n,) and neighbours.shape == weights.shape and len(neighbours) == n
    if not fits or (neighbours.size and not 0 <= neighbours.min() <= neighbours.max() < n):
        raise ModelError(f"the arrays of the bundle do not fit its {n} items")
    numbers = {name: float(bundle.manifest["numbers"][name]) for name in NUMBERS}
    return Ranking(items, base, factor, neighbours, weights, **numbers)


def items_of(bundle: Bundle) -> list[str]:
    """The items that the model knows, sorted."""
    items = decode("json", file_of(bundle, "items.json"))
    if not isinstance(items, list) or any(not isinstance(item, str) for item in items):
        raise ModelError("items.json is no list of names")
    return items


def learner_bundle(
    state: Mapping[str, Any],
    source: bytes,
    recipe: JsonObject,
    items: list[str],
    trained_through: Micros,
    half_life: Micros,
    roles: JsonObject | None = None,
) -> Bundle:
    """The bundle of a project's own learner. Raises ModelError where the state is anything but arrays."""
    if wrong := next((k for k, v in state.items() if not isinstance(v, np.ndarray) or v.dtype.hasobject), None):
        raise ModelError(f"{recipe['method']}: fit() gave {wrong!r}, which is no plain array", hint="numpy arrays only")
    said = manifest(
        "learner", recipe, trained_through, RANKS, (), half_life=half_life, items=len(items), roles=roles or {}
    )
    files = {"state.npz": encode("arrays", dict(state)), "items.json": encode("json", items), "learner.py": source}
    return Bundle(said, files)
