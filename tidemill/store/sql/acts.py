"""What a transaction has done, to be appended to the ledger before its commit: noted where it is written, in the transaction alone.

Every event is an act. What changes a record that counts (a `Rows` with a subject) is one too, also where people are told nothing: of
that the details are kept apart (``acts``), as a digest with the nonce of the act, so that nothing stands in two places.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from tidemill.store.records import Event
from tidemill.types import JsonObject, new_id

LEFT = "left"


class Actor(NamedTuple):
    """Who does it: the name that people read, and the id of the principal where it is known."""

    name: str = ""
    id: str = ""


class Act(NamedTuple):
    """``told``: its event is written already, and people see it; else the details are kept with the ledger."""

    event: Event
    nonce: str
    actor: Actor
    told: bool


acting: ContextVar[Actor] = ContextVar("acting", default=Actor())  # noqa: B039 - it is a tuple
"""Whose transaction is under way, in the thread that writes it."""


def left_in(tx: Connection) -> list[Act]:
    """What the transaction has done so far. A piece of it that is rolled back takes its own away."""
    found: list[Act] = tx.info.setdefault(LEFT, [])
    return found


def new_nonce() -> str:
    return secrets.token_hex(16)


def tell(tx: Connection, event: Event, nonce: str) -> None:
    """Of an event that was written just now."""
    actor = acting.get()
    left_in(tx).append(Act(event, nonce, actor if actor.name == event.principal else Actor(event.principal), True))


def note(tx: Connection, kind: str, subject: str, values: Mapping[str, Any]) -> None:
    """Of a record that was written just now: which of its fields, and a digest of what they are."""
    nonce, actor = new_nonce(), acting.get()
    said = hashlib.sha256(bytes.fromhex(nonce) + json.dumps(dict(values), default=_plain).encode()).hexdigest()
    data: JsonObject = {"fields": sorted(values), "digest": said}
    if isinstance(status := values.get("status"), str):
        data["status"] = status
    left_in(tx).append(Act(Event(new_id("event"), 0, kind, subject, data, actor.name), nonce, actor, False))


def _plain(value: Any) -> Any:
    """What is no JSON by itself: the typed part of a record, bytes."""
    return value.hex() if isinstance(value, bytes) else msgspec.to_builtins(value)
