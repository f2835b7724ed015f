"""The bundles of a recommender: fitted numbers, or the state and the source of a project's own learner. numpy only.

| scorer    | files                                         |
|-----------|-----------------------------------------------|
| recommend | model.npz, items.json                         |
| ranker    | model.npz, items.json, habits.npz, trees.txt  |
| sessions  | sessions.npz, items.json                      |
| learner   | state.npz, items.json, learner.py             |

And titles.json, where the contract names a column that says what an item is called.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tidemill.errors import ModelError
from tidemill.learning.bundle import file_of, manifest, versions
from tidemill.store.artifacts.codecs import Bundle, decode, encode
from tidemill.tasks.ranking.rank import Ranking
from tidemill.tasks.ranking.ranker import Ranker
from tidemill.tasks.ranking.sessions import Sessions
from tidemill.tasks.ranking.traced import OF_ITEMS
from tidemill.types import JsonObject, Micros

RANKS: JsonObject = {
    "inputs": {"items": "list[string]", "values": "list[float64]", "at": "int64 µs", "k": "int64"},
    "outputs": {"items": "list[string]", "scores": "list[float64]"},
}
"""The signature of a recommender. ``items`` and ``values`` come from the subject's history."""


ARRAYS = {"base": np.float64, "factor": np.float64, "neighbours": np.int32, "weights": np.float32}
NUMBERS = ("again", "power", "unknown")
SESSIONS = {
    "base": np.float64,
    "idf": np.float64,
    "members": np.int32,
    "starts": np.int64,
    "holders": np.int32,
    "begins": np.int64,
}
TITLES = "titles.json"
Fitted = Ranking | Ranker | Sessions


def bundle_of(fitted: Fitted, recipe: JsonObject, trained_through: Micros, roles: JsonObject | None = None) -> Bundle:
    """The bundle of whatever a built-in learner gave."""
    if isinstance(fitted, Sessions):
        return sessions_bundle(fitted, recipe, trained_through, roles)
    if isinstance(fitted, Ranker):
        return ranker_bundle(fitted, recipe, trained_through, roles)
    return recommend_bundle(fitted, recipe, trained_through, roles)


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


def ranker_bundle(ranker: Ranker, recipe: JsonObject, trained_through: Micros, roles: JsonObject | None) -> Bundle:
    """The bundle of the blend, with what is known of items and the trees that put its best in order."""
    blend = recommend_bundle(ranker.ranking, recipe, trained_through, roles)
    said = {
        **blend.manifest,
        "scorer": "ranker",
        "candidates": ranker.candidates,
        "versions": versions(("tidemill", "numpy", "scipy", "lightgbm")),
    }
    more = {"habits.npz": encode("arrays", {"habits": ranker.habits}), "trees.txt": ranker.trees}
    return Bundle(said, {**blend.files, **more})


def ranker_of(bundle: Bundle) -> Ranker:
    """The ranker back. Raises ModelError, Damaged."""
    ranking, habits = ranking_of(bundle), decode("arrays", file_of(bundle, "habits.npz"))["habits"]
    if habits.shape != (len(ranking.items) + 1, len(OF_ITEMS)):
        raise ModelError(f"what the bundle knows of items does not fit its {len(ranking.items)} items")
    return Ranker(ranking, habits, int(bundle.manifest["candidates"]), file_of(bundle, "trees.txt"))


def sessions_bundle(
    sessions: Sessions, recipe: JsonObject, trained_through: Micros, roles: JsonObject | None
) -> Bundle:
    """The bundle of sessions to be near to."""
    said = manifest(
        "sessions",
        recipe,
        trained_through,
        RANKS,
        ("scipy",),
        half_life=int(recipe["half_life"]),
        items=len(sessions.items),
        roles=roles or {},
    )
    arrays = {name: getattr(sessions, name).astype(kind) for name, kind in SESSIONS.items()}
    return Bundle(said, {"sessions.npz": encode("arrays", arrays), "items.json": encode("json", sessions.items)})


def sessions_of(bundle: Bundle) -> Sessions:
    """The sessions back. Raises ModelError, Damaged."""
    items, stored = items_of(bundle), decode("arrays", file_of(bundle, "sessions.npz"))
    base, idf, members, starts, holders, begins = (stored[name].astype(kind) for name, kind in SESSIONS.items())
    n = len(items)
    fits = base.shape == idf.shape == (n,) and begins.shape == (n + 1,)
    fits = fits and _tiles(starts, len(members)) and _tiles(begins, len(holders))
    if not fits or not _below(members, n) or not _below(holders, len(starts) - 1):
        raise ModelError(f"the sessions of the bundle do not fit its {n} items")
    said = bundle.manifest["recipe"]
    numbers = {name: int(said[name]) for name in ("recent", "sample", "nearest")}
    return Sessions(items, base, idf, members, starts, holders, begins, **numbers, again=bool(said["again"]))


def _tiles(begins: Any, n: int) -> bool:
    """Whether these are n rows cut into spans, one after the other."""
    return bool(len(begins) and begins[0] == 0 and begins[-1] == n and (np.diff(begins) >= 0).all())


def _below(codes: Any, n: int) -> bool:
    return not codes.size or bool(codes.min() >= 0 and codes.max() < n)


def titled(bundle: Bundle, titles: Mapping[str, str]) -> Bundle:
    """The bundle with what its items are called, where anything says it."""
    known = {item: titles[item] for item in items_of(bundle) if item in titles}
    return Bundle(bundle.manifest, {**bundle.files, TITLES: encode("json", known)}) if known else bundle


def titles_of(bundle: Bundle) -> dict[str, str]:
    """What items are called; nothing where the bundle does not say it. Raises ModelError, Damaged."""
    return read_titles(bundle.files.get(TITLES))


def read_titles(data: bytes | None) -> dict[str, str]:
    """As `titles_of`, from the file alone."""
    found = decode("json", data) if data is not None else {}
    if not isinstance(found, dict) or any(not isinstance(name, str) for name in found.values()):
        raise ModelError(f"{TITLES} is no mapping of names")
    return found


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
