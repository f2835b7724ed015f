"""What to ask a model of an entity at a moment: its inputs, by the very views that it learned from. For programs that load tables.

`hold` writes them down where the server finds them, which loads none: whoever asks it need only name the entity.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tidemill.errors import NotFound
from tidemill.model import entities
from tidemill.model.history import NOTHING, Histories, Less
from tidemill.model.inputs import Inputs
from tidemill.model.prepare import refs_of
from tidemill.store.records import EntityInputs
from tidemill.types import JsonObject, Micros, to_iso

if TYPE_CHECKING:
    import polars as pl

    from tidemill.scope.project import Model

SUBJECT = "_subject"
"""The column with the entity as text."""


def questions(model: Model, at: Micros, names: Sequence[str] | None = None) -> list[JsonObject]:
    """``[{"subject", "inputs"}]`` of these entities at this moment, from the datasets as they are; of all that are active, if none is named.

    Raises NotFound for one that no row is of, and where the model's rows are no entities.
    """
    return list(requests(asked(model, refs_of(model), at, names)))


def asked(
    model: Model, data: Sequence[str], at: Micros, names: Sequence[str] | None = None, less: Less = NOTHING
) -> pl.DataFrame:
    """As `questions`, of these versions of the datasets, as a table: `SUBJECT`, and a column an input. ``less``: what is left out of
    the rows."""
    import polars as pl

    inputs = Inputs.of(model)
    if inputs.moments is None:
        hint = "give the inputs of a row: --inputs"
        raise NotFound(
            f"the rows of {model.name} are no entities at moments", place=f"[model.{model.name}] rows", hint=hint
        )
    histories, time = Histories(model.project, data, less=less), inputs.moments.time
    events = histories.of(model.dataset.name).collect()
    names = inputs.moments.active_at(events, at) if names is None else _known(events, inputs.moments.entity, names)
    whose = pl.Series(inputs.moments.entity, names, pl.String).cast(events.schema[inputs.moments.entity])
    moment = pl.from_epoch(pl.Series(time, [at] * len(names), pl.Int64), "us")
    frame = pl.DataFrame([whose, moment.alias(time)])
    for one in inputs.joined:
        frame = one.add(frame, histories.of(one.dataset), time)
    known = [column.name for column in inputs.contract.columns if column.role is None and column.name in frame.columns]
    calendar = [pl.lit(to_iso(at)).alias(time)] if any(view.features for view in inputs.views) else []
    return frame.select(pl.Series(SUBJECT, names, pl.String), *calendar, *known)


def requests(frame: pl.DataFrame) -> Iterator[JsonObject]:
    """Each row of `asked` as a request; what is missing is left out."""
    for row in frame.iter_rows(named=True):
        subject = row.pop(SUBJECT)
        yield {"subject": subject, "inputs": {name: value for name, value in row.items() if _is_there(value)}}


def hold(model: Model, at: Micros) -> int:
    """Write down what each active entity would be asked about at this moment, in place of what was held before; how many they are."""
    made_of, live = entities.made_of(model), model.project.live
    data = refs_of(model)
    held = [
        EntityInputs(model.name, one["subject"], at, json.dumps(one["inputs"], separators=(",", ":")).encode())
        for one in requests(asked(model, data, at))
    ]
    live.entities.hold(model.name, held)
    live.entities.drop(model.name, at)
    entities.mark(model, at, made_of)
    return len(held)


def _known(events: pl.DataFrame, entity: str, names: Sequence[str]) -> list[str]:
    import polars as pl

    there = set(events[entity].cast(pl.String).drop_nulls().unique())
    for name in names:
        if name not in there:
            raise NotFound(f"no row is of {entity} {name!r}", hint="is it spelled as in the files?")
    return list(names)


def _is_there(value: object) -> bool:
    return value is not None and not (isinstance(value, float) and math.isnan(value))
