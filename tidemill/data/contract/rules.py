"""From the standard's words about a column to what Tidemill checks of it. Frames are loaded only to try what is written (`tried`)."""

from __future__ import annotations

import math
from dataclasses import replace

from tidemill.data.check.column import Column
from tidemill.data.check.formats import grammar
from tidemill.data.contract.odcs import ColumnSettings, Options, Path_, Places, Property, Quality, own_settings
from tidemill.errors import ConfigError, ContractError, NotAvailableYet
from tidemill.types import parse_time


def read_column(prop: Property, path: Path_, places: Places, tried: bool = True) -> Column:
    """The column. ``tried``: its pattern and its values are tried on a frame, which the server has none of. Raises ContractError."""
    if prop.logicalType in ("time", "object", "array"):
        raise NotAvailableYet(
            f"a column of type {prop.logicalType!r} is not available yet",
            place=places((*path, "logicalType")),
            hint="use string, integer, number, boolean, date or timestamp",
        )
    if prop.name.startswith("_"):
        raise ContractError(f"{prop.name!r}: names that begin with _ are Tidemill's own", place=places((*path, "name")))
    settings = own_settings(ColumnSettings, places, {(*path, "customProperties"): prop.customProperties})
    column = Column(
        name=prop.name,
        kind=prop.logicalType,
        narrow=(prop.physicalType or "").lower() in ("int", "int32", "integer32", "float", "float32", "real"),
        required=prop.required or prop.primaryKey,
        unique=prop.unique,
        role=settings.role,
        normal=settings.text == "normal",
        exact=settings.text == "exact",
        digits=settings.number,
    )
    if settings.number is not None and column.kind not in ("integer", "number"):
        raise ContractError(
            f"{column.name}: tidemill.number is of numbers, this is a {column.kind}",
            place=places((*path, "customProperties")),
        )
    if settings.text is not None and column.kind != "string":
        raise ContractError(
            f"{column.name}: tidemill.text is of texts, this is a {column.kind}",
            place=places((*path, "customProperties")),
        )
    column = _limits(column, prop.logicalTypeOptions, (*path, "logicalTypeOptions"), places)
    for i, rule in enumerate(prop.quality):
        column = _rule(column, rule, (*path, "quality", i), places)
    if tried:
        from tidemill.data.contract.tried import try_column

        try_column(column, prop, path, places)
    return column


def as_name(column: Column, keyed: bool = False) -> Column:
    """A text that names something is read in its normal form, where the contract does not say ``tidemill.text: exact``."""
    names = keyed or column.role in ("subject", "item")
    return replace(column, normal=True) if column.kind == "string" and names and not column.exact else column


def _limits(column: Column, options: Options, path: Path_, places: Places) -> Column:
    def number(key: str) -> float | None:
        value: float | str | None = getattr(options, key)
        try:
            bound = parse_time(value) if isinstance(value, str) else value
        except ConfigError as exc:
            raise ContractError(f"{column.name}: {exc.message}", place=places((*path, key)), hint=exc.hint) from exc
        if bound is not None and not math.isfinite(bound):
            raise ContractError(f"{column.name}: {bound} is no limit", place=places((*path, key)))
        return None if isinstance(bound, bool) else bound

    low, high = number("minimum"), number("maximum")
    over, under = options.exclusiveMinimum is True, options.exclusiveMaximum is True  # as an earlier standard wrote it
    text_only = (options.minLength, options.maxLength, options.pattern)
    if column.kind != "string" and any(o is not None for o in text_only):
        raise ContractError(f"{column.name}: a length or pattern needs type string", place=places(path))
    if column.kind in ("string", "boolean") and any(o is not None for o in (low, high)):
        raise ContractError(f"{column.name}: a {column.kind} has no range", place=places(path))
    if options.format is not None and column.kind in ("date", "timestamp"):
        _try_format(options.format, column.name, places((*path, "format")))
    return replace(
        column,
        minimum=None if over else low,
        maximum=None if under else high,
        above=low if over else number("exclusiveMinimum"),
        below=high if under else number("exclusiveMaximum"),
        min_length=options.minLength,
        max_length=options.maxLength,
        pattern=options.pattern,
        format=options.format,
    )


def _rule(column: Column, rule: Quality, path: Path_, places: Places) -> Column:
    """A quality rule of the standard's library, as part of the column's check."""
    if rule.type == "text":
        return column
    name = rule.metric or rule.rule or ""
    arguments = rule.arguments or {}
    if rule.type == "library" and must_be_zero(rule):
        if name in ("nullValues", "missingValues", "nullCheck"):
            return replace(column, required=True)
        if name in ("duplicateValues", "duplicateCount", "uniqueCheck"):
            return replace(column, unique=True)
        valid = arguments.get("validValues", rule.validValues)
        if name in ("invalidValues", "validValues") and isinstance(valid, list):
            return replace(column, allowed=tuple(valid))
        if name == "invalidValues" and isinstance(arguments.get("pattern"), str) and column.kind == "string":
            return replace(column, pattern=arguments["pattern"])
    raise cannot_check(rule, path, places)


_ZERO = {"mustBe": 0, "mustBeLessOrEqualTo": 0, "mustBeLessThan": 1}
"""What each limit of a count says where the count must be zero."""


def must_be_zero(rule: Quality) -> bool:
    limits = {name: getattr(rule, name) for name in rule.__struct_fields__ if name.startswith("must")}
    return all(value is None or (name in _ZERO and value == _ZERO[name]) for name, value in limits.items())


def cannot_check(rule: Quality, path: Path_, places: Places) -> NotAvailableYet:
    what = rule.metric or rule.rule or rule.type
    return NotAvailableYet(
        f"the quality rule {what!r} as it is written here is not available yet",
        place=places(path),
        hint="nullValues, duplicateValues and invalidValues with mustBe: 0 are; tidemill.max_bad_share lets some fail",
    )


_SHOWN = 40


def _try_format(form: str, column: str, place: str) -> None:
    """Raises ContractError for a format by which no moment is read."""
    try:
        grammar(form)
    except ContractError as exc:
        raise ContractError(f"{column}: {form[:_SHOWN]!r}: {exc.message}", place=place, hint=exc.hint) from exc
