"""The first draft of a contract, from the data: what is there becomes what must be. A person reads it and mends it.

Drafted: types (text columns of a CSV are tried as integer, number, date, time, yes/no), what is never null, unique
columns and a key of one or two columns, few-valued texts as lists of allowed values, "not below 0" where nothing is.
Roles: the first time.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import polars as pl
import yaml

from noria.data.casts import cast, missing
from noria.data.columns import Column
from noria.errors import SourceError

_TRIED = ("integer", "number", "date", "timestamp", "boolean")
_MOST_ALLOWED = 12
_KEY_COLUMNS = 8
_HEAD = """\
# A first draft, made from the data: read it, mend it, say which column plays which part:
#   customProperties: [{ property: noria.role, value: time | subject | item | value | target }]
"""


def infer(frame: pl.DataFrame, name: str) -> str:
    """YAML of a contract that these rows keep. Raises SourceError for an empty frame or a column no contract can hold.

    >>> "logicalType: integer" in infer(pl.DataFrame({"n": ["1", "2"]}), "x")
    True
    """
    frame = frame.select(n for n in frame.columns if not n.startswith("_"))
    if not frame.height:
        raise SourceError("there are no rows to infer a contract from", place=name)
    kinds = {n: _kind(frame, n) for n in frame.columns}
    typed = frame.select(cast(Column(n, kind), frame.schema[n]).alias(n) for n, kind in kinds.items())
    time = next((n for n, kind in kinds.items() if kind in ("timestamp", "date")), None)
    key = _key(typed, kinds)
    settings: list[dict[str, Any]] = [{"property": "noria.key", "value": list(key)}] if key else []
    settings.append({"property": "noria.max_bad_share", "value": 0.01})
    document = {
        "apiVersion": "v3.0.2",
        "kind": "DataContract",
        "id": name,
        "name": name,
        "version": "0.1.0",
        "status": "draft",
        "schema": [
            {
                "name": name,
                "logicalType": "object",
                "customProperties": settings,
                "properties": [_property(typed[n], n, kinds[n], n == time) for n in typed.columns],
            }
        ],
    }
    return _HEAD + yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def _kind(frame: pl.DataFrame, name: str) -> str:
    dtype = frame.schema[name]
    if dtype.is_integer():
        return "integer"
    if dtype.is_float() or dtype.is_decimal():
        return "number"
    if isinstance(dtype, pl.Datetime):
        return "timestamp"
    if dtype in (pl.Date(), pl.Boolean()):
        return "date" if dtype == pl.Date() else "boolean"
    if isinstance(dtype, pl.Categorical | pl.Enum | pl.Null):
        return "string"
    if not isinstance(dtype, pl.String):
        raise SourceError(
            f"column {name!r} is {dtype}, which a contract cannot hold", way_out="turn it into plain columns"
        )
    if frame[name].null_count() == frame.height or _code_like(frame[name]):
        return "string"
    for kind in _TRIED:
        column = Column(name, kind)
        lost = frame.select((cast(column, dtype).is_null() & ~missing(column, dtype)).any()).item()
        if not lost:
            return kind
    return "string"


def _code_like(values: pl.Series) -> bool:
    """Digits with leading zeros are names, not numbers."""
    return bool(values.str.contains(r"^0\d").any())


def _property(values: pl.Series, name: str, kind: str, time: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "logicalType": kind, "required": values.null_count() == 0}
    if kind in ("integer", "number") and values.null_count() < len(values):
        low = values.min()
        if isinstance(low, int | float) and low >= 0:
            found["logicalTypeOptions"] = {"minimum": 0}
    if kind == "string":
        distinct = values.drop_nulls().unique().sort()
        if 0 < len(distinct) <= _MOST_ALLOWED and len(values) >= 20 * len(distinct):
            rule = {"metric": "invalidValues", "arguments": {"validValues": distinct.to_list()}, "mustBe": 0}
            found["quality"] = [{"type": "library", **rule}]
    if time:
        found["customProperties"] = [{"property": "noria.role", "value": "time"}]
    return found


def _key(typed: pl.DataFrame, kinds: dict[str, str]) -> tuple[str, ...]:
    """The first column, else pair of columns, without nulls or repeats; numbers with fractions are no names."""
    names = [n for n, kind in kinds.items() if kind in ("string", "integer", "timestamp", "date")]
    names = [n for n in names if typed[n].null_count() == 0][:_KEY_COLUMNS]
    for size in (1, 2):
        for key in combinations(names, size):
            if not typed.select(pl.struct(key).is_duplicated().any()).item():
                return key
    return ()
