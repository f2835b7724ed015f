"""A fitted model as a bundle: a manifest with a typed signature, and files that are data only. numpy only.

| scorer    | files                          | answers                                            |
|-----------|--------------------------------|----------------------------------------------------|
| recommend | model.npz, items.json          | a subject's history with the k best items          |
| trees     | model.txt (LightGBM's text)    | a row of a table with a value, or a label          |
| learner   | state.npz, items.json, learner.py | as recommend, by the project's own code         |
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from tidemill.errors import ModelError
from tidemill.model.rank import Ranking
from tidemill.store.artifacts.codecs import Bundle, decode, encode
from tidemill.types import JsonObject, Micros

FORMAT = 1
"""Raised when a bundle is laid out differently: a scorer refuses what it does not know."""

RANKS: JsonObject = {
    "inputs": {"items": "list[string]", "values": "list[float64]", "at": "int64 µs", "k": "int64"},
    "outputs": {"items": "list[string]", "scores": "list[float64]"},
}
"""The signature of a recommender. ``items`` and ``values`` come from the subject's history."""


def manifest(
    scorer: str,
    recipe: JsonObject,
    trained_through: Micros,
    signature: JsonObject,
    libraries: tuple[str, ...],
    **more: Any,
) -> JsonObject:
    """What every bundle says of itself."""
    return {
        "format": FORMAT,
        "scorer": scorer,
        "method": recipe.get("method", scorer),
        "recipe": recipe,
        "trained_through": trained_through,
        "signature": signature,
        "versions": versions(("tidemill", "numpy", *libraries)),
        **more,
    }


def versions(libraries: tuple[str, ...]) -> JsonObject:
    """The versions of Python and of these distributions."""
    return {"python": platform.python_version(), **{name: _version(name) for name in libraries}}


@cache
def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "from source"


def recommend_bundle(ranking: Ranking, recipe: JsonObject, trained_through: Micros) -> Bundle:
    """The bundle of a built-in recommender."""
    said = manifest(
        "recommend",
        recipe,
        trained_through,
        RANKS,
        ("scipy",),
        half_life=int(recipe["half_life"]),
        numbers=ranking.numbers,
        items=len(ranking.items),
    )
    return Bundle(said, {"model.npz": encode("arrays", ranking.arrays), "items.json": encode("json", ranking.items)})


def ranking_of(bundle: Bundle) -> Ranking:
    """The fitted numbers back. Raises ModelError, Damaged."""
    return Ranking.read(items_of(bundle), decode("arrays", file_of(bundle, "model.npz")), bundle.manifest["numbers"])


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
) -> Bundle:
    """The bundle of a project's own learner. Raises ModelError where the state is anything but arrays."""
    if wrong := next((k for k, v in state.items() if not isinstance(v, np.ndarray) or v.dtype.hasobject), None):
        raise ModelError(f"{recipe['method']}: fit() gave {wrong!r}, which is no plain array", hint="numpy arrays only")
    said = manifest("learner", recipe, trained_through, RANKS, (), half_life=half_life, items=len(items))
    files = {"state.npz": encode("arrays", dict(state)), "items.json": encode("json", items), "learner.py": source}
    return Bundle(said, files)


def file_of(bundle: Bundle, name: str) -> bytes:
    """A file of the bundle. Raises ModelError where it is not there."""
    if name not in bundle.files:
        raise ModelError(f"the bundle has no {name}", hint=f"it has: {', '.join(sorted(bundle.files))}")
    return bundle.files[name]
