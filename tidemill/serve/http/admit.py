"""The gatekeeper: reads a request's head, checks where it comes from and goes to, and takes its body within bounds."""

from __future__ import annotations

import codecs
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from hmac import compare_digest
from typing import NoReturn
from urllib.parse import parse_qsl

from tidemill.access.caller import Caller
from tidemill.access.principals import acting
from tidemill.access.tokens import TokenCache
from tidemill.errors import (
    BadRequest,
    Forbidden,
    TidemillError,
    TooLarge,
    TooSlow,
    Unauthorized,
    UnsupportedMedia,
)
from tidemill.serve.bodies import MAX_BODY
from tidemill.serve.http.deadlines import Deadlines, Overdue
from tidemill.serve.http.door import Door
from tidemill.serve.http.routes import Receive, Scope
from tidemill.store.people import Principal
from tidemill.store.records import Token

READ_SECONDS = 10.0  # How long a body may take to arrive
SHORT = 64 * 1024  # Bytes of a body that a refusal waits for
SAFE = ("GET", "HEAD", "OPTIONS")
MOST_FIELDS = 50  # Fields in a query
_SINGLE = (
    b"host",
    b"authorization",
    b"origin",
    b"cookie",
    b"content-length",
    b"ack",
    b"position",
    b"deadline",
    b"prefer",
    b"callback",
    b"x-forwarded-proto",
    b"user-agent",
)

Headers = list[tuple[bytes, bytes]]
Reply = tuple[int, Headers, bytes | AsyncIterator[bytes]]
"""Status, headers, and the body: whole, or piece by piece."""
JSON: Headers = [
    (b"content-type", b"application/json"),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
]


PROBLEM: Headers = [(b"content-type", b"application/problem+json"), *JSON[1:]]


class Gone(Exception):
    """The client is no longer there; nobody waits for an answer."""


class Call:
    """One request: its head, and later who sent it."""

    __slots__ = (
        "accounts",
        "caller",
        "headers",
        "method",
        "params",
        "path",
        "receive",
        "scope",
        "site",
        "taken",
        "token",
        "whose",
    )

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope, self.receive = scope, receive
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        raw = scope["headers"]
        self.headers: Mapping[bytes, bytes] = dict(raw)
        if len(self.headers) != len(raw):
            names = [name for name, _ in raw]
            if any(names.count(name) > 1 for name in _SINGLE):
                raise BadRequest("a header is there twice that may be there once")
        self.params: dict[str, str] = {}
        self.site = b"http"  # the scheme that the client speaks
        self.token: Token | None = None
        self.whose: Principal | None = None  # the account of the token
        self.accounts = True  # whether there are any
        self.caller = Caller.of(None, "api")
        self.taken = False  # whether its body was begun to be read

    def header(self, name: bytes) -> str | None:
        found = self.headers.get(name)
        return None if found is None else found.decode("latin-1")

    def queries(self) -> dict[str, str]:
        """The query's parameters. Raises BadRequest, also where one is there twice."""
        raw = self.scope["query_string"]
        try:
            pairs = parse_qsl(raw.decode("latin-1"), max_num_fields=MOST_FIELDS) if raw else []
        except ValueError as exc:
            raise BadRequest(f"more than {MOST_FIELDS} fields in the query", place="query") from exc
        found = dict(pairs)
        if len(found) < len(pairs):
            raise BadRequest("a field of the query is there twice", place="query", hint="say it once")
        return found

    def query(self, name: str) -> str | None:
        """The value of a query parameter. Raises BadRequest."""
        if not self.scope["query_string"]:
            return None
        return self.queries().get(name)


