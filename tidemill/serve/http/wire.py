"""Between granian's own interface (RSGI) and the application: a body that is told its length comes in one hand-over, an answer goes in one.

ASGI hands each request over twice as often between granian's threads and the event loop, which costs more than a prediction of many
a model. The application stays what ASGI calls one, and its tests ask it as such.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from granian._granian import RSGIHTTPProtocol as HTTPProtocol
from granian._granian import RSGIProtocolClosed as ProtocolClosed
from granian._granian import RSGIProtocolError as ProtocolError

from tidemill.serve.http.admit import Gone
from tidemill.serve.http.routes import Message

if TYPE_CHECKING:
    from granian.rsgi import Scope as Head

    from tidemill.serve.http.app import App

Texts = list[tuple[str, str]]


class Wire:
    """What granian is given of an application."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __rsgi__(self, head: Head, protocol: HTTPProtocol) -> None:
        """One request."""
        headers = head.headers
        scope = {
            "type": head.proto,
            "method": head.method,
            "path": head.path,
            "query_string": head.query_string.encode(),
            "headers": [(_bytes(name), value.encode("latin-1")) for name, value in headers.items()],
            "client": (_peer(head.client), 0),
        }
        exchange = _Exchange(protocol, "content-length" in headers)
        await self._app(scope, exchange.receive, exchange.send)


class _Exchange:
    """One request's body and answer. ``told``: the head says how long the body is."""

    __slots__ = ("_headers", "_pieces", "_protocol", "_status", "_stream", "_told")

    def __init__(self, protocol: HTTPProtocol, told: bool) -> None:
        self._protocol, self._told = protocol, told
        self._pieces: Any = None
        self._stream: Any = None
        self._status, self._headers = 0, Texts()

    async def receive(self) -> Message:
        """The body: whole where its length is told, and so was checked; else piece by piece."""
        try:
            if self._told:
                return {"type": "http.request", "body": await self._protocol(), "more_body": False}
            self._pieces = self._pieces or aiter(self._protocol)
            return {"type": "http.request", "body": await anext(self._pieces), "more_body": True}
        except StopAsyncIteration:
            return {"type": "http.request", "body": b"", "more_body": False}
        except (ProtocolClosed, ProtocolError):
            return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """The answer: in one piece where it is one, else piece by piece."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = [(_text(name), _text(value)) for name, value in message["headers"]]
        elif self._stream is not None:
            await self._piece(message["body"])
        elif message.get("more_body"):
            self._stream = self._protocol.response_stream(self._status, self._headers)
            await self._piece(message["body"])
        else:
            self._protocol.response_bytes(self._status, self._headers, message["body"])

    async def _piece(self, body: bytes) -> None:
        """Raises Gone."""
        try:
            await self._stream.send_bytes(body)
        except (ProtocolClosed, ProtocolError):
            raise Gone from None


@lru_cache(512)
def _peer(client: str) -> str:
    return client.rpartition(":")[0].strip("[]")


@lru_cache(512)
def _bytes(name: str) -> bytes:
    return name.encode("latin-1")


@lru_cache(512)
def _text(part: bytes) -> str:
    return part.decode("latin-1")
