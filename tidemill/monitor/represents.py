"""The look at a version's training rows beside the requests of the prediction log, as a run: made when it is asked for, and kept."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from tidemill.data.limited import used
from tidemill.engine import Context, pipeline, step
from tidemill.errors import BadRequest, NotEnoughData, SignatureMismatch
from tidemill.features.transforms import CALENDAR
from tidemill.learning.labelled import unit_of
from tidemill.learning.measures import mean_metric
from tidemill.learning.search import Settings
from tidemill.learning.split import Cut
from tidemill.model import prepare
from tidemill.model.pipeline import features, split
from tidemill.monitor.representative import Rows, represents
from tidemill.store.artifacts.codecs import get_bundle
from tidemill.tasks.table import task_of
from tidemill.tasks.tabular.training import TRAINING, TabularTrainer
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from tidemill.scope.project import Endpoint
    from tidemill.store.records import ModelVersion, Prediction
    from tidemill.tasks.tabular.inputs import Input

REPRESENTS = "represents"
"""The name of its pipeline."""
MOST = 4_000
"""Requests that are looked at, evenly over those that came."""


@step(impure="reads the prediction log")
def look(
    rows: pl.DataFrame,
    cut: JsonObject,
    settings: JsonObject,
    model: str,
    endpoint: str,
    since: int,
    until: int,
    ctx: Context,
) -> JsonObject:
    """`tidemill.monitor.representative.Represents`. Raises NotEnoughData."""
    project, read, where = ctx.resource("project"), Settings(**settings), Cut.read(cut)
    scope, version = project.endpoint(endpoint), project.store.models.get(model)
    released, evaluated = (get_bundle(project.artifacts, one) for one in (version.bundle, version.evaluation_bundle))
    trainer = TRAINING.open_trainer(rows, read)
    assert isinstance(trainer, TabularTrainer)
    learned, tested = trainer.learned(released, where.end), trainer.sample(released, where.test_start, where.end)
    metric = mean_metric(read.metric)
    values = trainer.sample(evaluated, where.test_start, where.end).base[metric].values
    came, _ = scope.live.predictions.spread(MOST, **scope.here, since=since, until=until)
    came = used(scope, came)
    if not came:
        raise NotEnoughData("nobody has asked in this time", hint="--since names a longer one")
    inputs, named = learned.scorer.inputs, "day {}" if trainer.unit == "days" else "{}"
    of_rows = (Rows(one.x, np.array([named.format(unit) for unit in one.units.tolist()])) for one in (learned, tested))
    one, test = of_rows
    told: JsonObject = msgspec.to_builtins(
        represents(inputs, one, _asked(came, inputs, read.task), test, values, metric)
    )
    return told


def _asked(came: Sequence[Prediction], inputs: Sequence[Input], task: str) -> Rows:
    """The requests as the model reads them."""
    said = task_of(task).asked
    assert said is not None
    rows = [[_number(one, said(msgspec.json.decode(each.inputs))) for one in inputs] for each in came]
    return Rows(np.array(rows, np.float64), np.array([unit_of(each) for each in came]))


def _number(one: Input, values: Mapping[str, Any]) -> float:
    if one.kind in CALENDAR or one.source not in values:
        return float("nan")
    try:
        return one.number(values[one.source])
    except SignatureMismatch:  # the contract reads it otherwise by now
        return float("nan")


@pipeline(name=REPRESENTS)
def represents_pipeline(
    name: str,
    model: str,
    endpoint: str,
    data: list[str],
    test: JsonObject,
    gap: int,
    settings: JsonObject,
    since: int,
    until: int,
) -> dict[str, Any]:
    """features → split → the look. Its output: report."""
    rows: Any = features(name, data)  # type: ignore[call-arg]
    cut: Any = split(rows, test, gap)
    return {"report": look(rows, cut, settings, model, endpoint, since, until)}  # type: ignore[call-arg]


def parameters(scope: Endpoint, version: ModelVersion, since: Micros) -> JsonObject:
    """The parameters of the run: the version's own where they are known, and the requests since a moment. Raises BadRequest, ConfigError."""
    run = scope.store.runs.look_up(version.run) if version.run else None
    said: JsonObject = run.params if run else {}
    if task_of(scope.model.task).asked is None:
        hint = "tidemill status and the page Live show how what is asked of it moves"
        raise BadRequest(f"{version.ref} answers by no columns: a recommender", place=version.ref, hint=hint)
    return {
        "name": version.name,
        "model": version.ref,
        "endpoint": scope.name,
        "data": list(version.data),
        "test": said.get("test") or msgspec.to_builtins(prepare.split_of(scope.model)),
        "gap": said["gap"] if "gap" in said else prepare.gap_of(scope.model),
        "settings": said.get("settings") or asdict(prepare.settings(scope.model)),
        "since": since,
        "until": scope.clock.now(),
    }
