"""Parts of the model pipeline that run apart: of a join with a large dataset some entities each, the trials of a search, side by
side, and the fits within their limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tidemill.engine import Context, step
from tidemill.engine.runner.port import Limits
from tidemill.learning.search import Settings
from tidemill.learning.split import Cut
from tidemill.learning.trainer import Trainer
from tidemill.learning.trials import Arrays, Elsewhere, Measured
from tidemill.model import prepare
from tidemill.model.history import Histories
from tidemill.model.inputs import Inputs
from tidemill.tasks.table import training_of
from tidemill.types import SECOND, JsonObject

if TYPE_CHECKING:
    import polars as pl

    from tidemill.features.joined import Apart
    from tidemill.scope.project import Model

CODE = "1"  # Said to the engine for steps whose libraries look at clocks and files without depending on them


def opened(rows: pl.DataFrame, settings: JsonObject) -> Trainer:
    """The trainer of these rows."""
    read = Settings(**settings)
    return training_of(read.task).open_trainer(rows, read)


@step(version=CODE, outputs=("told", "arrays"))
def trial(
    rows: pl.DataFrame,
    cut: JsonObject,
    settings: JsonObject,
    incumbent: JsonObject | None,
    recipe: JsonObject,
    metric: str,
    held: Arrays,
) -> tuple[JsonObject, dict[str, Any]]:
    """One recipe of a search, settled and measured in a process of its own."""
    trials = opened(rows, settings).trials(Cut.read(cut).windows, incumbent)
    found = trials.measure(recipe, metric, held)
    told = {"recipe": found.recipe, "error": found.error, "stopped": found.stopped}
    units = np.unique(found.units, return_inverse=True)[1]  # names of subjects are objects, which no array keeps
    return told, {"values": found.values, "units": units, **trials.made(found)}


@step(version=prepare.identity)
def joined(
    name: str,
    data: list[str],
    nth: int,
    part: int,
    n: int,
    requests: pl.DataFrame,
    ctx: Context,
    limits: int | None = None,
) -> pl.DataFrame:
    """What these requests see of the dataset of the n-th joined view: one of n parts, each of which has some entities."""
    model = ctx.resource("project").model(name)
    one = Inputs.of(model).joined[nth]
    return one.found(Histories(model.project, data, limits=limits).of(one.dataset), part, n, requests)


def joins(ctx: Context, name: str, data: list[str], limits: int | None) -> Callable[[int], Apart]:
    """What makes the parts of a join as parts of the step ``features``."""

    def made(nth: int) -> Apart:
        def found(n: int, parts: Iterator[tuple[int, pl.DataFrame]]) -> Iterator[pl.DataFrame]:
            same = {"name": name, "data": data, "nth": nth, "n": n, "limits": limits}
            asked = ({**same, "part": part, "requests": ctx.keep(mine)} for part, mine in parts)
            for done, one in enumerate(ctx.each(joined, asked), 1):
                ctx.progress(done, n, "joined")
                yield one["result"]

        return found

    return made


def elsewhere(ctx: Context, cut: JsonObject, settings: JsonObject) -> Elsewhere | None:
    """What makes the trials of the step ``search`` apart; None where the run has no places for them."""
    if not ctx.apart:
        return None

    def made(
        recipes: Sequence[JsonObject], incumbent: JsonObject | None, metric: str, held: Arrays
    ) -> Iterator[tuple[Measured, Arrays]]:
        same = {"cut": cut, "settings": settings, "incumbent": incumbent, "metric": metric}
        for found in ctx.each(trial, [{**same, "recipe": recipe} for recipe in recipes], "rows", held=dict(held)):
            told, arrays = found["told"], dict(found["arrays"])
            values, units = arrays.pop("values"), arrays.pop("units")
            yield Measured(told["recipe"], values, units, told["error"], told["stopped"]), arrays

    return made


def limits(model: Model, steps: Sequence[str]) -> dict[str, Limits]:
    """Which of these steps, and trials, run in processes of their own, and what they may take.

    On a cluster all do. Here what runs code of the project's own does: it may hang, or eat the machine.
    """
    project, engine = model.project, model.project.machines
    memory = engine.asks if engine.runner or engine.memory else project.memory
    most = Limits(round(project.limit("train") * SECOND), memory, engine.cpus, engine.gpus)
    names = steps if model.own_code or engine.runner else ()
    named = dict.fromkeys((name for name in names if name != "search" or model.own_code), most)
    parts = (trial.definition.name, joined.definition.name)
    return named | dict.fromkeys(parts, most if engine.runner else most._replace(memory=None))
