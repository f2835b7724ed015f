"""nginx by the shipped configuration: what reaches a scorer, what does not, and what becomes of a request that one dies over."""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.team.front import CONFIG, NAME, Front, fronted, placed, program, said_by
from tidemill.serve.bodies import MAX_BODY
from tidemill.serve.http.server import HEAD_MS


class Upstream(ThreadingHTTPServer):
    """In the place of a scorer: remembers what it was asked, and dies over it where it is told to."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        self.dies = False


class Asked(BaseHTTPRequestHandler):
    server: Upstream
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        if self.server.dies:
            self.close_connection = True
            return  # no answer: it was killed
        said = json.dumps({"by": self.server.server_port}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@contextmanager
def upstream() -> Iterator[Upstream]:
    with Upstream() as found:
        thread = threading.Thread(target=found.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield found
        finally:
            found.shutdown()
            thread.join()


@pytest.fixture
def two() -> Iterator[tuple[Upstream, Upstream]]:
    with upstream() as one, upstream() as other:
        yield one, other


@pytest.fixture
def front(two: tuple[Upstream, Upstream], tmp_path: Path, pair: tuple[str, str]) -> Iterator[Front]:
    with fronted(tmp_path, [one.server_port for one in two], pair) as found:
        yield found


def test_nginx_takes_the_configuration_as_it_is(tmp_path: Path, pair: tuple[str, str]) -> None:
    path = placed(tmp_path, 8443, (8081, 8082), pair)
    done = subprocess.run([program(), "-t", "-p", str(tmp_path), "-c", str(path)], capture_output=True, text=True)
    assert done.returncode == 0 and "warn" not in done.stderr, done.stderr


def test_its_bounds_are_the_server_s() -> None:
    text = CONFIG.read_text()
    assert said_by(text, "client_max_body_size") == [str(MAX_BODY)]
    (kept,) = said_by(text, "keepalive_timeout")
    assert 1_000 * float(kept.rstrip("s")) < HEAD_MS
    assert "$query" not in text and "$request " not in text and "$args" not in text  # a login's code is in no log


def test_what_a_client_says_of_proxies_is_not_passed_on(front: Front, two: tuple[Upstream, Upstream]) -> None:
    said = {"X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example", "X-Real-IP": "10.0.0.1", "Via": "1.1 me"}
    assert (
        front.ask("POST", "/predict/shop", {}, **said, **{"X-Forwarded-For": "10.0.0.1", "Forwarded": "for=me"})[0]
        == 200
    )
    ((_, headers, _),) = [asked for one in two for asked in one.asked]
    assert (headers["x-forwarded-proto"], headers["x-forwarded-for"]) == ("https", "127.0.0.1")
    assert headers["host"] == NAME
    assert not {"x-forwarded-host", "x-real-ip", "forwarded", "via"} & headers.keys()


def test_another_name_is_answered_nothing(front: Front) -> None:
    context = ssl.create_default_context(cafile=None)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        closing(http.client.HTTPSConnection("127.0.0.1", front.port, timeout=30, context=context)) as client,
        pytest.raises(ssl.SSLError),
    ):
        client.connect()
    with closing(front.connect()) as client, pytest.raises(http.client.RemoteDisconnected):
        client.request("GET", "/", headers={"Host": "another.example"})
        client.getresponse()


@pytest.mark.parametrize("path", ["/predict/shop", "/feedback"])
def test_what_has_a_key_is_asked_again_of_the_other_scorer(
    front: Front, two: tuple[Upstream, Upstream], path: str
) -> None:
    two[0].dies = True
    for number in range(4):
        status, _, answer = front.ask("POST", path, {"key": str(number)})
        assert (status, answer) == (200, {"by": two[1].server_port})
    assert two[0].asked and {asked[2] for asked in two[0].asked} <= {asked[2] for asked in two[1].asked}


def test_what_may_act_is_sent_once(front: Front, two: tuple[Upstream, Upstream]) -> None:
    two[0].dies = two[1].dies = True
    status, headers, problem = front.ask("POST", "/api/releases/r/approve", {})
    assert (status, headers["retry-after"], problem["code"]) == (503, "1", "busy")
    assert sum(len(one.asked) for one in two) == 1


def test_where_no_scorer_answers_a_client_may_come_again(tmp_path: Path, pair: tuple[str, str]) -> None:
    with fronted(tmp_path, (1, 1), pair) as front:
        for path in ("/predict/shop", "/feedback", "/readyz"):
            status, headers, problem = front.ask("POST", path, {})
            assert (status, headers["retry-after"], problem["code"]) == (503, "1", "busy")
            assert headers.get_content_type() == "application/problem+json"


def test_a_body_beyond_the_bound_reaches_no_scorer(front: Front, two: tuple[Upstream, Upstream]) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):
        status, _, problem = front.ask("POST", "/feedback", b"[" + b" " * MAX_BODY)
        assert (status, problem["code"]) == (413, "too_large")
    assert not any(one.asked for one in two)
    assert front.ask("POST", "/feedback", b" " * MAX_BODY)[0] == 200


def test_heads_are_bounded(front: Front, two: tuple[Upstream, Upstream]) -> None:
    assert front.ask("GET", "/readyz", **{"X-Long": "a" * 40_000})[0] == 400
    assert not any(one.asked for one in two)


def test_each_scorer_s_own_figures_can_be_read(front: Front, two: tuple[Upstream, Upstream]) -> None:
    for name, one in zip(("one", "two"), two, strict=True):
        assert front.ask("GET", f"/scorers/{name}/metrics")[2] == {"by": one.server_port}
    assert [asked[0] for one in two for asked in one.asked] == ["/metrics", "/metrics"]


def test_a_login_s_code_is_in_no_log(front: Front, two: tuple[Upstream, Upstream]) -> None:
    front.ask("GET", "/login?code=tidemill_hush")
    two[0].dies = two[1].dies = True
    assert front.ask("GET", "/login?code=tidemill_hush")[0] == 503
    front.ask("GET", "/readyz")  # the line of the one before is written by now
    assert "hush" not in (front.folder / "calls.log").read_text() + (front.folder / "nginx.log").read_text()
    assert "/login" in (front.folder / "calls.log").read_text()
