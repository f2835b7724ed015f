"""What a contract says of a column, tried on a frame: a pattern that polars takes, values that the column can have."""

from __future__ import annotations

from typing import Any

import polars as pl

from tidemill.data.check.column import Column
from tidemill.data.check.columns import target_type
from tidemill.data.contract.odcs import Path_, Places, Property
from tidemill.data.discover.rows import said
from tidemill.errors import ContractError


def try_column(column: Column, prop: Property, path: Path_, places: Places) -> None:
    """Raises ContractError, which names the place."""
    if prop.logicalTypeOptions.pattern is not None:
        _compile(prop.logicalTypeOptions.pattern, column.name, places((*path, "logicalTypeOptions", "pattern")))
    for i, rule in enumerate(prop.quality):
        arguments, place = rule.arguments or {}, places((*path, "quality", i))
        if rule.type == "text" or (rule.metric or rule.rule) not in ("invalidValues", "validValues"):
            continue
        valid = arguments.get("validValues", rule.validValues)
        if isinstance(valid, list):
            _fitting(column, valid, place)
        elif isinstance(arguments.get("pattern"), str):
            _compile(arguments["pattern"], column.name, place)


def _fitting(column: Column, values: list[Any], place: str) -> None:
    """Raises ContractError when a value cannot be one of the column's."""
    for value in values:
        try:
            typed = pl.Series([value], dtype=target_type(column), strict=True)
            fits = value is None or (typed[0] is not None and isinstance(value, bool) == (column.kind == "boolean"))
        except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
            fits = False
        if not fits:
            raise ContractError(
                f"{column.name}: {value!r} can be no value of a column of type {column.kind}",
                place=place,
                hint=_WRITTEN[column.kind],
            )


_WRITTEN = {
    "string": "write texts in quotes",
    "integer": "write whole numbers without quotes and without a point: 1",
    "number": "write numbers without quotes: 1.5",
    "boolean": "write true or false, without quotes",
    "date": "write days as 2024-01-31",
    "timestamp": "write times as 2024-01-31T10:30:00",
}


def _compile(pattern: str, column: str, place: str) -> None:
    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.ComputeError as exc:
        raise ContractError(f"{column}: {pattern!r} is not a pattern: {said(exc)}", place=place) from exc