class RequestGuard:
    """Checks heads. ``cookie`` is the name of the session's cookie, ``door`` says who may come in how; ``bound``: what a session that
    begins with a call is bound to, ``elsewhere`` ends one whose cookie was shown somewhere else,
    ``used`` has one go on that is used."""

    def __init__(
        self,
        tokens: TokenCache,
        cookie: str,
        door: Door,
        bound: Callable[[Call], str],
        elsewhere: Callable[[Token], Awaitable[None]],
        used: Callable[[Token], Awaitable[None]],
    ) -> None:
        self._tokens, self._cookie, self._door = tokens, cookie, door
        self._bound, self._elsewhere, self._used = bound, elsewhere, used

    def check_place(self, call: Call) -> None:
        """The Host is one of the server's names; an Origin, where one is told, is this very server. Raises Forbidden."""
        call.site = self._door.check(call.scope, call.headers)
        origin = call.headers.get(b"origin")
        if origin is not None and origin != call.site + b"://" + call.headers[b"host"] and call.method not in SAFE:
            raise Forbidden("this request comes from another site's page", place="Origin")

    async def authenticate(self, call: Call) -> Token:
        """Who sends this: a bearer token, or the page's session. Raises Unauthorized, Forbidden."""
        sent = call.headers.get(b"authorization")
        if sent is not None:
            kind, _, secret = sent.decode("latin-1").partition(" ")
            if kind.lower() != "bearer" or not secret:
                raise Unauthorized("not a bearer token", place="Authorization", hint="Authorization: Bearer TOKEN")
            token = await self._find(call, secret.strip())
            if token.bound:  # what is bound to a browser is no program's: somebody has taken the cookie out of it
                await self._end(token)
        else:
            token = await self._session(call)
        call.token = token
        return token

    async def _find(self, call: Call, secret: str) -> Token:
        """The token, with its account as of the same moment: while others are waited for, what is known may be put away."""
        known = self._tokens
        token = await known.find(secret)
        call.whose, call.accounts = acting(known.principal, token.principal), known.accounts
        return token

    async def _session(self, call: Call) -> Token:
        secret = cookie_of(call.header(b"cookie") or "", self._cookie)
        if secret is None:
            raise Unauthorized(
                "who is asking?",
                hint="send Authorization: Bearer TOKEN, or open the address that tidemill login prints",
            )
        token = await self._find(call, secret)
        if call.method not in SAFE:
            check_own(call)
        if token.bound and not compare_digest(token.bound, self._bound(call)):
            await self._end(token)
        await self._used(token)
        return token

    async def _end(self, token: Token) -> NoReturn:
        """Raises Unauthorized: the session is over."""
        await self._elsewhere(token)
        raise Unauthorized("this session was begun in another browser or network, and has ended", hint="log in again")


def check_own(call: Call) -> None:
    """What changes something by a browser's cookie, or begins a session, comes from a page of this very server. Raises Forbidden."""
    if call.headers.get(b"origin") is None:
        raise Forbidden("a page's request must tell its Origin", place="Origin")
    if call.headers.get(b"sec-fetch-site", b"same-origin") not in (b"same-origin", b"none"):
        raise Forbidden("this request comes from another site's page", place="Sec-Fetch-Site")


class Reading:
    """Takes bodies in, and gives up on those that are too long or too slow. `expire` is called by the heartbeat."""

    def __init__(self, seconds: float = READ_SECONDS) -> None:
        self.seconds, self._deadlines = seconds, Deadlines()
        self.expire = self._deadlines.expire

    async def body(self, call: Call, limit: int = MAX_BODY) -> bytes:
        """Without a byte order mark. Raises UnsupportedMedia and TooLarge (before reading it), BadRequest, TooSlow, Gone."""
        if (packed := call.headers.get(b"content-encoding")) is not None:
            _refuse_packed(packed)
        length = call.headers.get(b"content-length")
        if length is not None and int(length) > limit:
            raise too_large(limit)
        call.taken = True
        try:
            taken = await self._deadlines.within(_take(call.receive, limit), time.monotonic() + self.seconds)
        except Overdue:
            raise TooSlow(f"the body did not arrive within {self.seconds:g} s") from None
        return _plain(taken)

    async def hear_out(self, call: Call) -> None:
        """Take in the rest of a request that is refused, where it is short: the connection is closed with the answer, and who still
        sends would hear of that alone. Raises Gone."""
        length = call.headers.get(b"content-length", b"0")
        if not call.taken and 0 < int(length) <= SHORT:
            with suppress(TidemillError):
                await self.body(call, SHORT)

    def hurry(self, seconds: float) -> None:
        """From now on nobody has longer than this."""
        self.seconds = min(self.seconds, seconds)
        self._deadlines.hurry(time.monotonic() + self.seconds)


async def _take(receive: Receive, limit: int) -> bytes:
    parts, size, more = list[bytes](), 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            raise too_large(limit)
        more = message.get("more_body", False)
    return b"".join(parts)


_MARKS = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
"""How bodies begin that are no JSON, and what they are."""


def _refuse_packed(encoding: bytes) -> None:
    name = encoding.decode("latin-1").strip()
    if name.lower() not in ("", "identity"):
        hint = "send it as it is, without Content-Encoding"
        raise UnsupportedMedia(f"a body in {name[:40]} is not read", place="Content-Encoding", hint=hint)


def _plain(data: bytes) -> bytes:
    """Less the mark that some programs put before UTF-8. Raises BadRequest for what is packed, or no UTF-8."""
    if data[:3] == codecs.BOM_UTF8:
        return data[3:]
    if data[:1] not in _FIRST:
        return data
    kind = next((name for mark, name in _MARKS.items() if data.startswith(mark)), None)
    if kind is not None:
        raise BadRequest(f"the body is {kind}, not JSON", place="body", hint="send it as plain UTF-8, not packed")
    return data


_FIRST = {mark[:1] for mark in _MARKS}


def too_large(limit: int) -> TooLarge:
    """Of a body above its limit."""
    return TooLarge(f"the body is longer than {limit:,} bytes", hint="send fewer rows at a time")


def cookie_of(header: str, name: str) -> str | None:
    """What the browser keeps under this name."""
    for part in header.split(";"):
        key, _, value = part.strip().partition("=")
        if key == name and value:
            return value
    return None
