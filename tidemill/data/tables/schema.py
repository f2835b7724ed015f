"""The columns of a table: polars types to Delta's and back, and which columns a table may gain."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from tidemill.errors import ContractError

Columns = Mapping[str, pl.DataType]
UTC_TIME = pl.Datetime("us", "UTC")
_DELTA: dict[pl.DataType, str] = {
    pl.String(): "string",
    pl.Int64(): "long",
    pl.Int32(): "integer",
    pl.Float64(): "double",
    pl.Float32(): "float",
    pl.Boolean(): "boolean",
    pl.Date(): "date",
    UTC_TIME: "timestamp",
}
_PLAIN = {name: kind for kind, name in _DELTA.items()}
_WORDS = {"long": "integer", "integer": "integer (int32)", "double": "number", "float": "number (float32)"}


def to_delta(columns: Columns, place: str) -> str:
    """The columns as Delta's log spells them. Raises ContractError for a type that tables do not hold."""
    for name, kind in columns.items():
        if _inner(kind) not in _DELTA:
            raise ContractError(f"column {name!r}: a table cannot hold {kind}", place=place)
    fields = [{"name": n, "type": _spelled(kind), "nullable": True, "metadata": {}} for n, kind in columns.items()]
    return json.dumps({"type": "struct", "fields": fields})


def of_delta(text: str) -> dict[str, pl.DataType]:
    """The types that a table's columns have in a frame."""
    return {field["name"]: _plain(field["type"]) for field in json.loads(text)["fields"]}


def with_added(stored: Columns, given: Columns, place: str) -> Columns:
    """The table's columns with those of ``given`` that it has not; older rows have nothing in them.

    Raises ContractError naming the first column of the table that is gone or has another type.
    """
    hint = (
        "a table keeps its columns, and may gain some: in tidemill.toml rename its section (and what names it, from = …) to a new one, "
        f"[data.{place}_2], and its files are read anew; or write the contract as it was"
    )
    for name, kind in stored.items():
        if name not in given and not name.startswith("_"):
            raise ContractError(f"column {name!r} is in the table and not in the contract", place=place, hint=hint)
        if kind != given.get(name, kind):
            said = f"column {name!r} is {_words(kind)} in the table and {_words(given[name])} in the contract"
            raise ContractError(said, place=place, hint=hint)
    return {**stored, **given}


def _inner(kind: pl.DataType) -> Any:
    return kind.inner if isinstance(kind, pl.List) else kind


def _spelled(kind: pl.DataType) -> str | dict[str, Any]:
    name = _DELTA[_inner(kind)]
    return {"type": "array", "elementType": name, "containsNull": True} if isinstance(kind, pl.List) else name


def _plain(kind: str | dict[str, Any]) -> pl.DataType:
    return pl.List(_PLAIN[kind["elementType"]]) if isinstance(kind, dict) else _PLAIN[kind]


def _words(kind: pl.DataType) -> str:
    """A column's type in a contract's words."""
    name = _DELTA.get(kind, str(kind))
    return _WORDS.get(name, name)
