"""The way to an identity provider: TLS that is checked, and an end to what never ends."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.raised import raised
from tests.team.tls import made
from tidemill.access.oidc import wire
from tidemill.access.oidc.refused import ProviderAway

ANSWER = b'HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n{"a": 1}'


@contextmanager
def listening(work: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that does this with the one connection it takes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):  # the other side may go
                work(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[socket.socket], None]:
    """A server's work that speaks TLS as localhost; whoever asks trusts its certificate alone."""
    cert, key = made(tmp_path, "localhost")
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(cert, key)
    monkeypatch.setattr(wire, "_trusted", lambda: ssl.create_default_context(cafile=cert))

    def work(connection: socket.socket) -> None:
        with server.wrap_socket(connection, server_side=True) as secure:
            secure.recv(10_000)
            secure.sendall(ANSWER)

    return work


def ask(url: str, seconds: float = wire.SECONDS) -> tuple[int, dict[str, object]]:
    return wire.asker(url, seconds)(url)


def test_tls_whose_certificate_is_of_this_name(trusted: Callable[[socket.socket], None]) -> None:
    with listening(trusted) as port:
        assert ask(f"https://localhost:{port}/") == (200, {"a": 1})


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_tls_of_another_name_or_that_nobody_trusts(
    trusted: Callable[[socket.socket], None], monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    if host == "localhost":
        monkeypatch.setattr(wire, "_trusted", ssl.create_default_context)
    with listening(trusted) as port, raised(ProviderAway, "[access.oidc]") as caught:
        ask(f"https://{host}:{port}/")
    assert caught.value.detail == f"{host}: SSLCertVerificationError"


@pytest.mark.parametrize("begins", [b"", b"HTTP/1.1 200 OK\r\n", ANSWER[:-1]])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_what_never_ends_is_ended(begins: bytes, scheme: str) -> None:
    """It goes on sending for as long as somebody is there; as TLS it does not even begin."""

    def work(connection: socket.socket) -> None:
        connection.sendall(begins)
        connection.recv(10_000)
        connection.settimeout(0.02)
        more = b"HTTP/1.1 200 OK\r\n" if not begins else b"x: y\r\n"
        while begins != ANSWER[:-1]:
            with suppress(TimeoutError):
                if not connection.recv(1):
                    return
            connection.sendall(more)
        connection.settimeout(30)
        connection.recv(1)

    with listening(work) as port, raised(ProviderAway, "[access.oidc]"):
        ask(f"{scheme}://localhost:{port}/", 0.3)
