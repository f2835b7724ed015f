"""`tidemill items ls | show | set`: what is known of items, and since when, by whom."""

from __future__ import annotations

import json
from typing import Any

import click

from tidemill.access.callers import local
from tidemill.cli.output import Answer, Column, Listing, Table, command, listed, paged
from tidemill.errors import BadRequest, Conflict
from tidemill.ops import items as ops
from tidemill.scope.project import Project
from tidemill.serve.json_keys import once
from tidemill.types import JsonObject

ITEMS: dict[str, Column] = {
    "item": "item",
    "name": lambda one: " ".join(one.name.split()),
    "store": "store",
    "known": lambda one: "gone" if one.gone else _known(one.known),
    "at": "at",
    "by": "by",
}
PAST: dict[str, Column] = {
    "position": "position",
    "at": "at",
    "received": "received",
    "by": "by",
    "store": "store",
    "changed": lambda one: "gone" if one.gone else _known({name: one.known.get(name) for name in one.changed}),
}


@click.group(cls=Listing)
def items() -> None:
    """Tables of items: names, prices, stock, from files and from programs; the newest word counts."""


@command(items)
@click.option("--dataset", help="Of several tables of items the one that is meant.")
@click.option("--first", default="", help="From this item on.")
@paged(50)
def ls(project: Project, dataset: str | None, first: str, limit: int, before: str | None) -> Answer:
    """What is known of items now."""
    return listed(ops.ls(project, dataset, first, limit, before), ITEMS, empty="no items yet: tidemill items set")


@command(items)
@click.argument("item")
@click.option("--dataset", help="Of several tables of items the one that is meant.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1_000), help="The most of its past.")
def show(project: Project, item: str, dataset: str | None, limit: int) -> Answer:
    """What is known of ITEM, and what was: since when, and by whom it was said."""
    found = ops.show(project, item, dataset, limit)
    now = [one for one in found if one.until is None]
    facts = [
        {"item": one.item, "name": one.name, "store": one.store, **({"": "gone"} if one.gone else one.known)}
        for one in now
    ]
    return Answer(found, [*facts, "\nits past, the newest first:", Table(PAST, found)])


@command(items, "set")
@click.argument("item", required=False)
@click.argument("values", nargs=-1, metavar="COLUMN=VALUE…")
@click.option("--dataset", help="Of several tables of items the one that is meant.")
@click.option("--store", default="", help="Of which store, where the rows are of one.")
@click.option("--at", help="Since when it is so; now, if not said.")
@click.option("--gone", is_flag=True, help="The item is no more.")
@click.option("--from", "file", type=click.File("r"), help="A JSON line for each item instead; - for standard input.")
def set_(
    project: Project,
    item: str | None,
    values: tuple[str, ...],
    dataset: str | None,
    store: str,
    at: str | None,
    gone: bool,
    file: Any,
) -> Answer:
    """Say what is so of ITEM: price=2.5 stock=0. On the disk when this ends; running servers know it within a second.

    A value is read as the contract reads one of a file; nothing after the sign says that it is not known.
    """
    if (item is None) == (file is None):
        raise click.UsageError("name an ITEM, or give a file: --from FILE")
    said = _lines(file) if item is None else [_one(item, values, store, at, gone)]
    found = ops.set_items(project, local(project), said, dataset)
    code = Conflict.exit_code if found["conflicting"] else 0
    notes = [f"{words}: {', '.join(found[name][:10])}" for name, words in NOTED.items() if found[name]]
    return Answer(
        found, [f"{found['items']} items, {found['changed']} changed; position {found['position']}", *notes], code
    )


NOTED = {
    "older": "not taken whole, something newer is known",
    "conflicting": "not taken whole, something else is known of the same moment",
}


def _one(item: str, values: tuple[str, ...], store: str, at: str | None, gone: bool) -> JsonObject:
    pairs = [value.partition("=") for value in values]
    if wrong := next((name for name, sign, _ in pairs if not sign), None):
        raise click.UsageError(f"{wrong!r} is no COLUMN=VALUE")
    said: JsonObject = {"item": item, "values": {name: value or None for name, _, value in pairs}, "gone": gone}
    return said | ({"store": store} if store else {}) | ({"at": at} if at else {})


def _lines(file: Any) -> list[JsonObject]:
    found = []
    for n, line in enumerate(file, 1):
        if line.strip():
            try:
                found.append(json.loads(line, object_pairs_hook=once))
            except (ValueError, BadRequest) as exc:
                raise click.UsageError(f"line {n} is not JSON: {exc}") from exc
    return found


def _known(known: JsonObject) -> str:
    return ", ".join(
        f"{name} {'–' if value is None else ' '.join(str(value).split())}" for name, value in known.items()
    )
