"""A partition's answers as a table, as the replies say them: a column for each thing that is said, and one for each label."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import polars as pl

from tidemill.serve.batch.answer import Answers
from tidemill.tasks.port import Task
from tidemill.types import JsonObject

FIRST = ("row", "subject", "prediction_id", "model", "arm", "value")
LEFT_OUT = ("as_of", "probabilities", "flags", "explained")
"""Of an answer what is no column, or one for each label; all else that it says is one (the ends of an interval, a threshold)."""
ADDED = "added({})"
"""The column with what an input added to the score; of one beyond the told ones nothing is said."""
CHANCE = "p({})"
"""The column with the probability of a label."""
_KINDS: Mapping[Any, Any] = {
    list[str]: pl.List(pl.String),
    list[float]: pl.List(pl.Float64),
    float: pl.Float64(),
    str: pl.String(),
}


def table_of(found: Answers, task: Task, keep: Sequence[str]) -> pl.DataFrame:
    """``[row, subject, prediction_id, model, arm, value, …, error, p(LABEL) …]``, a row an asked one. ``keep``: columns of the rows that
    go along."""
    tables = [*map_fast(found), *_slow(found), _errors(found), _empty(task)]
    whole = pl.concat(tables, how="diagonal_relaxed").sort("row")
    ids = pl.Series("prediction_id", found.ids)
    whole = whole.with_columns(prediction_id=pl.when(pl.col("error").is_null()).then(ids))
    if found.subjects is not None:
        whole = whole.with_columns(subject=pl.Series(found.subjects, dtype=pl.String))
    kept = [found.frame[name].alias(name if name not in whole.columns else f"in.{name}") for name in keep]
    last = [name for name in whole.columns if name.startswith("p(")]
    there = [name for name in FIRST if name in whole.columns]
    first = [name for name in (*there, *whole.columns) if name not in ("error", *last)]
    return whole.select(*dict.fromkeys(first), "error", *last).with_columns(kept)


def map_fast(found: Answers) -> Iterable[pl.DataFrame]:
    """The answers that were made by vectors."""
    for who, rows, plain in found.fast:
        said = dict(plain.told)
        chances = said.pop("probabilities", {})
        columns = {
            "row": pl.Series(rows, dtype=pl.Int64),
            **{
                name: held if not isinstance(held, np.ndarray | list) else pl.Series(held)
                for name, held in said.items()
            },
            **{CHANCE.format(label): pl.Series(held) for label, held in chances.items()},
        }
        table = pl.DataFrame({name: held for name, held in columns.items() if isinstance(held, pl.Series)})
        same = {name: held for name, held in columns.items() if not isinstance(held, pl.Series)}
        same |= {"model": who.said.model, "arm": who.arm}
        yield table.with_columns(**{name: pl.lit(value) for name, value in same.items()})


def _errors(found: Answers) -> pl.DataFrame:
    return pl.DataFrame(
        {"row": list(found.errors), "error": list(found.errors.values())}, schema={"row": pl.Int64, "error": pl.String}
    )


def _empty(task: Task) -> pl.DataFrame:
    """No rows, with the columns that every answer of the task has."""
    told = {f.name: _KINDS[f.type] for f in msgspec.structs.fields(task.reply) if f.required and f.type in _KINDS}
    texts = dict.fromkeys(("subject", "prediction_id", "model", "arm", "error"), pl.String())
    return pl.DataFrame(schema={"row": pl.Int64(), **texts, **told})


@dataclass
class _Said:
    """What the answers say, by the names of it in the order in which they came."""

    labels: dict[str, None] = field(default_factory=dict)
    other: dict[str, None] = field(default_factory=dict)
    added: dict[str, None] = field(default_factory=dict)
    explained: bool = False

    @staticmethod
    def of(answers: Iterable[JsonObject]) -> _Said:
        found = _Said()
        for one in answers:
            found.labels |= dict.fromkeys(one.get("probabilities", {}))
            found.other |= dict.fromkeys(name for name in one if name not in LEFT_OUT)
            found.added |= dict.fromkeys(_added(one))
            found.explained |= "explained" in one
        return found


def _slow(found: Answers) -> list[pl.DataFrame]:
    """Those that were asked alone."""
    if not found.slow:
        return []
    return [replies([_reply(one) for one in found.slow])]


def _reply(one: Any) -> JsonObject:
    said: JsonObject = {"row": one.row, "model": one.said.model, "arm": one.said.arm}
    said |= json.loads(one.answer.output)
    return {**said, "explained": json.loads(one.explained)} if one.explained else said


def replies(answers: list[JsonObject]) -> pl.DataFrame:
    """Answers as a table."""
    said = _Said.of(answers)
    columns: dict[str, list[Any]] = {name: [_plain(one.get(name)) for one in answers] for name in said.other}
    columns |= {CHANCE.format(n): [one.get("probabilities", {}).get(n) for one in answers] for n in said.labels}
    columns |= _explained(answers, sorted(said.added)) if said.explained else {}
    return pl.DataFrame(columns, strict=False)


def _plain(value: Any) -> Any:
    """What a column can hold: a list of objects, or an object, as JSON."""
    nested = isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, dict | list) for one in value))
    return json.dumps(value, ensure_ascii=False) if nested else value


def _added(one: JsonObject) -> dict[str, float]:
    """What each input added to the score of its first answer."""
    first: JsonObject = next(iter(one.get("explained", {}).get("answers", ())), {})
    return {part["what"]: part["value"] for part in first.get("because", ())}


def _explained(found: list[JsonObject], names: list[str]) -> dict[str, list[Any]]:
    """``because``: the sentence of each answer, or why there is none; ``base``, and what each input added to it."""
    first: list[JsonObject] = [next(iter(one.get("explained", {}).get("answers", ())), {}) for one in found]
    why = [one.get("sentence") or full.get("explained", {}).get("why") for one, full in zip(first, found, strict=True)]
    columns: dict[str, list[Any]] = {"because": why, "base": [one.get("base") for one in first]}
    missing = [None if not one or "others" in one else 0.0 for one in first]
    pairs = list(zip(map(_added, found), missing, strict=True))
    return columns | {ADDED.format(name): [one.get(name, nought) for one, nought in pairs] for name in names}
