"""Which datasets are item tables: what their rows say of items, and how a value of each column is read. Without frames: the server reads it.

A table of items has no subject, and its key is the item, or the item and the store that it is about; its time, where it has one, may
belong to the key. Of each item the newest row counts (`tidemill.store.sql.item_rows`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from tidemill.data.check.column import Column
from tidemill.data.contract.key import key_names, state_of
from tidemill.data.contract.odcs import ColumnSettings, Path_, own_settings, parse_document, read_text
from tidemill.data.contract.rules import as_name, read_column
from tidemill.errors import TidemillError

if TYPE_CHECKING:
    from pathlib import Path

    from tidemill.scope.project import Dataset, Project


@dataclass(frozen=True, slots=True)
class ItemColumns:
    """The columns of an item table, and which part they play."""

    item: Column
    store: Column | None
    time: Column | None
    values: Mapping[str, Column]
    title: str  # the column that says what an item is called; "": none
    timed: bool  # a row is an item at a moment: the key holds the time

    @property
    def kinds(self) -> dict[str, str]:
        """As `tidemill.features.items` has them."""
        return {name: "string" if column.kind == "string" else "number" for name, column in self.values.items()}


def item_columns(columns: Sequence[Column], key: Sequence[str]) -> ItemColumns | None:
    """The parts, of columns and a key that make an item table; else None.

    >>> sku, stock = Column("sku", "string", role="item"), Column("stock", "integer")
    >>> item_columns([sku, stock], ["sku"]).kinds, item_columns([sku, stock], ["stock"])
    ({'stock': 'number'}, None)
    """
    by_role = {column.role: column for column in columns if column.role}
    item, store, time = by_role.get("item"), by_role.get("store"), by_role.get("time")
    if item is None or by_role.keys() & {"subject", "target"}:
        return None
    timed = time is not None and time.name in key
    left = set(key) - ({time.name} if time is not None else set())
    if store is not None and store.name not in key:
        store = None
    if left != {item.name} | ({store.name} if store is not None else set()):
        return None
    parts = {one.name for one in (item, store, time) if one is not None}
    values = {column.name: column for column in columns if column.name not in parts}
    title = by_role.get("title")
    titled = title.name if title is not None and title.kind == "string" else ""
    return ItemColumns(item, store, time, values, titled, timed)


def item_table(dataset: Dataset) -> ItemColumns | None:
    """The dataset's, where it is an item table. A dataset that a model learns from is none. Raises ContractError."""
    return None if dataset.models else _of_file(dataset.contract_path, state_of(dataset.contract_path))


def item_tables(project: Project) -> dict[str, ItemColumns]:
    """Those of a project, by dataset; one whose contract cannot be read is none: whoever takes its rows in says why."""
    found = {}
    for name, dataset in project.datasets.items():
        try:
            columns = item_table(dataset)
        except TidemillError:
            continue
        if columns is not None:
            found[name] = columns
    return found


def column_of(dataset: Dataset, role: str) -> str:
    """The dataset's column that plays this part; "" where none does, or its contract cannot be read."""
    try:
        return _roles(dataset.contract_path, state_of(dataset.contract_path)).get(role, "")
    except TidemillError:
        return ""


@lru_cache(maxsize=64)
def _roles(path: Path, state: tuple[int, ...]) -> dict[str, str]:
    document, places = parse_document(read_text(path), f"{path.parent.name}/{path.name}")
    found = {}
    for i, prop in enumerate(document.schema[0].properties):
        where: Path_ = ("schema", 0, "properties", i, "customProperties")
        found[str(own_settings(ColumnSettings, places, {where: prop.customProperties}).role)] = prop.name
    return found


@lru_cache(maxsize=64)
def _of_file(path: Path, state: tuple[int, ...]) -> ItemColumns | None:
    document, places = parse_document(read_text(path), f"{path.parent.name}/{path.name}")
    table, key = document.schema[0], key_names(document, places)
    where: Path_ = ("schema", 0, "properties")
    columns = [read_column(prop, (*where, i), places, tried=False) for i, prop in enumerate(table.properties)]
    return item_columns([as_name(column, column.name in key) for column in columns], key)
