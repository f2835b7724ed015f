"""Clients that keep to no rule, against a real server: each gets a clear refusal, and the server answers the next one."""

from __future__ import annotations

import json
import socket
import sqlite3
import threading
from typing import Any

import pytest

from tidemill.access import tokens as auth

MB = 1_000_000


def head(
    server: Any, path: str = "/predict/shop", method: str = "POST", length: int | None = None, **more: str
) -> bytes:
    sent = {"Host": f"127.0.0.1:{server.port}", "Authorization": f"Bearer {server.token}", **more}
    if length is not None:
        sent["Content-Length"] = str(length)
    lines = [f"{method} {path} HTTP/1.1", *(f"{name.replace('_', '-')}: {value}" for name, value in sent.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def problem_of(answer: bytes) -> Any:
    return json.loads(answer.partition(b"\r\n\r\n")[2])


BODIES = [
    b"",
    b"null",
    b"[]",
    b"{",
    b'{"subject": NaN}',
    b'{"subject": "7", "k": Infinity}',
    b'{"subject": "7", "k": 1e400}',
    b'{"subject": "7", "k": -1}',
    b'{"subject": "\\u0000"}',
    b"\xff\xfe\x00",
    b"\x1f\x8b\x08\x00",
    b"[" * 500_000,
    b'{"inputs":' * 90_000,
    b'{"subject": "7", "inputs": {' + b",".join(b'"c%d": 1' % i for i in range(2_000)) + b"}}",
    b'{"subject": "' + b"x" * 900_000 + b'"}',
]


@pytest.mark.parametrize("body", BODIES, ids=lambda b: repr(b[:24]))
@pytest.mark.parametrize("path", ["/predict/shop", "/feedback"])
def test_bad_bodies(server, body, path):
    answer = server.raw(head(server, path, length=len(body)) + body)
    assert status_of(answer) == 400
    assert problem_of(answer)["code"] == "bad_request" and problem_of(answer)["message"]


@pytest.mark.parametrize("length", [MB + 1, 10 * MB, 10**15])
def test_a_body_that_is_announced_too_long_is_not_waited_for(server, length):
    answer = server.raw(head(server, "/feedback", length=length))  # and not one byte of it
    assert (status_of(answer), problem_of(answer)["code"]) == (413, "too_large")


@pytest.mark.parametrize("said", [{}, {"Content_Length": "2"}], ids=["no length", "another length"])
def test_ten_megabytes_in_chunks_are_refused_early(server, said):
    """Whatever length is announced beside: refused after the first megabyte, not after the tenth."""
    chunk = b"%x\r\n" % 65_536 + b" " * 65_536 + b"\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as sock:
        sock.sendall(head(server, "/feedback", **said, Transfer_Encoding="chunked"))
        for _ in range(16):  # the megabyte that it may have, at once: the server waits a second for a body
            sock.sendall(chunk)
        sent = 16
        answer = b""
        sock.settimeout(0.05)
        while sent < 160 and not answer:
            try:
                sock.sendall(chunk)
                sent += 1
                answer = sock.recv(65_536)
            except TimeoutError:
                continue
            except (BrokenPipeError, ConnectionResetError):
                break
    assert sent < 160
    assert not answer or status_of(answer) == 413


def test_a_slow_body_is_given_up(server):
    """The head at once, the body never: the server's own limit ends it."""
    answer = server.raw(head(server, length=10) + b"{", seconds=30)
    assert (status_of(answer), problem_of(answer)["code"]) == (408, "too_slow")


def test_a_client_that_hangs_up_in_its_body(server):
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as sock:
            sock.sendall(head(server, length=100) + b'{"subject"')


def test_many_idle_connections_do_not_stop_the_others(server):
    idle = [socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(200)]
    try:
        for sock in idle[::2]:
            sock.sendall(b"POST /predict/shop HTTP/1.1\r\nHost: ")
        assert server.ask("POST", "/predict/shop", {"subject": "7"})[0] == 200
    finally:
        for sock in idle:
            sock.close()


WRONG_HEADS = [
    (b"", 403),  # no Host at all is refused by HTTP/1.1 itself or by us
    (b"Host: example.com\r\n", 403),
    (b"Host: 127.0.0.1.example.com\r\n", 403),
    (b"Host: 127.0.0.1\r\nHost: example.com\r\n", 400),
    (b"Host: 127.0.0.1\r\nOrigin: http://example.com\r\n", 403),
    (b"Host: 127.0.0.1\r\nOrigin: null\r\n", 403),
    (b"Host: 127.0.0.1\r\n", 401),
    (b"Host: 127.0.0.1\r\nAuthorization: Bearer\r\n", 401),
    (b"Host: 127.0.0.1\r\nAuthorization: Basic YTpi\r\n", 401),
    (b"Host: 127.0.0.1\r\nAuthorization: Bearer \xff\xfe\r\n", 401),
    (b"Host: 127.0.0.1\r\nUser-Agent: \xc5\x81 \xff\r\n", 401),
    (b"Host: 127.0.0.1\r\nAuthorization: Bearer ' OR 1=1 --\r\n", 401),
    (b"Host: 127.0.0.1\r\nCookie: tidemill_session=x; tidemill_=y\r\n", 401),
]


@pytest.mark.parametrize("lines, status", WRONG_HEADS, ids=lambda v: str(v)[:40])
def test_wrong_heads(server, lines, status):
    answer = server.raw(b"POST /predict/shop HTTP/1.1\r\n" + lines + b"Content-Length: 2\r\n\r\n{}")
    assert status_of(answer) in (status, 400)
    assert status_of(answer) == status or not lines


def test_a_head_that_is_too_long_or_no_http(server):
    answers = [
        server.raw(head(server, length=2, X_Long="x" * 200_000) + b"{}"),
        server.raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100 + b"\r\n\r\n"),
        server.raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        server.raw(head(server, length=-5) + b"{}"),
    ]
    assert all(status_of(a) in (0, 400, 431) for a in answers), answers


def test_a_smuggled_request_is_not_heard(server, served):
    """Two lengths that differ: the one answer is the outer request's, and what follows is thrown away unread."""
    before = served[0].live.predictions.count()
    inner = head(server, length=15) + b'{"subject":"7"}'
    outer = head(server, "/healthz", "GET", length=len(inner), Transfer_Encoding="chunked") + b"0\r\n\r\n"
    for request in (outer, outer + inner):
        answer = everything(server, request)
        assert status_of(answer) == 200 and answer.count(b"HTTP/1.1 ") == 1
        assert b"connection: close" in answer.lower() and answer.endswith(b'{"status":"ok","endpoints":{"shop":"ok"}}')
    assert served[0].live.predictions.count() == before


def everything(server: Any, request: bytes) -> bytes:
    """All that comes until the server closes the connection."""
    got = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as sock:
        sock.sendall(request)
        try:
            while part := sock.recv(65_536):
                got += part
        except ConnectionResetError:
            pass
    return got


QUERIES = [
    "a=1&" * 60,
    "%ff",
    "name=\u0141\u00f3d\u017a",
    "code=%00",
    "code=a;b",
    "&&&=&=",
    "code[]=1",
    "code=" + "x" * 5_000,
]


@pytest.mark.parametrize("query", QUERIES, ids=lambda q: q[:12])
@pytest.mark.parametrize("path, method", [("/login", "GET"), ("/predict/shop", "POST"), ("/feedback", "POST")])
def test_queries(server, path, method, query):
    asked = server.raw(head(server, f"{path}?{query}", method, length=2) + b"{}")
    assert status_of(asked) in (400, 401) and problem_of(asked)["message"]
    stranger = f"{method} {path}?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n"
    assert status_of(server.raw(stranger.encode())) in (400, 401)


PATHS = [
    "/predict/../control/refresh",
    "/predict/%2e%2e/control/refresh",
    "/predict/shop%2f..%2f..%2fmetrics",
    "//predict/shop",
    "/predict/shop/",
    "/predict/shop%00",
    "/predict/shop;x=1",
    "/predict/%ff",
    "/PREDICT/shop",
    "/.tidemill/tidemill.db",
    "/..%5c..%5cetc/passwd",
    "/predict/" + "x" * 8_000,
    "/api/runs/%27%20OR%201=1",
]


@pytest.mark.parametrize("path", PATHS)
def test_path_tricks(server, path):
    answer = server.raw(head(server, path, length=15) + b'{"subject":"7"}')
    assert status_of(answer) in (400, 404, 405, 414)


def test_an_absolute_address_is_still_checked(server):
    answer = server.raw(
        b"POST http://example.com/predict/shop HTTP/1.1\r\nHost: example.com\r\nContent-Length: 2\r\n\r\n{}"
    )
    assert status_of(answer) == 403


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "HEAD", "TRACE", "PATCH", "BREW"])
def test_other_methods(server, method):
    assert status_of(server.raw(head(server, method=method, length=0, Connection="close"))) in (400, 405)


