"""A trial with the code of another commit, or with other libraries: in a copy of the project, in a process of its own."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from tidemill.engine import Context, step
from tidemill.errors import ModelError
from tidemill.rebuild.bisect.trial import F8, Arrays, Base, Change, identity, timed, values_of
from tidemill.rebuild.build import Limits, Work, build
from tidemill.rebuild.fresh import environment
from tidemill.rebuild.place import Laid, moved, open_copy, place
from tidemill.store.artifacts.codecs import load
from tidemill.types import JsonObject

if TYPE_CHECKING:
    import polars as pl

    from tidemill.engine.context import Progress
    from tidemill.scope.project import Project


@step(version=identity, outputs=("answers", "told"))
def rebuild(
    rows: pl.DataFrame, base: JsonObject, test: JsonObject, change: JsonObject | None, code: JsonObject, ctx: Context
) -> tuple[Arrays, JsonObject]:
    """As `tidemill.rebuild.bisect.trial.trial`; where the change is of code or libraries, elsewhere. ``code``: of the version, as recorded."""
    project: Project = ctx.resource("project")

    def make(said: Change) -> F8:
        if said.commit or said.pins:
            return _away(project, base, test, said, code, ctx.progress)
        return values_of(project, rows, msgspec.convert(base, Base), test, said)

    return timed(change, make)


def _away(project: Project, base: JsonObject, test: JsonObject, change: Change, code: JsonObject, tell: Progress) -> F8:
    """Raises ModelError where it answers nothing."""
    limits, at = Limits(project.limit("train"), project.memory), project.clock.now()
    then = {"commit": change.commit} if change.commit else code
    laid = Laid(then, list(dict.fromkeys([*base["data"], *test["data"]])), project.seed, at)
    asked = msgspec.to_builtins(msgspec.structs.replace(change, commit="", pins={}))
    with ExitStack() as end:
        root = end.enter_context(place(project, laid))
        python = end.enter_context(environment(change.pins, root.parent, tell)) if change.pins else ""
        log = end.enter_context((root.parent / "log").open("wb"))
        told = {"base": base, "test": test, "change": asked, "configured": bool(change.commit)}
        run = build(Work(root, moved(told, project, root), at, {}, "away", python), limits, log, tell)
        copy = end.enter_context(open_copy(root, at))
        outputs = copy.store.runs.get(run).outputs
        found = load(copy.artifacts, outputs["told"], "json")
        if "error" in found:
            raise ModelError(found["error"])
        return np.asarray(load(copy.artifacts, outputs["answers"], "arrays")["values"], np.float64)
