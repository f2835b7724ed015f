"""A data contract: what rows of a dataset must be. Read from an Open Data Contract Standard (v3) YAML file.

What Tidemill acts on: ``logicalType`` (with ``physicalType`` for 32-bit numbers), ``required``, ``unique``,
``primaryKey``, ``logicalTypeOptions`` (ranges, lengths, pattern), quality rules of the standard's library
(``nullValues``, ``duplicateValues``, ``invalidValues`` that must be 0), ``slaProperties`` freshness, and these
``customProperties``: ``tidemill.role`` of a column (time, subject, item, value, target, title, store), ``tidemill.text`` (``exact``: a
name is left as it is written; ``normal``: a text is read as a name) and ``tidemill.number`` (``comma``: 1.234,5;
``point``: 1,234.5), ``tidemill.key``,
``tidemill.max_bad_share`` and ``tidemill.surplus`` of the table: what becomes of columns that the contract does not name.
They are ignored and counted (the default), kept as text beside the row, or the file that has them is refused.
Everything else of the standard is accepted as documentation; a rule that Tidemill cannot check is NotAvailableYet, never
passed over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidemill.data.check.checks import Rules
from tidemill.data.check.column import Column
from tidemill.data.contract.items import ItemColumns, item_columns
from tidemill.data.contract.odcs import (
    Document,
    Path_,
    Places,
    Property,
    Quality,
    TableSettings,
    freshness_of,
    own_settings,
    parse_document,
    read_text,
)
from tidemill.data.contract.rules import as_name, cannot_check, must_be_zero, read_column
from tidemill.errors import ContractError
from tidemill.types import Micros, did_you_mean, digest

if TYPE_CHECKING:
    from tidemill.scope.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract(Rules):
    """What rows must be, and which columns play which part."""

    name: str
    version: str
    freshness: Micros | None = None
    text: str = ""  # of which it was read

    @staticmethod
    def load(path: Path) -> Contract:
        """The contract in this file. Raises ContractError with file and line."""
        return Contract.parse(read_text(path), f"{path.parent.name}/{path.name}")

    @staticmethod
    @lru_cache(maxsize=64)
    def parse(text: str, name: str = "contract.yaml") -> Contract:
        """The contract in this text."""
        return _build(*parse_document(text, name), text)

    @property
    def digest(self) -> str:
        return digest(self.text.encode())

    def role(self, role: str) -> str | None:
        """The column with this role."""
        return next((c.name for c in self.columns if c.role == role), None)

    @property
    def all_keyed(self) -> bool:
        """Whether every good row has a whole key."""
        return bool(self.key) and all(c.required for c in self.columns if c.name in self.key)

    @property
    def time(self) -> str | None:
        return self.role("time")

    @property
    def subject(self) -> str | None:
        return self.role("subject")

    @property
    def item(self) -> str | None:
        return self.role("item")

    @property
    def value(self) -> str | None:
        return self.role("value")

    @property
    def title(self) -> str | None:
        return self.role("title")

    @property
    def store(self) -> str | None:
        return self.role("store")

    @property
    def items(self) -> ItemColumns | None:
        """Of a table of items what its columns are (`tidemill.data.contract.items`)."""
        return item_columns(self.columns, self.key)

    @property
    def revised(self) -> bool:
        """Whether the same key comes again with other values, and the newest counts: of items whose key is of no moment."""
        items = self.items
        return items is not None and not items.timed

    @property
    def target(self) -> str | None:
        return self.role("target")


def load_contract(project: Project, dataset: str) -> Contract:
    """The dataset's contract. Raises ContractError, and NotAvailableYet for a rule that this version does not build."""
    return Contract.load(project.dataset(dataset).contract_path)


def _build(document: Document, places: Places, text: str) -> Contract:
    table = document.schema[0]
    where: Path_ = ("schema", 0)
    columns = tuple(read_column(prop, (*where, "properties", i), places) for i, prop in enumerate(table.properties))
    _check_names(columns, where, places)
    custom = {("customProperties",): document.customProperties, (*where, "customProperties"): table.customProperties}
    settings = own_settings(TableSettings, places, custom)
    contract = Contract(
        name=table.name,
        version=document.version,
        columns=columns,
        key=_key(settings.key, table.properties, columns, places),
        max_bad_share=settings.max_bad_share,
        surplus=settings.surplus,
        freshness=freshness_of(document, places),
        text=text,
        place=places.name,
    )
    singles = tuple((c.name,) for c in columns if c.unique and (c.name,) != contract.key)
    sets = _table_quality(table.quality, columns, (*where, "quality"), places)
    contract = replace(contract, unique=tuple(s for s in dict.fromkeys((*singles, *sets)) if s != contract.key))
    keyed = {name for names in contract.sets for name in names}
    return replace(contract, columns=tuple(as_name(c, c.name in keyed) for c in columns))


def _table_quality(
    rules: list[Quality], columns: tuple[Column, ...], path: Path_, places: Places
) -> tuple[tuple[str, ...], ...]:
    """Sets of columns that must be unique together."""
    found = []
    for i, rule in enumerate(rules):
        if rule.type == "text":
            continue
        names = (rule.arguments or {}).get("properties")
        is_unique = (rule.metric or rule.rule) in ("duplicateValues", "duplicateCount") and must_be_zero(rule)
        if not is_unique or not names:
            raise cannot_check(rule, (*path, i), places)
        found.append(_known(names, columns, (*path, i), places))
    return tuple(found)


def _key(
    named: str | list[str] | None, properties: list[Property], columns: tuple[Column, ...], places: Places
) -> tuple[str, ...]:
    if named is None:
        primary = sorted((p for p in properties if p.primaryKey), key=lambda p: p.primaryKeyPosition)
        return tuple(p.name for p in primary)
    return _known([named] if isinstance(named, str) else named, columns, ("schema", 0, "customProperties"), places)


def _known(names: Any, columns: tuple[Column, ...], path: Path_, places: Places) -> tuple[str, ...]:
    known = [c.name for c in columns]
    if not isinstance(names, list) or not names:
        raise ContractError("a key is a list of columns", place=places(path))
    for name in names:
        if name not in known:
            raise ContractError(f"no column {name!r}", place=places(path), hint=did_you_mean(str(name), known))
    return tuple(names)


def _check_names(columns: tuple[Column, ...], where: Path_, places: Places) -> None:
    seen: dict[str, str] = {}
    roles: set[str] = set()
    for i, column in enumerate(columns):
        place = places((*where, "properties", i))
        if (other := seen.get(column.name.lower())) == column.name:
            raise ContractError(f"column {column.name!r} is there twice", place=place)
        if other is not None:
            hint = "a table cannot hold both: rename one of them in the files, or leave it out here"
            message = f"columns {other!r} and {column.name!r} differ by capitals alone"
            raise ContractError(message, place=place, hint=hint)
        if column.role in roles:
            raise ContractError(f"role {column.role!r} is given twice", place=place)
        if column.role == "time" and column.kind not in ("timestamp", "date"):
            raise ContractError(f"column {column.name!r}: a time is a timestamp or a date", place=place)
        if column.role == "value" and column.kind not in ("integer", "number"):
            raise ContractError(f"column {column.name!r}: a value is an integer or a number", place=place)
        if column.role == "title" and column.kind != "string":
            raise ContractError(f"column {column.name!r}: what an item is called is a string", place=place)
        seen[column.name.lower()] = column.name
        roles |= {column.role} if column.role else set()