def test_a_websocket_is_not_opened(server):
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec_WebSocket_Version": "13",
        "Sec_WebSocket_Key": "eA==",
    }
    assert status_of(server.raw(head(server, "/healthz", "GET", **upgrade))) == 200


def test_secrets_are_stored_as_hashes_only(served, server):
    """The token that works is nowhere in the database, and neither is the session's secret."""
    project = served[0]
    code = auth.issue_code(project.store)
    answer = server.raw(f"GET /login?code={code} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert status_of(answer) == 303
    cookie = next(line for line in answer.split(b"\r\n") if line.lower().startswith(b"set-cookie:"))
    session = cookie.split(b"=", 1)[1].split(b";")[0].decode()
    with sqlite3.connect(project.state / "tidemill.db") as db:
        dumped = "\n".join(db.iterdump())
    assert all(secret not in dumped for secret in (server.token, code, session))
    assert auth.hashed(server.token) in dumped and auth.hashed(session) in dumped
    again = server.raw(f"GET /login?code={code} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert status_of(again) == 401


def test_a_code_is_used_by_one_of_many(served, server):
    code = auth.issue_code(served[0].store)
    request = f"GET /login?code={code} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    got: list[int] = []
    threads = [threading.Thread(target=lambda: got.append(status_of(server.raw(request)))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [303] + [401] * 11


def test_only_loopback_is_listened_to(server):
    with open("/proc/net/tcp") as table:
        local = [line.split()[1] for line in table.readlines()[1:] if line.split()[3] == "0A"]
    assert [a for a in local if int(a.split(":")[1], 16) == server.port] == [f"0100007F:{server.port:04X}"]
