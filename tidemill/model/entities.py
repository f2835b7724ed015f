"""Models of entities at moments: which they are, and whether what they would be asked is held as of now. No table is read here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    from tidemill.scope.project import Model, Project


def of_entities(project: Project) -> list[Model]:
    """Those that endpoints of this environment serve."""
    found = {scope.model.name: scope.model for scope in project.endpoints.values()}
    return [model for model in found.values() if model.section.rows and model.section.rows.entity]


def is_held(model: Model, at: Micros, span: Micros) -> bool:
    """Whether what is held is of the newest rows, and was made less than this span of time ago."""
    kept = model.project.store.settings.get(_setting(model))
    return isinstance(kept, dict) and kept["data"] == _versions(model) and 0 <= at - int(kept["at"]) < span


def mark(model: Model, at: Micros) -> None:
    """What is held is as of this moment, by the rows that are there."""
    model.project.store.settings.set(_setting(model), {"data": _versions(model), "at": at})


def _versions(model: Model) -> JsonObject:
    found = ((name, model.project.store.datasets.first(dataset=name)) for name in model.datasets)
    return {name: last.version for name, last in found if last is not None}


def _setting(model: Model) -> str:
    return f"entities:{model.name}"
