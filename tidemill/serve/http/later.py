"""Answers that are given later, over HTTP (RFC 7240, ``Prefer: respond-async``): 202 with an id, and the address at which to look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidemill.errors import TooLarge
from tidemill.serve import bodies
from tidemill.serve.http.admit import JSON, PROBLEM, Call, Headers, Reply
from tidemill.serve.http.routes import Route

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint
    from tidemill.serve.later import Later, State
    from tidemill.tasks.port import Request

LOOK = Route("GET", "/predictions/{id}", "predict")
APPLIED: Headers = [(b"preference-applied", b"respond-async")]
RETRY = b"1"  # seconds


def is_asked(scope: Endpoint, call: Call) -> bool:
    """Whether this request is to be answered later: its endpoint does so, it prefers that, or it says where to call back."""
    if scope.answers_later or b"callback" in call.headers:
        return True
    prefers = call.header(b"prefer")
    if prefers is None:
        return False
    return any(one.partition(";")[0].strip() == "respond-async" for one in prefers.lower().split(","))


async def take_in(
    later: Later, call: Call, endpoint: str, position: int, data: bytes, kind: type[Request], several: list[Any] | None
) -> Reply:
    """One alone is 202 with its address, or why it is refused; of several each is said in its place. Raises TooMany, Forbidden, StoreError."""
    if several is None and len(data) > bodies.MAX_BODY:
        raise TooLarge(f"the body is longer than {bodies.MAX_BODY:,} bytes")
    asked = [bodies.predict_body(data, kind)] if several is None else several
    asker, callback = call.token.name if call.token else "", call.header(b"callback") or ""
    states = await later.take_in(endpoint, asked, asker, position, callback)
    if several is None:
        return _reply(states[0])
    each = b",".join(b'{"error":%s}' % one.body if one.problem else one.body for one in states)
    return 202, [*JSON, *APPLIED], b'{"answers":[%s]}' % each


async def look(later: Later, call: Call) -> Reply:
    """202 while it waits, then what it would have been at once. Raises NotFound, Expired."""
    return _reply(await later.look(call.params["id"], call.token.name if call.token else ""), APPLIED[:0])


def _reply(state: State, more: Headers = APPLIED) -> Reply:
    if state.problem:
        return state.status, PROBLEM, state.body
    if not state.waits:
        return state.status, JSON, state.body
    return state.status, [*JSON, *more, (b"location", state.location), (b"retry-after", RETRY)], state.body
