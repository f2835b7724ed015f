"""The key that makes feedback and a row of a file one event, spelled as both spell it. Nothing here loads what checks rows.

It is the contract's ``tidemill.key`` (else its primary key), the values in its order, joined by "/": what `event_key` of
`tidemill.data.ingest.register` makes of a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from tidemill.data.check.column import Column
from tidemill.data.check.readings import Unread, read
from tidemill.data.contract.odcs import (
    ColumnSettings,
    Document,
    Path_,
    Places,
    Property,
    TableSettings,
    own_settings,
    parse_document,
    read_text,
)
from tidemill.errors import BadRequest, ContractError
from tidemill.types import did_you_mean, to_iso

if TYPE_CHECKING:
    from tidemill.scope.project import Dataset

Value = str | int | float | bool


def key_of(dataset: Dataset, said: Mapping[str, Value]) -> str:
    """The key of an event of this dataset, from the values of its columns. Raises BadRequest, ContractError.

    What a file has in these columns may be told as JSON has it (7000 for a text "7000"), in any order.
    """
    path = dataset.contract_path
    columns = _columns(path, state_of(path))
    names = [column.name for column in columns]
    if not names:
        hint = f"send a key of your own, one text, or name the columns: tidemill.key in {path.name}"
        raise BadRequest(f"the rows of {dataset.name} have no key", place="$.key", hint=hint)
    for name in said:
        if name not in names:
            raise BadRequest(f"{name!r} is no part of the key", place="$.key", hint=did_you_mean(name, names))
    if lacking := [name for name in names if name not in said]:
        raise BadRequest(f"the key lacks {', '.join(lacking)}", place="$.key", hint=f"it is {', '.join(names)}")
    return "/".join(_spelled(column, said[column.name]) for column in columns)


def state_of(path: Path) -> tuple[int, ...]:
    """What is another when the file is: an outcome looks at that, and reads the contract when it has changed."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


@lru_cache(maxsize=64)
def _columns(path: Path, state: tuple[int, ...]) -> tuple[Column, ...]:
    """The columns of the key, in its order."""
    name = f"{path.parent.name}/{path.name}"
    document, places = parse_document(read_text(path), name)
    table = document.schema[0]
    where: Path_ = ("schema", 0)
    named = key_names(document, places)
    known = {p.name: _column(p, (*where, "properties", i), places) for i, p in enumerate(table.properties)}
    if wrong := next((one for one in named if one not in known), None):
        raise ContractError(f"no column {wrong!r}", place=name, hint=did_you_mean(wrong, known))
    return tuple(known[one] for one in named)


def key_names(document: Document, places: Places) -> list[str]:
    """The names of the key, in its order."""
    table = document.schema[0]
    where: Path_ = ("schema", 0, "customProperties")
    custom = {("customProperties",): document.customProperties, where: table.customProperties}
    said = own_settings(TableSettings, places, custom).key
    primary = sorted((p for p in table.properties if p.primaryKey), key=lambda p: p.primaryKeyPosition)
    return [p.name for p in primary] if said is None else [said] if isinstance(said, str) else said


def _column(prop: Property, path: Path_, places: Places) -> Column:
    """As much of the column as says how a value of it is read."""
    settings = own_settings(ColumnSettings, places, {(*path, "customProperties"): prop.customProperties})
    normal, exact = settings.text != "exact", settings.text == "exact"
    form = prop.logicalTypeOptions.format
    return Column(prop.name, prop.logicalType, normal=normal, exact=exact, format=form, digits=settings.number)


def _spelled(column: Column, value: Value) -> str:
    """As `event_key` spells it in a row."""
    try:
        found = read(column, value)
    except Unread as exc:
        message = f"{value!r} can be no value of {column.name}, which is of type {column.kind}"
        raise BadRequest(message, place=f"$.key.{column.name}", hint=exc.hint) from exc
    if found is None:
        hint = "a row with a part of its key missing has no key"
        raise BadRequest(f"{value!r} is a word for nothing", place=f"$.key.{column.name}", hint=hint)
    if column.kind in ("date", "timestamp"):
        return to_iso(found)[: 10 if column.kind == "date" else None]
    return str(found).lower() if isinstance(found, bool) else str(found)
