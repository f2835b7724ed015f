"""``POST /items/{dataset}``: what is said of items, checked by the contract, on the disk before it is acknowledged, seen by the next answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any

import msgspec

from tidemill.data.check.column import Column
from tidemill.data.check.readings import Unread, name_of, read
from tidemill.data.contract.items import ItemColumns, item_table, item_tables
from tidemill.errors import BadRequest, NotFound, StoreError
from tidemill.scope.project import Project
from tidemill.serve.bodies import AHEAD, MAX_ROWS, decoded, moment
from tidemill.serve.serving import Serving
from tidemill.store.records import ItemChange
from tidemill.store.sql.item_rows import Settled
from tidemill.tasks.port import Name
from tidemill.types import JsonObject, Micros, did_you_mean

LONGEST = 10_000
"""Characters of a text that a program may say of an item."""
Value = Annotated[str, msgspec.Meta(max_length=LONGEST)] | int | float | bool | None


class ItemBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What is so of an item, in a ``store`` where its dataset has a row a store: these ``values`` by column, or that it is ``gone``.

    ``at``: since when; nothing said: now.
    """

    item: Name
    store: Name = ""
    values: dict[str, Value] = {}
    at: str | float | None = None
    gone: bool = False


_bodies = msgspec.json.Decoder(ItemBody | Annotated[list[ItemBody], msgspec.Meta(min_length=1, max_length=MAX_ROWS)])


def columns_of(project: Project, dataset: str) -> ItemColumns:
    """Raises NotFound, ContractError."""
    found = project.datasets.get(dataset)
    columns = item_table(found) if found is not None else None
    if columns is None:
        tables = item_tables(project)
        hint = did_you_mean(dataset, tables) if tables else "its contract has the item as key, and no subject"
        raise NotFound(f"{dataset!r} is no table of items", place=f"[data.{dataset}]", hint=hint)
    return columns


def changes_of(data: bytes, now: Micros, dataset: str, columns: ItemColumns, principal: str) -> list[ItemChange]:
    """What this body says, all or nothing. Raises BadRequest, naming the first value that the contract does not take."""
    found: Any = decoded(_bodies, data)
    bodies: Sequence[ItemBody] = found if isinstance(found, list) else [found]
    places = [f"$[{i}]" for i in range(len(bodies))] if isinstance(found, list) else ["$"]
    return [_change(body, now, dataset, columns, principal, place) for body, place in zip(bodies, places, strict=True)]


def _change(body: ItemBody, now: Micros, dataset: str, columns: ItemColumns, principal: str, place: str) -> ItemChange:
    if body.gone == bool(body.values):
        hint = "values by column, or gone: true"
        raise BadRequest(f"what is so of {body.item!r}?", place=f"{place}.values", hint=hint)
    at = now if body.at is None else moment(body.at, f"{place}.at")
    if at > now + AHEAD:
        raise BadRequest(f"{body.at!r} lies in the future", place=f"{place}.at", hint="say it when it is so")
    item = _name(columns.item, body.item, f"{place}.item")
    values = {name: _value(columns, name, value, f"{place}.values.{name}") for name, value in body.values.items()}
    return ItemChange(dataset, item, _store(columns, body.store, f"{place}.store"), at, values, body.gone, principal)


def _store(columns: ItemColumns, said: str, place: str) -> str:
    if columns.store is None:
        if said:
            raise BadRequest("its rows are of no store", place=place, hint="leave it out")
        return ""
    if not said:
        raise BadRequest("of which store?", place=place, hint=f"its rows are of an item and a {columns.store.name}")
    return _name(columns.store, said, place)


def _name(column: Column, said: str, place: str) -> str:
    """As the dataset's rows spell it."""
    try:
        found = name_of(column, said)
    except Unread as exc:
        raise BadRequest(f"{said!r} is no {column.name}", place=place, hint=exc.hint) from exc
    if found is None:
        raise BadRequest(f"{said!r} is a word for nothing", place=place, hint=f"name the {column.name}")
    return found


def _value(columns: ItemColumns, name: str, said: Any, place: str) -> Any:
    """As the dataset's rows have it."""
    if (column := columns.values.get(name)) is None:
        raise BadRequest(f"no column {name!r}", place=place, hint=did_you_mean(name, columns.values))
    try:
        value = read(column, said)
    except Unread as exc:
        raise BadRequest(f"{said!r} is no {name}", place=place, hint=exc.hint) from exc
    if value is None and column.required:
        raise BadRequest(f"{name} is required", place=place, hint="leave the column out where nothing new is known")
    if value is not None and (words := column.of_requests().broken(value)):
        raise BadRequest(f"{name} is {words}", place=place, hint="the contract says so")
    return value


def told(changes: Sequence[ItemChange], settled: Settled, unknown: Collection[str] = ()) -> JsonObject:
    """The reply: how many changed something, and the items of whom something newer, or of the same moment, was known."""
    pairs = list(zip(changes, settled.changes, strict=True))
    said: JsonObject = {"items": len(pairs), "changed": sum(done.changed for _, done in pairs)}
    said |= {"older": sorted({one.item for one, done in pairs if done.older})}
    said |= {"conflicting": sorted({one.item for one, done in pairs if done.conflicting})}
    said |= {"unknown_items": sorted(unknown)} if unknown else {}
    return {**said, "position": settled.position}


async def set_items(serving: Serving, dataset: str, body: bytes, principal: str) -> JsonObject:
    """Keep what this body says; answers see it when this returns. Raises NotFound, BadRequest, StoreError."""
    columns, now = columns_of(serving.project, dataset), serving.clock.now()
    changes = changes_of(body, now, dataset, columns, principal)
    settled = await asyncio.wrap_future(serving.project.live.items.set(changes, now))
    with contextlib.suppress(StoreError):  # it is kept: what does not see it yet follows
        await serving.catch_up(settled.position)
    serving.metrics.items.inc(len(changes))
    return told(changes, settled, unoffered(serving, {change.item for change in changes}))


def unoffered(serving: Serving, items: Collection[str]) -> set[str]:
    """Those that no model which serves knows."""
    found: Mapping[str, Any] = serving.predictors
    loaded = [one for predictor in found.values() for one in predictor.served.variants.values() if one.task.history]
    catalogues = [one.task.catalogue(one.scorer) for one in loaded]
    return {item for item in items if not any(item in known for known in catalogues)} if catalogues else set()
