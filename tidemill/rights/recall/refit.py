"""A model version built again twice by its own recipe: of all that it learned from, and of that less what is recalled.

The first says whether the second can be believed: only where the build of today gives what was released then is what differs in the
other one of what was left out. No search is made again: hyper-parameters stay as they were chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from tidemill.config.sections import SplitSection
from tidemill.engine import Context, step
from tidemill.errors import ModelError, NotFound, TidemillError
from tidemill.learning.rows import AT
from tidemill.learning.search import Settings
from tidemill.learning.split import cut
from tidemill.model import prepare
from tidemill.model.history import NOTHING, Less
from tidemill.model.recorded import recorded
from tidemill.rights.recall.named import What
from tidemill.store.artifacts.codecs import Bundle, put_bundle
from tidemill.tasks.table import training_of
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.model.recorded import Recorded
    from tidemill.scope.project import Project

CODE = "1"


def identity(ctx: Context, arguments: Mapping[str, Any]) -> JsonObject:
    """What a refit depends on outside: the bytes of its data, contracts and views, and the version."""
    project: Project = ctx.resource("project")
    model = project.store.models.get(arguments["model"])
    try:
        rows = prepare.identity(ctx, {"name": model.name, "data": model.data})
    except TidemillError as exc:  # such as a model that is not configured any more: the refit says so
        rows = {"error": str(exc)}
    return {"rows": rows, "bundle": model.bundle, "code": CODE}


@step(version=identity, outputs=("control", "without", "told"))
def refit(model: str, what: JsonObject, ctx: Context) -> tuple[Bundle | None, Bundle | None, JsonObject]:
    """Both, and ``identical``: whether the first is the bytes that were released; ``error``: why there is none."""
    project: Project = ctx.resource("project")
    version, less = project.store.models.get(model), msgspec.convert(what, What).less
    try:
        record = recorded(project, version)
        if version.recipe.get("start"):
            raise ModelError(
                f"{model} began from another model", place=model, hint="recall what that learned from, too"
            )
        control = built(project, record, NOTHING)
    except TidemillError as exc:
        return None, None, {"error": exc.code, "why": exc.message}
    identical = put_bundle(project.artifacts, control) == version.bundle
    try:
        without = built(project, record, less)
    except TidemillError as exc:
        return control, None, {"identical": identical, "error": f"none: {exc.code}", "why": exc.message}
    return control, without, {"identical": identical}


def built(project: Project, record: Recorded, less: Less) -> Bundle:
    """The released fit of a version's recipe, on what it learned from, less this. Raises ModelError, DataError, NotFound."""
    name = record.model.name
    if name not in project.models:
        raise NotFound(f"no model {name!r} is configured any more", place=record.model.ref)
    limits = int(record.params.get("limits") or 0)  # as it was trained: else whoever objected since would differ, too
    rows = prepare.rows(project.model(name), record.model.data, less=less, limits=limits)
    settings = Settings(**record.params["settings"])
    at = rows[AT].to_numpy()
    where = cut(
        msgspec.convert(record.params["test"], SplitSection), int(at.min()), int(at.max()), record.params["gap"]
    )
    trainer = training_of(settings.task).open_trainer(rows, settings)
    if not trainer.reproduces(record.model.recipe):
        raise ModelError("this recipe cannot be fitted any more: its code is not what it was", place=record.model.ref)
    return trainer.fit(record.model.recipe, where.end)
