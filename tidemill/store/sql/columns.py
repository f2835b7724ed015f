"""The column types, and the columns of a record: the same in SQLite (STRICT) and in PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DefaultClause,
    Double,
    LargeBinary,
    MetaData,
    Table,
    Text,
    literal_column,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

Whole: TypeEngine[int] = BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
"""64 bits; moments are whole microseconds."""

Real: TypeEngine[float] = Double().with_variant(sqlite.REAL(), "sqlite")
Words: TypeEngine[str] = Text()
Bytes: TypeEngine[bytes] = LargeBinary()


class Flag(TypeDecorator[bool]):
    """True or false; 1 or 0 in SQLite, whose STRICT tables know no booleans."""

    impl = Whole
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Boolean() if dialect.name == "postgresql" else Whole)

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> Any:
        return value if value is None or dialect.name == "postgresql" else int(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> bool | None:
        return None if value is None else bool(value)


class JsonText(TypeDecorator[Any]):
    """A JSON value as text. NaN, infinities and foreign types are refused, so that every reader can parse it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class JsonTuple(JsonText):
    """A tuple, kept as a JSON list."""

    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return () if value is None else tuple(json.loads(value))


class Tagged(JsonText):
    """A dataclass as JSON; which one it is, its ``kind`` says ("" where there is one only). Unknown fields are left out when it is read."""

    cache_ok = True

    def __init__(self, *kinds: tuple[str, type]) -> None:
        super().__init__()
        self.kinds = kinds  # a tuple: part of the cache's key

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        return super().process_bind_param(msgspec.to_builtins(value), dialect)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        raw = json.loads(value)
        return msgspec.convert(raw, dict(self.kinds)[raw.get("kind", "")])


class Next(FunctionElement[int]):
    """A number above those of a column that were written before: on SQLite one more than the last, as the writer holds the lock;
    on a server its clock in microseconds, so that nobody waits for another's transaction (and a moved store goes on above its own)."""

    inherit_cache = True
    type = BigInteger()

    def __init__(self, table: str, column: str) -> None:
        super().__init__(literal_column(table), literal_column(column))


@compiles(Next)
def _after_the_last(element: Next, compiler: Any, **options: Any) -> str:
    table, column = (compiler.process(clause, **options) for clause in element.clauses)
    return f"(SELECT coalesce(max({column}), 0) + 1 FROM {table})"  # noqa: S608 - our own names


@compiles(Next, "postgresql")
def _by_the_clock(element: Next, compiler: Any, **options: Any) -> str:
    return "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"


_KINDS: dict[str, TypeEngine[Any]] = {
    "str": Words,
    "int": Whole,
    "Micros": Whole,
    "float": Real,
    "bool": Flag(),
    "bytes": Bytes,
    "JsonObject": JsonText(),
    "tuple[str, ...]": JsonTuple(),
    "tuple[float, ...]": JsonTuple(),
    "tuple[JsonObject, ...]": JsonTuple(),
}
"""By the annotation of a record's field, as it is written."""


def table_of(
    tables: MetaData,
    name: str,
    record: type,
    *key: str,
    defaults: Mapping[str, str] = MappingProxyType({}),
    **typed: TypeEngine[Any],
) -> Table:
    """The table of a record: a column a field, in their order; what may be None may be NULL. ``typed``: fields of a type of their own;
    ``defaults``: what the rows have in a column that came later, as the database writes it."""
    columns = [_column(name, kind, key, typed) for name, kind in record.__annotations__.items()]
    for column in columns:
        if (default := defaults.get(column.name)) is not None:
            column.server_default = DefaultClause(default)
    return Table(name, tables, *columns, sqlite_strict=True)


def _column(name: str, annotation: str, key: tuple[str, ...], typed: dict[str, TypeEngine[Any]]) -> Column[Any]:
    kind = typed.get(name) or _KINDS[annotation.removesuffix(" | None")]
    if name in key:
        return Column(name, kind, primary_key=True, autoincrement=False)
    return Column(name, kind, nullable=annotation.endswith(" | None"))
