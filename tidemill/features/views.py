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
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidemill.config.sections import FeatureConfig, FeatureViewConfig
from tidemill.errors import ConfigError
from tidemill.features.transforms import AGGREGATES, CALENDAR, OPS
from tidemill.types import Micros, did_you_mean, parse_span

if TYPE_CHECKING:
    from tidemill.data.contract.contract import Contract


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature. ``by``: a number for each value of this column, else one number. Spans in µs."""

    name: str
    op: str
    by: str | None = None
    column: str | None = None
    half_life: Micros | None = None
    window: Micros | None = None

    @property
    def calendar(self) -> bool:
        return self.op in CALENDAR


@dataclass(frozen=True, slots=True)
class View:
    """A named set of features of one dataset. ``value`` is the column whose sign tells an event from its return."""

    name: str
    dataset: str
    entity: str | None
    time: str
    value: str | None
    features: tuple[Feature, ...]

    @staticmethod
    def of(config: FeatureViewConfig, contract: Contract) -> View:
        """The view as declared. Raises ConfigError for what the contract does not have."""
        place = f"[features.{config.name}]"
        if contract.time is None:
            raise ConfigError(
                "the dataset has no time column", place=place, hint=f"tidemill.role: time in {contract.place}"
            )
        if config.entity is not None:
            _known(config.entity, contract, place)
        features = tuple(_feature(name, f, contract, f"{place} {name}") for name, f in config.features.items())
        return View(config.name, config.from_, config.entity, contract.time, contract.value, features)


def _feature(name: str, config: FeatureConfig, contract: Contract, place: str) -> Feature:
    if config.op not in OPS:
        raise ConfigError(f"unknown op {config.op!r}", place=place, hint=did_you_mean(config.op, OPS))
    for column in (config.by, config.column):
        if column is not None:
            _known(column, contract, place)
    needs_column = config.op in ("sum", "mean", "last")
    column = (config.column or contract.value) if needs_column else None
    if config.column and not needs_column:
        raise ConfigError(f"op {config.op!r} takes no column", place=place)
    if needs_column and column is None:
        raise ConfigError(f"op {config.op!r} needs a column", place=place, hint='write column = "…"')
    if needs_column and next(c.kind for c in contract.columns if c.name == column) not in ("integer", "number"):
        raise ConfigError(f"column {column!r} is no number", place=place)
    if (config.op == "decayed_count") != (config.half_life is not None):
        raise ConfigError("half_life goes with op decayed_count, and that with it", place=place)
    if config.op not in AGGREGATES and (config.window or config.by):
        raise ConfigError(f"op {config.op!r} takes nothing else", place=place)
    return Feature(
        name=name,
        op=config.op,
        by=config.by,
        column=column,
        half_life=_span(config.half_life, place),
        window=_span(config.window, place),
    )


def _known(column: str, contract: Contract, place: str) -> None:
    if column not in contract.names:
        raise ConfigError(
            f"no column {column!r} in {contract.place}", place=place, hint=did_you_mean(column, contract.names)
        )


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
