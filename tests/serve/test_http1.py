"""The server's HTTP/1.1 on real sockets: framing both ways, order, bounds, and how connections end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvloop

from noria.serve import http1
from noria.serve.http1 import Server
from noria.serve.server import listen

HEAD = b"POST /%s HTTP/1.1\r\nHost: localhost\r\n"


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """What it was asked, as JSON; at /parts in three parts without a length, at /bad with a line break in a header."""
    body, more = b"", True
    while more and scope["path"] != "/unread":
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    heard = {
        "method": scope["method"],
        "path": scope["path"],
        "query": scope["query_string"].decode(),
        "headers": [[n.decode("latin-1"), v.decode("latin-1")] for n, v in scope["headers"]],
        "body": body.decode("latin-1"),
    }
    headers = [(b"content-type", b"application/json")]
    if scope["path"] == "/bad":
        headers.append((b"location", b"/\r\nset-cookie: a=b"))
    if scope["path"] == "/fail":
        raise RuntimeError("this application fails")
    await send({"type": "http.response.start", "status": 204 if scope["path"] == "/none" else 200, "headers": headers})
    if scope["path"] == "/parts":
        for part in (b"one ", b"", b"two "):
            await send({"type": "http.response.body", "body": part, "more_body": True})
        if scope["query_string"] == b"half":
            raise RuntimeError("in the middle of an answer")
        heard = {"three": 3}
    await send({"type": "http.response.body", "body": json.dumps(heard).encode()})


def served(work: Callable[[Server, int], Awaitable[Any]], app: Any = echo, loop: Any = uvloop.new_event_loop) -> Any:
    """Run a coroutine function against a server, then stop it: it must end."""

    async def main() -> Any:
        listening = listen("127.0.0.1", 0)
        port = listening.getsockname()[1]
        server = Server(app, listening)
        running = asyncio.create_task(server.serve())
        try:
            return await work(server, port)
        finally:
            server.stop()
            await running

    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(main())


@asynccontextmanager
async def talk(port: int, **more: Any) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A client's connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, **more)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


def answer_to(*parts: bytes, app: Any = echo, loop: Any = uvloop.new_event_loop) -> bytes:
    """All that comes back until the server ends the connection."""

    async def work(server: Server, port: int) -> bytes:
        async with talk(port) as (reader, writer):
            for part in parts:
                writer.write(part)
                await writer.drain()
            return await reader.read()

    return served(work, app, loop)


def bodies(got: bytes) -> list[Any]:
    """The JSON of each answer that tells its length."""
    found = []
    while got:
        head, _, rest = got.partition(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"content-length"))
        found.append(json.loads(rest[:length]))
        got = rest[length:]
    return found


LAST = b"Connection: close\r\n"


@pytest.mark.parametrize("loop", [uvloop.new_event_loop, asyncio.new_event_loop])
def test_a_request_as_the_application_hears_it(loop: Any) -> None:
    got = answer_to(
        HEAD % b"a%20b?c=%20" + LAST + b"X-Twice: 1\r\nX-Twice: 2\r\nContent-Length: 2\r\n\r\n{}", loop=loop
    )
    head = got.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert head[0] == b"HTTP/1.1 200 OK" and b"connection: close" in head
    assert any(line.startswith(b"date: ") and line.endswith(b" GMT") for line in head)
    (heard,) = bodies(got)
    assert heard == {
        "method": "POST",
        "path": "/a b",
        "query": "c=%20",
        "headers": [
            ["host", "localhost"],
            ["connection", "close"],
            ["x-twice", "1"],
            ["x-twice", "2"],
            ["content-length", "2"],
        ],
        "body": "{}",
    }


def test_requests_that_come_at_once_are_answered_in_turn() -> None:
    many = [HEAD % b"%d" % i + b"Content-Length: 3\r\n\r\n%03d" % i for i in range(300)]
    got = bodies(answer_to(b"".join(many), HEAD % b"end" + LAST + b"\r\n"))
    assert [(h["path"], h["body"]) for h in got] == [*((f"/{i}", f"{i:03d}") for i in range(300)), ("/end", "")]


def test_a_body_in_small_and_in_large_pieces() -> None:
    large = b"x" * 700_000
    sent = HEAD % b"a" + LAST + b"Content-Length: %d\r\n\r\n" % len(large) + large
    assert bodies(answer_to(sent))[0]["body"] == large.decode()
    short = HEAD % b"b" + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n" + HEAD % b"c" + LAST
    got = bodies(answer_to(*(bytes([byte]) for byte in short + b"\r\n")))
    assert [(h["path"], h["body"]) for h in got] == [("/b", "abcde"), ("/c", "")]


def test_a_client_that_waits_to_be_invited() -> None:
    async def work(server: Server, port: int) -> tuple[bytes, bytes]:
        async with talk(port) as (reader, writer):
            writer.write(HEAD % b"a" + LAST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            invited = await reader.readuntil(b"\r\n\r\n")
            writer.write(b"{}")
            return invited, await reader.read()

    invited, got = served(work)
    assert invited == b"HTTP/1.1 100 Continue\r\n\r\n" and bodies(got)[0]["body"] == "{}"


def test_an_answer_without_a_length() -> None:
    got = answer_to(HEAD % b"parts" + LAST + b"\r\n")
    head, _, body = got.partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head
    assert body == b'4\r\none \r\n4\r\ntwo \r\nc\r\n{"three": 3}\r\n0\r\n\r\n'
    old = answer_to(b"POST /parts HTTP/1.0\r\n\r\n")
    assert old.endswith(b'\r\n\r\none two {"three": 3}') and b"chunked" not in old


def test_answers_without_a_body() -> None:
    got = answer_to(b"HEAD /a HTTP/1.1\r\n\r\n" + HEAD % b"none" + LAST + b"\r\n")
    first, second, rest = got.split(b"\r\n\r\n")
    assert b"content-length: " in first and second.startswith(b"HTTP/1.1 204 No Content\r\n") and rest == b""
    assert b"content-length" not in second


def test_an_answer_that_breaks_off_is_no_answer() -> None:
    for path in (b"fail", b"bad", b"parts?half"):
        got = answer_to(HEAD % path + b"\r\n")
        assert b"set-cookie" not in got and not got.endswith(b"0\r\n\r\n"), path
        assert got == b"" or path == b"parts?half"


def test_an_old_client_keeps_its_connection_only_when_it_asks() -> None:
    assert b"connection: close" in answer_to(b"GET /a HTTP/1.0\r\n\r\n")
    got = answer_to(b"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + b"GET /b HTTP/1.0\r\n\r\n")
    assert b"connection: keep-alive" in got and [h["path"] for h in bodies(got)] == ["/a", "/b"]


NO_HTTP = [
    b"\x16\x03\x01\x02\x00\r\n\r\n",
    b"GET /a HTTP/3.0\r\n\r\n",
    b"GET /a HTTP/0.9\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"POST /a HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /a HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    b"POST /a HTTP/1.1\r\nContent-Length: -2\r\n\r\n{}",
    b"GET /a HTTP/1.1\r\nX : a\r\n\r\n",
    b"GET /a HTTP/1.1\r\nX: a\r\n folded\r\n\r\n",
    b"GET /a HTTP/1.1\nX: a\n\n",
    b"GET /a HTTP/1.1\r\nX: \x00\r\n\r\n",
    b"BREW /a HTTP/1.1\r\n\r\n",
]


@pytest.mark.parametrize("sent", NO_HTTP)
def test_what_is_no_http_is_refused_and_the_connection_ends(sent: bytes) -> None:
    (refused,) = bodies(answer_to(sent))
    assert refused["code"] == "bad_request" and refused["status"] == 400
    (before,) = bodies(answer_to(HEAD % b"before" + b"\r\n" + sent))
    assert before["path"] == "/before"


def test_a_broken_body_ends_the_connection_unanswered() -> None:
    assert answer_to(HEAD % b"a" + b"Transfer-Encoding: chunked\r\n\r\nz\r\n") == b""
    assert answer_to(HEAD % b"a" + b"Transfer-Encoding: gzip, x\r\n\r\n{}") == b""


@pytest.mark.parametrize("head", [b"GET /" + b"a" * 400_000, b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 70_000])
def test_a_head_has_a_limit(head: bytes) -> None:
    assert answer_to(head).startswith(b"HTTP/1.1 431 ")


def test_another_protocol_is_not_spoken() -> None:
    got = answer_to(HEAD % b"a" + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x00garbage")
    assert [h["path"] for h in bodies(got)] == ["/a"] and b"connection: close" in got


def test_who_sends_what_nobody_reads_still_hears_the_answer() -> None:
    got = answer_to(HEAD % b"unread" + b"Content-Length: 10000000\r\n\r\n", b"x" * 100_000)
    assert [h["path"] for h in bodies(got)] == ["/unread"] and b"connection: close" in got


@pytest.mark.parametrize("sent", [b"", b"POST /a HT", HEAD % b"a" + b"\r\n"], ids=["nothing", "half a head", "idle"])
def test_who_says_nothing_is_shown_out(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HEAD_SECONDS", "IDLE_SECONDS", "_SWEEP"):
        monkeypatch.setattr(http1, name, 0.01)
    assert len(answer_to(sent).split(b"HTTP/1.1 200")) == (2 if b"\r\n\r\n" in sent else 1)


def test_a_client_that_goes_is_told_to_the_application() -> None:
    async def work(server: Server, port: int) -> list[str]:
        told: list[str] = []
        over = asyncio.Event()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            while not told or told[-1] != "http.disconnect":
                told.append((await receive())["type"])
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"to nobody"})
            over.set()

        server.app = app
        async with talk(port) as (_, writer):
            writer.write(HEAD % b"a" + b"\r\n")
            while not told:
                await asyncio.sleep(0)
        await over.wait()
        return told

    assert served(work) == ["http.request", "http.disconnect"]


def test_a_reader_that_is_slow_holds_up_only_its_own_answer() -> None:
    """The application is made to wait while the client does not read, and goes on when it does."""
    part, parts = b"x" * 100_000, 200

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(parts if scope["path"] == "/large" else 0):
            sent.append(1)
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b"end"})

    sent: list[int] = []

    async def work(server: Server, port: int) -> tuple[int, int]:
        async with talk(port, limit=1_000) as (reader, writer), talk(port) as (other, asking):
            writer.write(HEAD % b"large" + LAST + b"\r\n")
            await reader.readexactly(10)
            for _ in range(20):
                asking.write(HEAD % b"small" + b"\r\n")
                await other.readuntil(b"end")
            return len(sent), len(await reader.read())

    before, length = served(work, app)
    assert before < parts == len(sent) and length > len(part) * parts


def test_a_stop_answers_what_is_under_way_and_takes_no_more() -> None:
    async def work(server: Server, port: int) -> tuple[bytes, bytes]:
        begun, go = asyncio.Event(), asyncio.Event()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            begun.set()
            await go.wait()
            await echo(scope, receive, send)

        server.app = app
        async with talk(port) as (idle, _), talk(port) as (reader, writer):
            writer.write(HEAD % b"a" + b"\r\n")
            await begun.wait()
            server.stop()
            nothing = await idle.read()
            with pytest.raises(ConnectionError):
                await asyncio.open_connection("127.0.0.1", port)
            go.set()
            return nothing, await reader.read()

    nothing, got = served(work)
    assert nothing == b"" and bodies(got)[0]["path"] == "/a" and b"connection: close" in got
