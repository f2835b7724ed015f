"""One rebuild of a family: a version's recipe fitted with some of its parts taken back, and asked one fixed test.

A trial is a step of the engine: asked for again, it is there. What it gives is what each request of the test adds to the metric, so
that any two trials are compared request by request.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tidemill.engine import Context, pipeline, step
from tidemill.errors import BadRequest, ModelError, TidemillError
from tidemill.learning.search import Settings
from tidemill.learning.trainer import Report, Trainer
from tidemill.model import prepare
from tidemill.model.history import Less, identity_of
from tidemill.model.pipeline import features
from tidemill.ref import Ref
from tidemill.store.artifacts.codecs import Bundle, get_bundle
from tidemill.tasks.table import training_of
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    import polars as pl

    from tidemill.scope.project import Project

CODE = "1"
F8 = NDArray[np.float64]
Arrays = dict[str, NDArray[Any]]


class Test(msgspec.Struct, frozen=True):
    """The fixed test: requests of ``start <= at < end`` in these dataset versions, by this metric."""

    data: list[str]
    start: Micros
    end: Micros
    metric: str


class Base(msgspec.Struct, frozen=True):
    """What every trial begins with: the version's data and what it was fitted with before ``until``.

    ``other``: by name what the other version has in the place of a parameter (`tidemill.rebuild.bisect.causes.parameters_of`).
    """

    name: str
    data: list[str]
    until: Micros
    settings: JsonObject
    recipe: JsonObject
    other: JsonObject = {}


class Change(msgspec.Struct, frozen=True):
    """What a trial does otherwise: source files (digests) left out, parameters as in the other version, other data and end.

    ``commit``: the code is that of a commit, and what tidemill.toml says there. ``pins``: it runs in a new environment of these.
    """

    without: list[str] = []
    swapped: list[str] = []
    data: list[str] | None = None
    until: Micros | None = None
    commit: str = ""
    pins: dict[str, str] = {}


def identity(ctx: Context, arguments: Mapping[str, Any]) -> JsonObject:
    """What a trial depends on outside: the bytes of its data, and the contracts."""
    project: Project = ctx.resource("project")
    data = dict.fromkeys([*arguments["base"]["data"], *((arguments["change"] or {}).get("data") or ())])
    return {"data": [identity_of(project, *Ref.versioned("dataset", ref)) for ref in data], "code": CODE}


@step(version=identity, outputs=("answers", "told"))
def trial(
    rows: pl.DataFrame,
    base: JsonObject,
    test: JsonObject,
    change: JsonObject | None,
    settled: JsonObject | None,
    ctx: Context,
) -> tuple[Arrays, JsonObject]:
    """``values`` of the test's requests, and how many seconds it took; ``error`` where there is no such model. None: nothing is asked.

    ``rows``: those of the test, as the step ``features`` gives them. ``settled``: settings and recipe in the place of the base's.
    """
    project: Project = ctx.resource("project")
    read = msgspec.convert({**base, **(settled or {})}, Base)
    return timed(change, lambda said: values_of(project, rows, read, test, said))


def timed(change: JsonObject | None, make: Callable[[Change], F8]) -> tuple[Arrays, JsonObject]:
    """What a step of a trial gives."""
    if change is None:
        return {"values": np.empty(0)}, {}
    began = time.monotonic()
    try:
        values = make(msgspec.convert(change, Change))
    except TidemillError as exc:
        return {"values": np.empty(0)}, {"error": f"{exc.code}: {exc}", "seconds": time.monotonic() - began}
    return {"values": values}, {"seconds": time.monotonic() - began}


@step(impure="reads the copy's own configuration")
def settle(base: JsonObject, ctx: Context) -> JsonObject:
    """The settings that tidemill.toml of the copy says, and the recipe: where its own code is the learner, of that code."""
    read = msgspec.convert(base, Base)
    own = asdict(prepare.settings(ctx.resource("project").model(read.name)))
    given = own["details"].get("given")
    recipe = {**read.recipe, **given["recipe"]} if given else read.recipe
    settings = {**own, "metric": read.settings["metric"]}
    return {"settings": settings, "recipe": recipe}


@pipeline(name="away")
def away_pipeline(base: JsonObject, test: JsonObject, change: JsonObject, configured: bool) -> dict[str, Any]:
    """A trial in a copy: features of the test → the trial. ``configured``: settings are what the copy's tidemill.toml says."""
    rows: Any = features(base["name"], test["data"])  # type: ignore[call-arg]
    settled: Any = settle(base) if configured else None  # type: ignore[call-arg]
    answers, told = trial(rows, base, test, change, settled)  # type: ignore[call-arg]
    return {"answers": answers, "told": told}


def values_of(project: Project, rows: pl.DataFrame, base: Base, test: JsonObject, change: Change) -> F8:
    """What each request of the test adds to the metric, of the version with the change. Raises ModelError, DataError."""
    settings, recipe = swapped(base, change.swapped)
    data = base.data if change.data is None else change.data
    until = base.until if change.until is None else change.until
    learned = prepare.rows(project.model(base.name), data, less=Less(tuple(change.without)))
    trainer = _trainer(learned, settings)
    if not trainer.reproduces(recipe):
        raise ModelError("this recipe cannot be fitted any more: its code is not what it was")
    bundle = trainer.fit(recipe, until)
    return np.asarray(_asked(_trainer(rows, settings), bundle, test).of(test["metric"]).values, np.float64)


@step(version=CODE)
def ends(rows: pl.DataFrame, settings: JsonObject, test: JsonObject, bundles: dict[str, str], ctx: Context) -> Arrays:
    """What versions that are there say to the same test, by name, and the ``units`` of its requests. Raises BadRequest."""
    project: Project = ctx.resource("project")
    found: Arrays = {}
    for name, digest in bundles.items():
        bundle = get_bundle(project.artifacts, digest)
        through = bundle.manifest.get("trained_through")
        if not isinstance(through, int) or through > test["start"]:
            hint = "compare versions on a test that neither has learned from"
            raise BadRequest("it was fitted on a part of the test", place=name, hint=hint)
        scored = _asked(_trainer(rows, settings), bundle, test).of(test["metric"])
        found |= {name: scored.values, "units": np.unique(scored.units, return_inverse=True)[1]}
    return found


def swapped(base: Base, names: list[str]) -> tuple[JsonObject, JsonObject]:
    """The settings and the recipe with these parameters as in the other version."""
    settings, recipe = {**base.settings, "details": {**base.settings["details"]}}, dict(base.recipe)
    places = {"settings": settings, "details": settings["details"], "recipe": recipe}
    for name in names:
        place, _, key = name.partition(".")
        if name in base.other:
            places[place][key] = base.other[name]
        else:
            places[place].pop(key, None)
    return settings, recipe


def _trainer(rows: pl.DataFrame, settings: JsonObject) -> Trainer:
    read = Settings(**settings)
    return training_of(read.task).open_trainer(rows, read)


def _asked(trainer: Trainer, bundle: Bundle, test: JsonObject) -> Report:
    return trainer.report(bundle, test["start"], test["end"])
