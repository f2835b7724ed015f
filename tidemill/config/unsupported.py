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


@dataclass(frozen=True, slots=True)
class Later:
    """A setting that is refused: where it stands, and in words."""

    path: list[str]
    what: str
    hint: str = "leave it out for now"


def later(raw: JsonObject) -> Iterator[Later]:
    """Every such setting of the file, in its order. Takes any shape: what is wrong is said when it is decoded.

    >>> [found.what for found in later({"gates": {"slices": {}}, "model": {"task": "forecast"}})]
    ["the gate 'slices'", "the task 'forecast'"]
    """
    yield from _gates(raw)
    yield from _model(raw)
    yield from _release(raw)
    yield from _data(raw)
    yield from _features(raw)


def _gates(raw: JsonObject) -> Iterator[Later]:
    if "slices" in _table(raw.get("gates")):
        yield Later(["gates", "slices"], "the gate 'slices'")


def _model(raw: JsonObject) -> Iterator[Later]:
    if _table(raw.get("model")).get("task") == "forecast":
        yield Later(["model", "task"], "the task 'forecast'", "regress answers one row at a time")


def _release(raw: JsonObject) -> Iterator[Later]:
    sections = _table(raw.get("release"))
    for key, section in sections.items():
        stages = _table(section).get("rollout")
        for stage in stages if isinstance(stages, list) else []:
            kind = re.match(r"\s*(shadow|linear|blue[- ]?green)\b", stage, re.I) if isinstance(stage, str) else None
            if kind:
                yield Later(
                    ["release", key, "rollout"], f"a stage {kind[1].lower()!r}", "write shares: '25% 2 days', '100%'"
                )
    if all(isinstance(section, dict) for section in sections.values()):
        for key in list(sections)[1:]:
            yield Later(["release", key], f"a second environment, [release.{key}],", "keep one [release.NAME]")


def _data(raw: JsonObject) -> Iterator[Later]:
    for key, section in _table(raw.get("data")).items():
        source = _table(section).get("source")
        scheme = re.match(r"\s*([a-z][a-z0-9+.-]*)://", source, re.I) if isinstance(source, str) else None
        if scheme:
            hint = 'files of the project, or a function of your own: source = "steps:NAME"'
            yield Later(["data", key, "source"], f"a source at {scheme[1].lower()}://", hint)


def _features(raw: JsonObject) -> Iterator[Later]:
    """Features that no model of this task would read."""
    names, task = list(_table(raw.get("data"))), _table(raw.get("model")).get("task")
    for view, section in _table(raw.get("features")).items():
        source = _table(section).get("from")
        if source in names[1:]:
            hint = f"the model learns from [data.{names[0]}], the first one"
            yield Later(["features", view, "from"], f"a view of a second dataset, {source!r},", hint)
        for name, feature in _table(section).items():
            if not isinstance(feature, dict) or feature.get("op") not in OPS or set(feature) - KEYS:
                continue  # wrong, and said so later
            if task in TABLES:
                if "by" in feature:
                    hint = "declare it without by: one number a row"
                    yield Later(["features", view, name], f"a feature by item ({name}) for the task {task!r}", hint)
            elif _ranks(task) and (feature["op"] != "decayed_count" or "by" not in feature or "window" in feature):
                hint = 'items = { op = "decayed_count", by = ITEM, half_life = "180 days" }'
                yield Later(["features", view, name], f"the feature {name!r} for a task that ranks items", hint)


def _ranks(task: Any) -> bool:
    return isinstance(task, str) and (task == "recommend" or task.startswith("steps:"))


def _table(value: Any) -> JsonObject:
    """The value, where it is a table."""
    return value if isinstance(value, dict) else {}
