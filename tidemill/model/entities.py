"""Whether what a model of entities would be asked about each of them is held as of now. No table is read here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidemill.types import JsonObject, Micros, digest

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint, Model


def is_due(scope: Endpoint, at: Micros) -> bool:
    """Whether it is to be made: something serves, and what is held is of older rows, of other views, or a window old."""
    model = scope.model
    if not (model.section.rows and model.section.rows.entity) or scope.champion() is None:
        return False
    kept = model.project.store.settings.get(_setting(model))
    held = (
        isinstance(kept, dict) and kept.get("of") == made_of(model) and 0 <= at - int(kept["at"]) < scope.monitor.span
    )
    return not held


def mark(model: Model, at: Micros, of: JsonObject) -> None:
    """What is held is as of this moment, and made of this (`made_of`, asked before it was)."""
    model.project.store.settings.set(_setting(model), {"of": of, "at": at})


def made_of(model: Model) -> JsonObject:
    """The newest version of each dataset, and the views, as tidemill.toml says them now."""
    found = ((name, model.project.store.datasets.first(dataset=name)) for name in model.datasets)
    said = repr((model.section.rows, model.section.label, model.section.inputs, dict(model.views)))
    return {
        "data": {name: last.version for name, last in found if last is not None},
        "said": digest(said.encode()),
    }


def _setting(model: Model) -> str:
    return f"entities:{model.name}"
