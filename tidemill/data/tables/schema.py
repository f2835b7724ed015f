"""The columns of a table: polars types to Delta's and back, and which columns a table may gain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
from deltalake import Field, Schema
from deltalake.schema import ArrayType, PrimitiveType

from tidemill.errors import ContractError

UTC_TIME = pl.Datetime("us", "UTC")


_TYPES: dict[Any, str] = {
    pl.String(): "string",
    pl.Int64(): "long",
    pl.Int32(): "integer",
    pl.Float64(): "double",
    pl.Float32(): "float",
    pl.Boolean(): "boolean",
    pl.Date(): "date",
    UTC_TIME: "timestamp",
}


_PLAIN: dict[str, Any] = {name: kind for kind, name in _TYPES.items()}


def delta_schema(schema: Mapping[str, pl.DataType], place: str) -> Schema:
    """The Delta schema of a frame. Raises ContractError for a type that tables do not hold."""
    fields = []
    for name, kind in schema.items():
        inner = kind.inner if isinstance(kind, pl.List) else kind
        if inner not in _TYPES:
            raise ContractError(f"column {name!r}: a table cannot hold {kind}", place=place)
        plain = PrimitiveType(_TYPES[inner])
        fields.append(
            Field(name, ArrayType(plain, contains_null=True) if isinstance(kind, pl.List) else plain, nullable=True)
        )
    return Schema(fields)


def columns_of(schema: Schema) -> dict[str, pl.DataType]:
    """The types that the table's columns have in a frame."""
    return {field.name: _plain(field.type) for field in schema.fields}


def _plain(kind: Any) -> pl.DataType:
    found: pl.DataType = pl.List(_plain(kind.element_type)) if isinstance(kind, ArrayType) else _PLAIN[kind.type]
    return found


def with_added(stored: Schema, given: Schema, place: str) -> Schema:
    """The table's columns with those of ``given`` that it has not; older rows have nothing in them.

    Raises ContractError naming the first column of the table that is gone or has another type.
    """
    old = {f.name: _said(f.type) for f in stored.fields}
    new = {f.name: _said(f.type) for f in given.fields}
    hint = (
        "a table keeps its columns, and may gain some: in tidemill.toml rename its section (and what names it, from = …) to a new one, "
        f"[data.{place}_2], and its files are read anew; or write the contract as it was"
    )
    for name in old:
        if name not in new and not name.startswith("_"):
            raise ContractError(f"column {name!r} is in the table and not in the contract", place=place, hint=hint)
        if old[name] != new.get(name, old[name]):
            raise ContractError(
                f"column {name!r} is {old[name]} in the table and {new[name]} in the contract",
                place=place,
                hint=hint,
            )
    added = [f for f in given.fields if f.name not in old]
    return Schema([*stored.fields, *added]) if added else stored


_WORDS = {"long": "integer", "integer": "integer (int32)", "double": "number", "float": "number (float32)"}


def _said(kind: Any) -> str:
    """A column's type in a contract's words."""
    if isinstance(kind, ArrayType):
        return f"list of {_said(kind.element_type)}"
    return _WORDS.get(kind.type, str(kind.type)) if isinstance(kind, PrimitiveType) else str(kind)
