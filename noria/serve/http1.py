"""HTTP/1.1 for one ASGI application, all in its event loop: llhttp takes requests apart, this keeps bounds and order.

One thread, so a request costs no hand-over between threads (see docs/decisions/0008). Requests of one connection are
answered in turn. What is no HTTP/1.1 is refused with 400 and the connection's end; lenient readings are off.
"""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections import deque
from email.utils import formatdate
from typing import cast

import httptools

from noria.serve.exchange import LINES, Exchange, target
from noria.serve.routes import Asgi

HEAD_SECONDS = 10.0
"""How long a request's head may take to arrive."""
HEAD_BYTES = 64 * 1024
"""How long a head may become, not counting the piece with which it began."""
IDLE_SECONDS = 75.0
"""How long a connection may wait for its next request."""
LINGER_SECONDS = 1.0
"""How long a client that was refused in the middle of its body may still hear why."""
_SWEEP = 1.0


class Server:
    """Serves ``app`` on a listening socket until `stop`."""

    def __init__(self, app: Asgi, listening: socket.socket) -> None:
        self.app, self._listening = app, listening
        self.connections: set[Connection] = set()
        self.closing = False
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._date = (0, b"")
        self._outbox: list[tuple[asyncio.Transport, bytes]] = []

    async def serve(self) -> None:
        """Answer until `stop`; then finish what is under way."""
        listening = await self._loop.create_server(lambda: Connection(self), sock=self._listening)
        self._sweep()
        try:
            while not self.closing or self.connections:
                self._changed.clear()
                await self._changed.wait()
                if self.closing:
                    listening.close()
        finally:
            listening.close()

    def stop(self) -> None:
        """No more connections, and on those that are there no more requests."""
        self.closing = True
        for connection in list(self.connections):
            connection.goodbye()
        self._changed.set()

    def lost(self, connection: Connection) -> None:
        self.connections.discard(connection)
        if self.closing:
            self._changed.set()

    def date(self) -> bytes:
        now = int(time.time())
        if now != self._date[0]:
            self._date = now, b"date: %b\r\n" % formatdate(now, usegmt=True).encode()
        return self._date[1]

    def post(self, transport: asyncio.Transport, answer: bytes) -> None:
        """Send a whole answer with the others of this turn: to wake a client may cost as much as to answer it."""
        if not self._outbox:
            self._loop.call_soon(self.flush)
        self._outbox.append((transport, answer))

    def flush(self) -> None:
        outbox, self._outbox = self._outbox, []
        for transport, answer in outbox:
            if not transport.is_closing():
                transport.write(answer)

    def _sweep(self) -> None:
        now = self._loop.time()
        for connection in [c for c in self.connections if c.until <= now]:
            connection.close()
        if not self.closing or self.connections:
            self._loop.call_later(_SWEEP, self._sweep)


