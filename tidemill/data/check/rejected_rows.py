"""A row as it came, as JSON text: what quarantine keeps of it, whatever types the source has."""

from __future__ import annotations

import polars as pl

from tidemill.data.check.casts import all_in_years, in_years
from tidemill.errors import SourceError


def as_json(frame: pl.DataFrame) -> pl.Series:
    """Each row as a JSON object, ``_raw``. Bytes are told as text, else in hex. Raises SourceError.

    >>> as_json(pl.DataFrame({"n": [1, None], "b": [b"a", bytes([255, 0])]})).to_list()
    ['{"n":1,"b":"a"}', '{"n":null,"b":"ff00"}']
    """
    try:
        told = frame.with_columns(_told(column) for column in frame)
        return told.select(pl.struct(pl.all()).struct.json_encode().alias("_raw")).to_series()
    except (pl.exceptions.PanicException, pl.exceptions.PolarsError) as exc:
        kinds = ", ".join(f"{name} {kind}" for name, kind in frame.schema.items() if kind.is_nested())
        raise SourceError(
            f"a row cannot be told as text: {str(exc).splitlines()[0]}{f' (columns: {kinds})' if kinds else ''}",
            hint="turn the columns into plain ones: text, numbers, times",
        ) from exc


def _told(values: pl.Series) -> pl.Series | pl.Expr:
    value, kind = pl.col(values.name), values.dtype
    if kind == pl.Binary():
        return pl.Series(values.name, [None if b is None else _text(b) for b in values.to_list()], dtype=pl.String)
    if (kind == pl.Date() or isinstance(kind, pl.Datetime)) and not all_in_years(values):
        # a year that no calendar here has cannot be written: then its number in the file is
        known = pl.when(in_years(value, kind)).then(value)
        return pl.coalesce(known.cast(pl.String), value.to_physical().cast(pl.String))
    return value


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.hex()
