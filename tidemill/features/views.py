"""Feature views: what is declared in ``[features.NAME]``, checked against the dataset's contract. Data only.

[features.basket]
from = "sales"
entity = "customer_id"
items = { op = "decayed_count", by = "stock_code", half_life = "180 days" }   # per (customer, item)
spent = { op = "sum", column = "quantity", window = "90 days" }               # per customer

[features.hours]                                                              # no entity: for tables
from = "bikes"
hour = { op = "hour" }
last_week = { op = "mean", column = "count", window = "7 days" }              # lagged: rows strictly before
last_year = { op = "mean", column = "count", window = "7 days", ago = "357 days" }   # the 7 days that were over so long ago
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidemill.config.sections import FeatureConfig, FeatureViewConfig, ProcessSection
from tidemill.errors import ConfigError
from tidemill.features.transforms import AGGREGATES, CALENDAR, EMBED, OPS
from tidemill.types import Micros, did_you_mean, parse_span

if TYPE_CHECKING:
    from tidemill.data.check.column import Column
    from tidemill.data.contract.contract import Contract

NUMBERS = ("integer", "number")
MOST_NUMBERS = 1_024
"""The longest vector of a text."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature. ``by``: a number for each value of this column, else one number. Spans in µs."""

    name: str
    op: str
    by: str | None = None
    column: str | None = None
    half_life: Micros | None = None
    window: Micros | None = None
    process: ProcessSection | None = None
    folder: str = ""
    """Where the process is started: the project's."""
    ago: Micros = 0

    @property
    def calendar(self) -> bool:
        return self.op in CALENDAR

    @property
    def lagged(self) -> bool:
        """Whether it is one number a row, made of earlier rows."""
        return self.op in AGGREGATES and self.by is None


@dataclass(frozen=True, slots=True)
class View:
    """A named set of features of one dataset. ``value`` is the column whose sign tells an event from its return."""

    name: str
    entity: str | None
    time: str
    value: str | None
    features: tuple[Feature, ...]

    @staticmethod
    def of(config: FeatureViewConfig, contract: Contract) -> View:
        """The view as declared. Raises ConfigError for what the contract does not have."""
        place = f"[features.{config.name}]"
        if contract.time is None and any(feature.op != EMBED for feature in config.features.values()):
            hint = f"tidemill.role: time in {contract.place}"
            raise ConfigError("the dataset has no time column", place=place, hint=hint)
        if config.entity is not None:
            column_of(config.entity, contract, place)
        features = tuple(_feature(name, f, contract, f"{place} {name}") for name, f in config.features.items())
        return View(config.name, config.entity, contract.time or "", contract.value, features)


def _feature(name: str, config: FeatureConfig, contract: Contract, place: str) -> Feature:
    op, takes_column = config.op, config.op in ("sum", "mean", "last")
    column = (config.column or contract.value) if takes_column else None

    def wrong(message: str, hint: str = "") -> ConfigError:
        return ConfigError(message, place=place, hint=hint)

    if op not in OPS:
        raise wrong(f"unknown op {op!r}", did_you_mean(op, OPS))
    if (op == EMBED) != (config.process is not None):
        raise wrong("process goes with op embed, and that with it")
    if op == EMBED:
        return _embedded(name, config, contract, place)
    if config.by is not None:
        column_of(config.by, contract, place)
    if config.column and not takes_column:
        raise wrong(f"op {op!r} takes no column")
    if takes_column and column is None:
        raise wrong(f"op {op!r} needs a column", 'write column = "…"')
    if column is not None and column_of(column, contract, place).kind not in NUMBERS:
        raise wrong(f"column {column!r} is no number")
    if (op == "decayed_count") != (config.half_life is not None):
        raise wrong("half_life goes with op decayed_count, and that with it")
    if op in CALENDAR and (config.window or config.by or config.ago):
        raise wrong(f"op {op!r} takes nothing else")
    if config.by and config.ago:
        raise wrong("ago is of one number an entity", "leave by out, or ago")
    half_life, window = _span(config.half_life, place), _span(config.window, place)
    return Feature(name, op, config.by, column, half_life, window, ago=_span(config.ago, place) or 0)


def _embedded(name: str, config: FeatureConfig, contract: Contract, place: str) -> Feature:
    """A column's text as numbers. Raises ConfigError."""
    process = config.process
    assert process is not None
    if config.by or config.half_life or config.window or config.ago or not config.column:
        raise ConfigError("op 'embed' takes a column and a process", place=place, hint='write column = "…"')
    if not process.model or not 0 < process.size <= MOST_NUMBERS:
        hint = f'write process = {{ command = [...], model = "…", size = 16 }}, with a size up to {MOST_NUMBERS}'
        raise ConfigError(
            "what the process says it is, or how long its vectors are, is not said", place=place, hint=hint
        )
    column = column_of(config.column, contract, place)
    if column.kind != "string":
        raise ConfigError(f"column {column.name!r} is no text", place=place)
    return Feature(name, EMBED, None, column.name, None, None, process)


def column_of(name: str, contract: Contract, place: str) -> Column:
    """The contract's column of this name. Raises ConfigError."""
    for column in contract.columns:
        if column.name == name:
            return column
    raise ConfigError(f"no column {name!r} in {contract.place}", place=place, hint=did_you_mean(name, contract.names))


def _span(text: str | None, place: str) -> Micros | None:
    if text is None:
        return None
    try:
        span = parse_span(text)
    except ConfigError as exc:
        raise ConfigError(exc.message, place=place, hint=exc.hint) from exc
    if span <= 0:
        raise ConfigError(f"{text!r} is no length of time", place=place)
    return span