class Connection(asyncio.Protocol):
    """One client. At most one exchange is answered at a time; those that came too early wait, and the reading with them."""

    transport: asyncio.Transport

    def __init__(self, server: Server) -> None:
        self.server = server
        self.loop = asyncio.get_running_loop()
        self.until = self.loop.time() + HEAD_SECONDS  # when it is closed; infinite while an exchange is under way
        self._parser = httptools.HttpRequestParser(self)
        self._in_head, self._head_bytes = False, 0
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._reading: Exchange | None = None  # whose body arrives
        self._answering: Exchange | None = None
        self._early: deque[Exchange] = deque()
        self._deaf = self._paused = False
        self.writable: asyncio.Future[None] | None = None

    # the transport's words --------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none of its children
        self._ends = {"client": transport.get_extra_info("peername"), "server": transport.get_extra_info("sockname")}
        self.server.connections.add(self)
        if self.server.closing:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.lost(self)
        self._deaf = True
        for exchange in (self._answering, *self._early):
            if exchange is not None:
                exchange.hang_up()
        self._early.clear()
        self.resume_writing()

    def pause_writing(self) -> None:
        self.writable = self.loop.create_future()

    def resume_writing(self) -> None:
        waiting, self.writable = self.writable, None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        if self._in_head:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (
            httptools.HttpParserUpgrade
        ):  # nobody here speaks anything else: it is a request like others, the last one
            self._deaf = True
        except httptools.HttpParserError as exc:
            self._refuse(400, f"this is no HTTP/1.1: {exc}")
        else:
            if self._in_head and self._head_bytes > HEAD_BYTES:
                self._refuse(431, f"the head is longer than {HEAD_BYTES:,} bytes")

    # the parser's words -----------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._in_head, self._head_bytes, self._url, self._headers = True, 0, b"", []
        if self._answering is None:
            self.until = self.loop.time() + HEAD_SECONDS

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._in_head = False
        parser = self._parser
        version = parser.get_http_version()
        if version not in ("1.1", "1.0"):
            raise ValueError(f"version {version}")
        path, query = target(self._url)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": version,
            "method": parser.get_method().decode("ascii"),
            "scheme": "http",
            "path": path,
            "raw_path": self._url,
            "query_string": query,
            "root_path": "",
            "headers": self._headers,
            **self._ends,
        }
        self._reading = exchange = Exchange(self, scope, parser.should_keep_alive())
        if self._answering is None:
            self._begin(exchange)
        else:
            self._early.append(exchange)
            self.pause()

    def on_body(self, body: bytes) -> None:
        if self._reading is not None:
            self._reading.take(body)

    def on_message_complete(self) -> None:
        if self._reading is not None:
            self._reading.whole()
            self._reading = None

    # our own ----------------------------------------------------------------------------------------------------------

    def _begin(self, exchange: Exchange) -> None:
        self._answering, self.until = exchange, float("inf")
        exchange.task = self.loop.create_task(exchange.run(self.server.app))

    def done(self, exchange: Exchange) -> None:
        """This answer is out, or none will be: the next one, or the end."""
        if self._deaf and self.transport.is_closing():
            return
        if not exchange.answered:
            self.transport.abort()  # the client must not take a part for the whole
        elif exchange.more:  # it still sends what nobody wants: it shall hear the answer before the end
            self._deaf = True
            self.server.flush()
            self.transport.write_eof()
            self.resume()
            self.until = self.loop.time() + LINGER_SECONDS
        elif self._early and exchange.keep_alive:
            self._begin(self._early.popleft())
        elif not exchange.keep_alive or self.ending:
            self.close()
        else:
            self._answering = None
            self.until = self.loop.time() + (HEAD_SECONDS if self._in_head else IDLE_SECONDS)
            self.resume()

    def goodbye(self) -> None:
        """The server stops: now, or after the answer that is under way."""
        if self._answering is None:
            self.close()

    def close(self) -> None:
        self._deaf = True
        self.server.flush()
        self.transport.close()

    def post(self, answer: bytes) -> None:
        self.server.post(self.transport, answer)

    def date(self) -> bytes:
        return self.server.date()

    def pause(self) -> None:
        if not self._paused:
            self._paused = True
            self.transport.pause_reading()

    def resume(self) -> None:
        if self._paused and not self._early:
            self._paused = False
            self.transport.resume_reading()

    @property
    def ending(self) -> bool:
        """Whether no request follows the one that is being answered."""
        return self.server.closing or (self._deaf and not self._early)

    def _refuse(self, status: int, why: str) -> None:
        """To what cannot be read, after which nothing can be."""
        if self._answering is not None:
            self._deaf = True
            for exchange in (self._answering, *self._early):
                if exchange.more:
                    exchange.hang_up()
            return
        self._deaf = True
        self.server.flush()
        words = {"code": "bad_request", "detail": why, "message": why, "status": status, "title": "bad_request"}
        body = json.dumps({"type": "about:blank", **words}).encode()
        more = b"content-type: application/problem+json\r\nconnection: close\r\n"
        self.transport.write(LINES[status] + self.date() + more + b"content-length: %d\r\n\r\n" % len(body) + body)
        self.transport.write_eof()
        self.until = self.loop.time() + LINGER_SECONDS
