"""What to ask a model of an entity at a moment: its inputs, by the very views that it learned from. For programs that load tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tidemill.errors import NotFound
from tidemill.model.history import Histories
from tidemill.model.inputs import Inputs
from tidemill.model.prepare import refs_of
from tidemill.types import JsonObject, Micros, to_iso

if TYPE_CHECKING:
    import polars as pl

    from tidemill.scope.project import Model


def questions(model: Model, at: Micros, entities: Sequence[str] | None = None) -> list[JsonObject]:
    """``[{"subject", "inputs"}]`` of these entities at this moment, from the datasets as they are; of all that are active, if none is named.

    Raises NotFound for one that no row is of, and where the model's rows are no entities.
    """
    import polars as pl

    inputs = Inputs.of(model)
    if inputs.moments is None:
        hint = "give the inputs of a row: --inputs"
        raise NotFound(
            f"the rows of {model.name} are no entities at moments", place=f"[model.{model.name}] rows", hint=hint
        )
    histories, time = Histories(model.project, refs_of(model)), inputs.moments.time
    events = histories.of(model.dataset.name).collect()
    names = (
        inputs.moments.active_at(events, at) if entities is None else _known(events, inputs.moments.entity, entities)
    )
    asked = pl.Series(inputs.moments.entity, names, pl.String).cast(events.schema[inputs.moments.entity])
    moment = pl.from_epoch(pl.Series(time, [at] * len(names), pl.Int64), "us")
    frame = pl.DataFrame([asked, moment.alias(time)])
    for one in inputs.joined:
        frame = one.add(frame, histories.of(one.dataset).collect(), time)
    known = {column.name for column in inputs.contract.columns if column.role is None}
    calendar = {time: to_iso(at)} if any(view.features for view in inputs.views) else {}
    return [
        {"subject": name, "inputs": calendar | {k: v for k, v in row.items() if k in known and _is_there(v)}}
        for name, row in zip(names, frame.iter_rows(named=True), strict=True)
    ]


def _known(events: pl.DataFrame, entity: str, names: Sequence[str]) -> list[str]:
    import polars as pl

    there = set(events[entity].cast(pl.String).drop_nulls().unique())
    for name in names:
        if name not in there:
            raise NotFound(f"no row is of {entity} {name!r}", hint="is it spelled as in the files?")
    return list(names)


def _is_there(value: object) -> bool:
    return value is not None and not (isinstance(value, float) and math.isnan(value))
