"""Views of another dataset, joined to a model's rows by their entity: each row gets what was known at its moment.

The rows must name the entity by the same column, of the same type. A dataset **without a time** may be looked up by its
key: every row then gets the values as they are now, whatever its moment, which the card says. The joined features become
columns of the rows; whoever asks the model gives them in the request, like every other column.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from tidemill.data.check.column import Column
from tidemill.errors import ConfigError, DataError, NotAvailableYet
from tidemill.features.as_of import table
from tidemill.features.transaction_time import BEGAN, KNOWN
from tidemill.features.transforms import EMBED
from tidemill.features.views import NUMBERS, View, column_of

if TYPE_CHECKING:
    from tidemill.config.sections import FeatureViewConfig
    from tidemill.data.contract.contract import Contract

Apart = Callable[[int, Iterator[tuple[int, pl.DataFrame]]], Iterator[pl.DataFrame]]
"""What `Joined.found` gives for each of so many parts: which one, and its requests."""
ROWS = 2_000_000
"""Rows of a dataset that are joined at a time, about: with what is made of them some hundred bytes each."""


@dataclass(frozen=True, slots=True)
class Joined:
    """One view of another dataset. ``view``: None where the dataset has no time; then ``looked_up`` names its columns."""

    place: str  # in the configuration, for messages
    dataset: str
    entity: str
    columns: tuple[Column, ...]
    view: View | None
    looked_up: tuple[tuple[str, str], ...] = ()  # feature, column

    @staticmethod
    def of(config: FeatureViewConfig, contract: Contract, rows: Contract) -> Joined:
        """The view for these rows. Raises ConfigError where they cannot be joined, NotAvailableYet for counts by item."""
        place, entity = f"[features.{config.name}]", _entity(config, contract, rows)
        for name, feature in config.features.items():
            if name in rows.names:
                raise ConfigError(f"{name!r} is a column of the rows, too", place=place, hint="give the feature a name")
            if feature.op == EMBED:
                hint = "declare it as a view of the model's own rows: the joined column is one of theirs"
                raise NotAvailableYet(f"a joined op 'embed' ({name}) is not available yet", place=place, hint=hint)
            if feature.by is not None:
                hint = "declare it without by: one number an entity"
                raise NotAvailableYet(f"a joined feature by item ({name}) is not available yet", place=place, hint=hint)
        if contract.time is None:
            return _static(config, contract, entity)
        if rows.time is None:
            raise ConfigError(
                f"a view of {config.from_} would see the future of rows that have no time",
                place=place,
                hint=f"give the rows a column with the role 'time' in {rows.place}, or leave the view out of inputs",
            )
        view = View.of(config, contract)
        columns = tuple(Column(feature.name, "number") for feature in view.features)
        return Joined(place, config.from_, entity, columns, view)

    def add(
        self, frame: pl.DataFrame, history: pl.LazyFrame, time: str | None, apart: Apart | None = None
    ) -> pl.DataFrame:
        """The rows with the view's columns. ``history``: the dataset's rows; ``time``: the column of each row's moment.

        Of a large dataset the rows of some entities are read at a time, and only columns that the view reads; ``apart``: what
        does each such part by `found`, elsewhere. Raises DataError where the dataset has two rows of one entity at one moment,
        and so no one value.
        """
        if self.view is None or time is None:
            values = history.select(
                pl.col(self.entity).alias("?entity"), *(pl.col(column).alias(name) for name, column in self.looked_up)
            ).collect()
            self._unique(values, {"?entity": self.entity})
            return frame.join(values, left_on=self.entity, right_on="?entity", how="left", maintain_order="left")
        requests = pl.DataFrame({"request": range(frame.height), "entity": frame[self.entity], "at": frame[time]})
        n = max(1, math.ceil(history.select(pl.len()).collect().item() / ROWS))
        if n == 1:
            found = self.found(history, 0, 1, requests)
        else:
            parts = ((part, requests.filter(_own("entity", part, n))) for part in range(n))
            each = apart(n, parts) if apart else (self.found(history, part, n, mine) for part, mine in parts)
            found = pl.concat(each).sort("request")
        return frame.with_columns(found[column.name].alias(column.name) for column in self.columns)

    def found(self, history: pl.LazyFrame, part: int, n: int, requests: pl.DataFrame) -> pl.DataFrame:
        """``[request, FEATURE…]`` of the requests of one of n parts, each of which has some entities. Raises DataError."""
        assert self.view is not None
        read = {self.entity, self.view.time, self.view.value, *(feature.column for feature in self.view.features)}
        there = history.collect_schema().names()
        lazy = history.select(name for name in there if name in read or name.startswith((KNOWN, BEGAN)))
        if requests.filter(
            ~_own("entity", part, n)
        ).height:  # of another release of polars, perhaps: it would see nothing
            raise DataError(
                "another part's entities are asked for", place=self.place, hint="run the same command again"
            )
        rows = (lazy if n == 1 else lazy.filter(_own(self.entity, part, n))).collect()
        if any(feature.op == "last" for feature in self.view.features):
            self._unique(rows, {name: name for name in (self.entity, self.view.time)})
        return table(self.view, rows, requests)

    def _unique(self, rows: pl.DataFrame, key: Mapping[str, str]) -> None:
        """``key``: the columns that no two rows may share, and what they are called."""
        rows = rows.select(*key).drop_nulls()
        doubled = rows.filter(rows.is_duplicated())
        if doubled.height:
            names = [*key.values()]
            raise DataError(
                f"{self.dataset} has {doubled.height} rows that share {' and '.join(names)}, such as {doubled.row(0)}",
                place=self.place,
                hint=f"make {', '.join(names)} the tidemill.key of its contract, so that a second row is put aside",
            )


def _own(entity: str, part: int, n: int) -> pl.Expr:
    """Whether an entity is of this part: by a hash, the same in every process of one release of polars."""
    return pl.col(entity).cast(pl.String).hash() % n == part


def _entity(config: FeatureViewConfig, contract: Contract, rows: Contract) -> str:
    """The column that joins both. Raises ConfigError where one has it not, or of another type."""
    place, entity = f"[features.{config.name}]", config.entity
    if entity is None:
        raise ConfigError(f"a view of {config.from_} is joined by an entity", place=place, hint='write entity = "…"')
    kinds = [column_of(entity, one, place).kind for one in (contract, rows)]
    if kinds[0] != kinds[1]:
        raise ConfigError(
            f"{entity!r} is {kinds[0]} in {contract.place} and {kinds[1]} in {rows.place}",
            place=place,
            hint="a join needs one type: change one contract, and read its files anew",
        )
    return entity


def _static(config: FeatureViewConfig, contract: Contract, entity: str) -> Joined:
    """A dataset without a time: its columns by the entity."""
    place = f"[features.{config.name}]"
    columns, looked_up = [], []
    for name, feature in config.features.items():
        if feature.op != "last" or feature.column is None or feature.window is not None:
            raise ConfigError(
                f"{name}: {config.from_} has no time, so its values are only looked up",
                place=place,
                hint='write { op = "last", column = "…" }, or give a column the role \'time\'',
            )
        kind = column_of(feature.column, contract, place).kind
        columns.append(Column(name, "number" if kind in NUMBERS else kind))
        looked_up.append((name, feature.column))
    return Joined(place, config.from_, entity, tuple(columns), None, tuple(looked_up))
