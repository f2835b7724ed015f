"""Settings of tidemill.toml that are documented, or plainly meant, and that this version does not build.

Said of the file as it was written, before it is decoded: whoever asks for such a thing hears that it is not available yet, not that it is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tidemill.types import JsonObject

OPS = ("count", "sum", "last", "mean", "decayed_count", "hour", "weekday", "month", "trend")
"""What a feature may be made by; a word that is not among them is wrong, not early."""
KEYS = {"op", "by", "column", "half_life", "window"}
TABLES = ("classify", "regress")
"""Tasks whose features are columns of a table; the others rank items by what a subject had."""


Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Later:
    """A setting that is refused: where it stands, and in words."""

    path: Path
    what: str
    hint: str = "leave it out for now"


def later(raw: JsonObject) -> Iterator[Later]:
    """Every such setting of the file, in its order. Takes any shape: what is wrong is said when it is decoded.

    >>> [found.what for found in later({"gates": {"slices": {}}, "model": {"a": {"task": "forecast"}}})]
    ["the gate 'slices'", "the task 'forecast'"]
    """
    yield from _gates(raw)
    yield from _models(raw)
    yield from _data(raw)
    yield from _features(raw)


def _gates(raw: JsonObject) -> Iterator[Later]:
    overriding = (("endpoint", name, "gates") for name in _table(raw.get("endpoint")))
    for path in (("gates",), *overriding):
        here: Any = raw
        for part in path:
            here = _table(here).get(part)
        if "slices" in _table(here):
            yield Later((*path, "slices"), "the gate 'slices'")


def _models(raw: JsonObject) -> Iterator[Later]:
    for name, model in _table(raw.get("model")).items():
        path, model = ("model", name), _table(model)
        if model.get("task") == "forecast":
            yield Later((*path, "task"), "the task 'forecast'", "regress answers one row at a time")
        if {"entity", "every"} & set(_table(model.get("rows"))):
            yield Later((*path, "rows"), "a row an entity every so often", 'write rows = { from = "DATASET" }')
        if {"from", "op", "within"} & set(_table(model.get("label"))):
            hint = 'write label = { column = "NAME" }, a column of its rows'
            yield Later((*path, "label"), "a label that is not a column of the rows", hint)


def _data(raw: JsonObject) -> Iterator[Later]:
    for key, section in _table(raw.get("data")).items():
        source = _table(section).get("source")
        scheme = re.match(r"\s*([a-z][a-z0-9+.-]*)://", source, re.I) if isinstance(source, str) else None
        if scheme:
            hint = 'files of the project, or a function of your own: source = "steps:NAME"'
            yield Later(("data", key, "source"), f"a source at {scheme[1].lower()}://", hint)


def _features(raw: JsonObject) -> Iterator[Later]:
    """Features that no model which sees them would read."""
    views = _table(raw.get("features"))
    for model in _table(raw.get("model")).values():
        named = _table(_table(model).get("inputs")).get("views")
        source = _table(_table(model).get("rows")).get("from") or next(iter(_table(raw.get("data"))), None)
        seen = named if isinstance(named, list) else [k for k, v in views.items() if _table(v).get("from") == source]
        for view in seen:
            for name, feature in _table(
                _table(views.get(view) if isinstance(view, str) else None).get("features")
            ).items():
                yield from _feature(("features", view, "features", name), feature, _table(model).get("task"))


def _feature(path: Path, feature: Any, task: Any) -> Iterator[Later]:
    if not isinstance(feature, dict) or feature.get("op") not in OPS or set(feature) - KEYS:
        return  # wrong, and said so later
    if task in TABLES:
        if "by" in feature:
            what = f"a feature by item ({path[-1]}) for the task {task!r}"
            yield Later(path, what, "declare it without by: one number a row")
    elif _ranks(task) and (feature["op"] != "decayed_count" or "by" not in feature or "window" in feature):
        hint = 'items = { op = "decayed_count", by = ITEM, half_life = "180 days" }'
        yield Later(path, f"the feature {path[-1]!r} for a task that ranks items", hint)


def _ranks(task: Any) -> bool:
    return isinstance(task, str) and (task == "recommend" or task.startswith("steps:"))


def _table(value: Any) -> JsonObject:
    """The value, where it is a table."""
    return value if isinstance(value, dict) else {}
