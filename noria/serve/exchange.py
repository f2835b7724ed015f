"""One request and its answer in HTTP/1.1: what the application hears with ``receive`` and says with ``send``."""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import unquote

from noria.serve.routes import Asgi, Message

HELD = 64 * 1024
"""Bytes of a body that wait for the application; more are left in the socket."""
LINES = {s.value: b"HTTP/1.1 %d %s\r\n" % (s.value, s.phrase.encode()) for s in HTTPStatus}
_NO_BODY = (204, 304)

_log = logging.getLogger("noria.serve")


class Wire(Protocol):
    """The connection as an exchange sees it."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    writable: asyncio.Future[None] | None

    @property
    def ending(self) -> bool: ...
    def date(self) -> bytes: ...
    def post(self, answer: bytes) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def done(self, exchange: Exchange) -> None: ...


class Exchange:
    """One request and its answer: the application's ``receive`` and ``send``."""

    __slots__ = (
        "_chunked",
        "_connection",
        "_gone",
        "_held",
        "_size",
        "_start",
        "_told",
        "_wake",
        "answered",
        "keep_alive",
        "more",
        "scope",
        "task",
    )

    def __init__(self, connection: Wire, scope: dict[str, Any], keep_alive: bool) -> None:
        self._connection, self.scope, self.keep_alive = connection, scope, keep_alive
        self.more, self.answered = True, False  # whether its body still comes; whether the whole answer is out
        self._held: list[bytes] = []
        self._size = 0
        self._told = self._gone = self._chunked = False
        self._wake: asyncio.Future[None] | None = None
        self._start: Message | None = None
        self.task: asyncio.Task[None] | None = None

    async def run(self, app: Asgi) -> None:
        try:
            await app(self.scope, self.receive, self.send)
        except asyncio.CancelledError:
            raise
        except Exception:  # noqa: BLE001 - the last border: the connection ends, the others go on
            _log.exception("an answer failed")
        finally:
            self._connection.done(self)

    # what arrives -----------------------------------------------------------------------------------------------------

    def take(self, part: bytes) -> None:
        self._held.append(part)
        self._size += len(part)
        if self._size > HELD:
            self._connection.pause()
        self._rouse()

    def whole(self) -> None:
        self.more = False
        self._rouse()

    def hang_up(self) -> None:
        self._gone = True
        self._rouse()

    def _rouse(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def receive(self) -> Message:
        """The next part of the body; after its end, the client's going."""
        while not self._gone and (self._told if not self.more else not self._held):
            if self.more:
                self._connection.resume()
                self._invite()
            self._wake = self._connection.loop.create_future()
            await self._wake
        if self._gone:
            return {"type": "http.disconnect"}
        body = self._held[0] if len(self._held) == 1 else b"".join(self._held)
        self._held, self._size, self._told = [], 0, not self.more
        return {"type": "http.request", "body": body, "more_body": self.more}

    def _invite(self) -> None:
        """A client may wait with its body until it is asked for it."""
        headers = self.scope["headers"]
        if self._start is None and (b"expect", b"100-continue") in ((n, v.lower()) for n, v in headers):
            self.scope["headers"] = [(n, v) for n, v in headers if n != b"expect"]
            self._connection.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    # what leaves ------------------------------------------------------------------------------------------------------

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        if self._gone or self.answered:
            return
        body, last = message.get("body", b""), not message.get("more_body", False)
        connection, start = self._connection, self._start
        if start is None:
            raise RuntimeError("a body without its head")
        status = start["status"]
        head = b""
        if start.get("headers") is not None:
            head = self._head(status, start.pop("headers"), len(body) if last else None)
        if status in _NO_BODY or self.scope["method"] == "HEAD":
            body = b""
        elif self._chunked:
            body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + (b"0\r\n\r\n" if last else b"")
        self.answered = last
        if last:
            connection.post(head + body)
            return
        connection.transport.write(head + body)
        if connection.writable is not None:
            await connection.writable

    def _head(self, status: int, headers: list[tuple[bytes, bytes]], length: int | None) -> bytes:
        """The head's bytes, and how the body's end is told: by its length, in chunks, or by the connection's end."""
        told = b"".join([b"%b: %b\r\n" % header for header in headers])
        if not told.count(b"\n") == told.count(b"\r") == len(headers):
            raise RuntimeError("a header holds a line break")
        lines = [told]
        if status not in _NO_BODY and b"content-length" not in [name.lower() for name, _ in headers]:
            if length is not None:
                lines.append(b"content-length: %d\r\n" % length)
            elif self.scope["http_version"] == "1.1":
                self._chunked = True
                lines.append(b"transfer-encoding: chunked\r\n")
            else:
                self.keep_alive = False
        if self.more or self._connection.ending:
            self.keep_alive = False
        if not self.keep_alive:
            lines.append(b"connection: close\r\n")
        elif self.scope["http_version"] == "1.0":
            lines.append(b"connection: keep-alive\r\n")
        first = LINES.get(status) or b"HTTP/1.1 %d\r\n" % status
        return first + self._connection.date() + b"".join(lines) + b"\r\n"


def target(url: bytes) -> tuple[str, bytes]:
    """The path, percent-decoded, and the query as it stands.

    >>> target(b"/a%20b?c=d"), target(b"http://localhost/a")
    (('/a b', b'c=d'), ('/a', b''))
    """
    if not url.startswith(b"/") and url != b"*":
        url = url.partition(b"://")[2]
        url = b"/" + url.partition(b"/")[2]
    path, _, query = url.partition(b"#")[0].partition(b"?")
    text = path.decode("latin-1")
    return (unquote(text) if "%" in text else text), query
