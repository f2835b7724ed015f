"""How much memory and time a foreign file may take, by its size: what a sound file needs many times over."""

from __future__ import annotations

import polars as pl

from tidemill.errors import SourceError
from tidemill.process.memory import machine_memory

DEEPEST = 32  # levels of lists and structs in a column
_ROOM = 256 << 20
_RATIO = 256  # columns of few values are written in a hundredth of what they take
_PACKED = 4  # times its size long texts take at most, mostly
_WIDTHS: dict[pl.DataType | type[pl.DataType], int] = {
    **dict.fromkeys((pl.Null, pl.Boolean, pl.Int8, pl.UInt8), 1),
    **dict.fromkeys((pl.Int16, pl.UInt16), 2),
    **dict.fromkeys((pl.Int32, pl.UInt32, pl.Float32, pl.Date, pl.Categorical, pl.Enum), 4),
    **dict.fromkeys((pl.String, pl.Binary, pl.Decimal, pl.Int128), 16),
}


def memory(size: int) -> int:
    """Bytes that the rows of a file of so many bytes may take: never more than half of this machine's memory."""
    return min(max(_ROOM, _RATIO * size), machine_memory() // 2)


def cpu_seconds(size: int) -> int:
    """Seconds of CPU that reading a file of so many bytes may take."""
    return 60 + size // 1_000_000


def width(kind: pl.DataType) -> int:
    """Bytes that a value of this type takes at least: a list and a text may hold more.

    >>> width(pl.Int64()), width(pl.String()), width(pl.Struct({"a": pl.Int32(), "b": pl.String()}))
    (8, 16, 20)
    """
    if isinstance(kind, pl.Struct):
        return sum(width(_type(field.dtype)) for field in kind.fields)
    if isinstance(kind, pl.Array):
        return kind.size * width(_type(kind.inner))
    return _WIDTHS.get(kind.base_type(), 8)


def depth(kind: pl.DataType) -> int:
    """How many levels a type has.

    >>> depth(pl.Int64()), depth(pl.List(pl.Struct({"a": pl.Int8()})))
    (1, 3)
    """
    if isinstance(kind, pl.Struct):
        return 1 + max((depth(_type(field.dtype)) for field in kind.fields), default=0)
    return 1 + depth(_type(kind.inner)) if isinstance(kind, pl.List | pl.Array) else 1


def _type(kind: object) -> pl.DataType:
    assert isinstance(kind, pl.DataType)
    return kind


def judge(schema: pl.Schema, rows: int, size: int) -> int:
    """The bytes that so many rows of these columns take at least, by what a file of this size says of itself.

    Raises SourceError where they may not, or a column is nested too deeply.
    """
    return _let(schema, rows, size, memory(size))


def piece(schema: pl.Schema, rows: int, size: int, room: int) -> int:
    """How many rows of such a file take about ``room`` bytes. Raises SourceError as `judge` does, but for how much memory there is."""
    needed = _let(schema, rows, size, max(_ROOM, _RATIO * size))
    return max(1, room * rows // max(needed, _PACKED * size, 1))


def _let(schema: pl.Schema, rows: int, size: int, most: int) -> int:
    for name, kind in schema.items():
        if depth(kind) > DEEPEST:
            hint = "write plain columns: text, numbers, times"
            raise SourceError(f"column {name!r} is nested more than {DEEPEST} deep", hint=hint)
    needed = rows * (8 + sum(map(width, schema.values())))  # beside each row its number
    if needed > most:
        raise SourceError(
            f"its {size:,} bytes say that they hold {rows:,} rows of {len(schema)} columns, which would take "
            f"{needed / 1e9:,.1f} GB of memory: {most / 1e9:,.1f} GB are let to a file of its size",
            hint="if the file is sound, write it as several smaller ones",
        )
    return needed
