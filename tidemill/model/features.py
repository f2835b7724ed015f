"""The feature report of a version: each feature left out in a step of its own, so that one that was killed goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from tidemill.engine import Context, pipeline, step
from tidemill.errors import BadRequest, ConfigError, ModelError
from tidemill.evaluation.inputs import serving_cost
from tidemill.evaluation.inputs.alike import associations, groups_of, of_values
from tidemill.evaluation.inputs.leave_out import Cost, Left, Whole, as_json, named, report, turned, without
from tidemill.evaluation.robustness.falls import MOST
from tidemill.learning.evaluate import metric_value
from tidemill.learning.measures import measure
from tidemill.learning.search import Settings
from tidemill.learning.split import Cut
from tidemill.model import prepare
from tidemill.model.apart import CODE
from tidemill.model.inputs import Inputs
from tidemill.model.pipeline import features, split
from tidemill.store.artifacts.codecs import get_bundle
from tidemill.tasks.tabular.inputs import Input
from tidemill.tasks.tabular.row import RowScorer
from tidemill.tasks.tabular.training import TRAINING, TabularTrainer
from tidemill.types import JsonObject

if TYPE_CHECKING:
    import polars as pl

    from tidemill.scope.project import Model, Project
    from tidemill.store.artifacts.codecs import Bundle
    from tidemill.store.records import ModelVersion

FEATURES = "features"
"""The name of its pipeline."""
MOST_FITS, AGAIN = 300, 3
"""Features that are left out, at most; and fits of all features, that luck is told by."""
USUAL = 5.0
"""CPU seconds of a fit where nobody has measured one."""


def _trainer(rows: pl.DataFrame, settings: Settings) -> TabularTrainer:
    found = TRAINING.open_trainer(rows, settings)
    assert isinstance(found, TabularTrainer)
    return found


def _bundle(ctx: Context, digest: str) -> Bundle:
    return get_bundle(ctx.resource("project").artifacts, digest)


@step(version=CODE, outputs=("values", "cost"))
def left_out(
    rows: pl.DataFrame, cut: JsonObject, settings: JsonObject, bundle: str, columns: list[str], turn: int, ctx: Context
) -> tuple[Any, JsonObject]:
    """What each request of the test adds to the metric where the recipe is fitted without these values, and what serving costs then.

    ``turn``: by so many places the columns are turned.
    """
    read, where, whole = Settings(**settings), Cut.read(cut), _bundle(ctx, bundle)
    try:
        trainer = _trainer(rows, turned(without(read, columns), turn))
        less = trainer.fit(whole.manifest["recipe"], where.test_start)
        values = trainer.report(less, where.test_start, where.end).of(read.metric).values
    except (ModelError, ConfigError) as exc:
        return {"values": np.empty(0)}, {"error": str(exc)}
    asked = [one.body["inputs"] for one in _requests(rows, read, where)]
    cost: JsonObject = msgspec.to_builtins(serving_cost.beside(whole, less, asked))
    return {"values": values}, cost


def _requests(rows: pl.DataFrame, settings: Settings, where: Cut) -> list[Any]:
    found = list(_trainer(rows, settings).happened(where.test_start, where.end))
    return found[:: max(1, len(found) // serving_cost.ASKED)][: serving_cost.ASKED]


@step(version=CODE)
def summarise(
    rows: pl.DataFrame,
    cut: JsonObject,
    settings: JsonObject,
    bundle: str,
    useful: float,
    asked: list[JsonObject],
    values: list[Any],
    costs: list[JsonObject],
    again: list[Any],
    ctx: Context,
) -> JsonObject:
    """`tidemill.evaluation.inputs.leave_out.FeatureReport`. ``values`` and ``costs``: of those that were asked, in their order; ``again``: of all."""
    read, where, whole = Settings(**settings), Cut.read(cut), _bundle(ctx, bundle)
    trainer = _trainer(rows, read)
    own, sample = (
        trainer.report(whole, where.test_start, where.end),
        trainer.sample(whole, where.test_start, where.end, MOST),
    )
    scored, ones = own.of(read.metric), iter(zip(values, costs, strict=True))
    parts = []
    for left in msgspec.convert(asked, list[Left]):
        found, cost = next(ones) if not left.why else ({"values": np.empty(0)}, {})
        parts.append((left, found["values"], msgspec.convert(cost, Cost)))
    head = {
        "metric": read.metric,
        "better": measure(read.metric).better,
        "rows": len(scored.values),
        "units": len(np.unique(scored.units)),
        "unit": scored.unit,
        "figure": metric_value(read.metric, scored.values),
        "useful": useful,
    }
    alike = groups_of(list(sample.places), of_values(associations(sample.x, sample.categories), sample.places))
    took = serving_cost.reading(RowScorer(whole), [one.body["inputs"] for one in _requests(rows, read, where)])
    fits = [scored.values, *(one["values"] for one in again if len(one["values"]))]
    whole_fits = Whole(read.metric, np.array(fits), scored.units)
    return as_json(report(sample, whole_fits, head, parts, took, alike))


@pipeline(name=FEATURES)
def features_pipeline(
    name: str,
    model: str,
    data: list[str],
    test: JsonObject,
    gap: int,
    settings: JsonObject,
    bundle: str,
    useful: float,
    asked: list[JsonObject],
) -> dict[str, Any]:
    """features → split → without each → the report. Its output: report."""
    rows: Any = features(name, data)  # type: ignore[call-arg]
    cut: Any = split(rows, test, gap)
    values, costs = [], []
    for one in asked:
        if not one["why"]:
            made = left_out.named(f"without {one['name']}")
            value, cost = made(rows, cut, settings, bundle, one["columns"], 0)  # type: ignore[call-arg]
            values.append(value)
            costs.append(cost)
    again = []
    for turn in range(1, AGAIN + 1):
        value, _ = left_out.named(f"all again, turned by {turn}")(rows, cut, settings, bundle, [], turn)  # type: ignore[call-arg]
        again.append(value)
    return {"report": summarise(rows, cut, settings, bundle, useful, asked, values, costs, again)}  # type: ignore[call-arg]


def parameters(
    project: Project, version: ModelVersion, budget: float, useful: float, examined: JsonObject
) -> JsonObject:
    """The parameters of the run: as the version's own, where that is known. ``budget``: CPU seconds of all fits.

    ``examined``: what its examinations found: which columns say the same, and which matter least: these are asked first.
    Raises BadRequest for what has no columns, NotFound, ConfigError.
    """
    model, run = project.model(version.name), project.store.runs.look_up(version.run) if version.run else None
    said: JsonObject = run.params if run else {}
    settings = said.get("settings") or asdict(prepare.settings(model))
    if "columns" not in settings["details"]:
        raise BadRequest(
            f"{version.ref} answers by no columns: a recommender", place=version.ref, hint="tidemill backtest"
        )
    most = max(1, min(MOST_FITS, int(budget / _cpu_of_fit(project, version))))
    return {
        "name": version.name,
        "model": version.ref,
        "data": list(version.data),
        "test": said.get("test") or msgspec.to_builtins(prepare.split_of(model)),
        "gap": said["gap"] if "gap" in said else prepare.gap_of(model),
        "settings": settings,
        "bundle": version.evaluation_bundle,
        "useful": useful,
        "asked": msgspec.to_builtins(_asked(model, settings["details"]["columns"], examined, most)),
    }


def _cpu_of_fit(project: Project, version: ModelVersion) -> float:
    """CPU seconds: the step that trained it made two fits."""
    steps = project.store.steps.list(run=version.run) if version.run else []
    spent = next((step.cpu_us for step in steps if step.name == "train"), 0)
    return spent / 2e6 or USUAL


def _asked(model: Model, columns: Sequence[JsonObject], examined: JsonObject, most: int) -> list[Left]:
    """Values that say the same and views, together; then each value, what matters least first; with what the budget leaves out."""
    names = list(dict.fromkeys(named(one) for one in msgspec.convert(columns, list[Input])))
    worth = {one["name"]: one["lost"][0] for one in examined.get("importance", {}).get("values", ())}
    said_alike = (tuple(one["names"]) for one in examined.get("importance", {}).get("groups", ()))
    groups = [group for group in said_alike if set(group) <= {*names}]
    inputs = Inputs.of(model)
    views = [
        (f"view {view.name}", [(f.column or "") if f.process else f.name for f in view.features])
        for view in inputs.views
    ]
    views += [
        (f"joined {one.view.name if one.view else one.dataset}", [c.name for c in one.columns]) for one in inputs.joined
    ]
    found = [Left(" and ".join(group), "alike", group) for group in groups if len(group) < len(names)]
    made = ((name, tuple(one for one in dict.fromkeys(some) if one in names)) for name, some in views)
    found += [Left(name, "view", some) for name, some in made if 1 < len(some) < len(names)]
    found += [Left(name, "column", (name,)) for name in sorted(names, key=lambda name: worth.get(name, 0.0))]
    return [*found[:most], *(msgspec.structs.replace(one, why="not asked: beyond the budget") for one in found[most:])]
