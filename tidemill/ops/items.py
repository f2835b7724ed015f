"""What is known of items: looked at, said, and told of each row when it was said, and by whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.data.contract.items import item_tables
from tidemill.errors import NotFound
from tidemill.ops.page import Before, Limit, Page
from tidemill.scope.names import one_of
from tidemill.scope.project import Project
from tidemill.serve.bodies import MAX_ROWS
from tidemill.serve.items import changes_of, columns_of, told
from tidemill.store.records import ItemChange, ItemRow
from tidemill.tasks.port import one_line
from tidemill.types import JsonObject, Micros

SECONDS = 60.0


@dataclass(frozen=True)
class ItemShown:
    """An item as it is known, or was: ``by`` whom it was said, ``at``: since when it is so, ``received``: since when it is known."""

    dataset: str
    item: str
    store: str
    name: str  # in a line
    known: JsonObject
    gone: bool
    at: Micros
    received: Micros
    by: str  # a caller, or the file and its row
    position: int
    until: int | None  # the position from which on another row stands for it


@dataclass(frozen=True)
class ItemPast(ItemShown):
    """One row of an item's past: ``changed`` are its columns whose value was another before, or that are gone."""

    changed: list[str]


def table(project: Project, dataset: str | None = None) -> str:
    """The table of items of this name, or the only one. Raises NotFound."""
    tables = item_tables(project)
    if not tables:
        hint = "a contract that has the item as key, and no subject, makes a dataset one"
        raise NotFound("this project has no table of items", hint=hint)
    return one_of("dataset", {name: name for name in tables}, dataset)


def ls(
    project: Project, dataset: str | None = None, first: str = "", limit: Limit = 100, before: Before = None
) -> Page[ItemShown]:
    """Items as they are known now, by name; from the item ``first`` on."""
    name = table(project, dataset)
    item, _, store = (before or "").partition("\x1f")
    rows = project.live.items.page_of(name, first, limit + 1, (item, store) if before else None)
    shown = _shown(project, rows[:limit])
    last = f"{shown[-1].item}\x1f{shown[-1].store}" if len(rows) > limit else None
    return Page(shown, last)


def show(project: Project, item: str, dataset: str | None = None, limit: Limit = 100) -> list[ItemPast]:
    """All that was ever known of an item, the newest first: when it was said, and by whom. Raises NotFound."""
    name = table(project, dataset)
    rows = project.live.items.past(name, item, limit + 1)
    if not rows:
        raise NotFound(f"nothing is known of {item!r}", place=f"[data.{name}]", hint="tidemill items ls lists them")
    before = {(row.store, row.until): row.known for row in rows}
    told = zip(rows, _shown(project, rows))
    fields = ItemShown.__dataclass_fields__
    return [
        ItemPast(
            **{f: getattr(one, f) for f in fields}, changed=_changed(before.get((row.store, row.seq), {}), row.known)
        )
        for row, one in told
    ][:limit]


def _changed(before: JsonObject, now: JsonObject) -> list[str]:
    return [name for name in dict.fromkeys([*before, *now]) if name not in now or before.get(name) != now[name]]


@needs("items.set")
def set_items(project: Project, caller: Caller, said: Sequence[JsonObject], dataset: str | None = None) -> JsonObject:
    """Say what is so of items, as ``POST /items/{dataset}`` does: on the disk when this returns, whether or not a server runs.

    All of so many at a time are taken, or none. Raises Forbidden, NotFound, BadRequest, StoreError.
    """
    name = table(project, dataset)
    columns, now = columns_of(project, name), project.clock.now()
    parts = [said[start : start + MAX_ROWS] for start in range(0, len(said), MAX_ROWS)]
    checked = [changes_of(msgspec.json.encode(part), now, name, columns, caller.name) for part in parts]
    return _together([_settled(project, changes, now) for changes in checked])


def _settled(project: Project, changes: list[ItemChange], now: Micros) -> JsonObject:
    return told(changes, project.live.items.set(changes, now).result(SECONDS))


def _together(parts: Sequence[JsonObject]) -> JsonObject:
    found: dict[str, Any] = {"items": 0, "changed": 0, "older": [], "conflicting": [], "position": 0}
    for part in parts:
        found = {name: part[name] if name == "position" else found[name] + part[name] for name in found}
    return found


def _shown(project: Project, rows: Sequence[ItemRow]) -> list[ItemShown]:
    files = {(row.dataset, row.file) for row in rows if row.file}
    paths = {
        file.digest: file.name
        for dataset in {dataset for dataset, _ in files}
        for file in project.store.files.among(dataset, [digest for own, digest in files if own == dataset])
    }
    titles = {name: columns.title for name, columns in item_tables(project).items()}
    return [
        ItemShown(
            dataset=row.dataset,
            item=row.item,
            store=row.store,
            name=one_line(str(row.known.get(titles.get(row.dataset, "")) or "")).strip(),
            known=row.known,
            gone=not row.known,
            at=row.at,
            received=row.received,
            by=f"{paths.get(row.file, row.file)} row {row.row}" if row.file else row.principal,
            position=row.seq,
            until=row.until,
        )
        for row in rows
    ]
