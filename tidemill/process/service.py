"""A process that somebody else wrote and that answers over HTTP on this machine: started, asked, and ended.

It is a `Child`: a guardian ends it with this process at the latest. It is told its ``PORT`` and an ``TIDEMILL_INSTANCE``, which it says
in ``GET /health``, so that nobody else who listens there is taken for it. Every question has a limit of time, to the last byte of the
answer, and every answer one of size. What breaks one of them is broken, and ended. A ``url`` is a process that runs already.
"""

from __future__ import annotations

import http.client
import secrets
import socket
import threading
import time
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from tidemill.config.network import LOOPBACK
from tidemill.errors import ModelError
from tidemill.process.child import Child, ending

T = TypeVar("T")
SEE = "docs/foreign.md says what it is asked; what it says itself stands in the log of who asked it"
_LOOK = 0.05  # seconds between looks whether it is ready
_HEALTH = 1_000  # bytes
_QUICKLY: int | None = getattr(socket, "TCP_QUICKACK", None)  # Linux
_PIECE = 1 << 16


class Spec(msgspec.Struct, frozen=True):
    """What is started and what it may take: memory in bytes, seconds until it is ready and for one answer."""

    folder: str
    command: tuple[str, ...] = ()
    url: str = ""
    memory: int = 2_000_000_000
    start: float = 60.0
    answer: float = 1.0

    @property
    def name(self) -> str:
        """As a message says it."""
        return self.url or " ".join(self.command)


class Health(msgspec.Struct):
    """What ``GET /health`` answers once it is ready."""

    instance: str = ""


class Service:
    """One such process. One question at a time. As a context it is ended at the end."""

    def __init__(self, spec: Spec) -> None:
        """Start it and wait until it is ready. Raises ModelError."""
        self.spec, self.broken = spec, False
        self._child: Child | None = None
        self._connection: http.client.HTTPConnection | None = None
        self._lock = threading.Lock()
        self._instance = secrets.token_hex(16)
        try:
            self._host, self._port = self._begun()
            self._wait()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __del__(self) -> None:
        with suppress(Exception):
            self.close()

    def close(self) -> None:
        """End it; harmless when it has ended."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._child is not None:
            self._child.close()
            self._child = None

    def _begun(self) -> tuple[str, int]:
        if self.spec.url:
            if (found := address(self.spec.url)) is None:
                raise self._wrong("is no address on this machine", hint='write it as url = "http://127.0.0.1:9000"')
            return found
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port: int = free.getsockname()[1]
        arguments = [self.spec.folder, str(self.spec.memory), str(port), self._instance, *self.spec.command]
        try:
            self._child = Child(
                "tidemill.process.command", arguments, log=2
            )  # not the output that somebody reads as JSON
        except OSError as exc:
            raise self._wrong(f"cannot be started: {exc.strerror}") from exc
        return "127.0.0.1", port

    def _wait(self) -> None:
        until = time.monotonic() + self.spec.start
        while time.monotonic() < until:
            if self._child is not None and self._child.code is not None:
                raise self._wrong(f"{ending(self._child.code)} before it was ready", hint="what it said is in the log")
            with suppress(OSError, http.client.HTTPException, msgspec.DecodeError, RecursionError, _TooLong):
                status, said = self._exchange("GET", "/health", b"", until, _HEALTH)
                found = msgspec.json.decode(said, type=Health)
                if status == 200 and (self.spec.url or found.instance == self._instance):
                    return
            self._hang_up()
            time.sleep(_LOOK)
        raise self._wrong(f"was not ready within {self.spec.start:g} s", hint="limits = { start = … }")

    def ask(self, path: str, body: Any, kind: type[T], most: int, seconds: float | None = None) -> T:
        """Its answer to ``POST path``. ``most``: bytes. Raises Unknown where it answers 404, ModelError for all else that is no answer."""
        seconds, data = self.spec.answer if seconds is None else seconds, msgspec.json.encode(body)
        until = time.monotonic() + seconds
        if not self._lock.acquire(timeout=seconds):
            raise self._wrong(f"did not answer {path} within {seconds:g} s: it was still answering another")
        try:
            status, found = self._alone(path, data, until, most)
        except TimeoutError:
            raise self._wrong(f"did not answer {path} within {seconds:g} s") from None
        finally:
            self._lock.release()
        if status == 404:
            raise Unknown(f"{self.spec.name} does not know what {path} asks for")
        if status != 200:
            raise self._wrong(f"answers {path} with status {status}: {found[:200].decode('utf-8', 'replace')}")
        try:
            return msgspec.json.decode(found, type=kind)
        except (msgspec.DecodeError, RecursionError) as exc:
            raise self._wrong(f"answers {path} with what is no answer: {exc}") from exc

    def _alone(self, path: str, data: bytes, until: float, most: int) -> tuple[int, bytes]:
        """The status and the body. What is no answer breaks it: whoever waited meanwhile asks it no more. Raises TimeoutError, ModelError."""
        if self.broken:
            raise self._wrong("broke at what it was asked before")
        try:
            return self._asked(path, data, until, most)
        except (OSError, http.client.HTTPException, _TooLong) as exc:
            self.broken = True
            if isinstance(exc, TimeoutError):
                raise
            if isinstance(exc, _TooLong):
                raise self._wrong(f"answers {path} with more than {most:,} bytes") from None
            raise self._wrong(self._gone() or f"does not answer {path}: {type(exc).__name__}") from exc

    def _asked(self, path: str, data: bytes, until: float, most: int) -> tuple[int, bytes]:
        fresh = self._connection is None
        try:
            return self._exchange("POST", path, data, until, most)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self._hang_up()
            if fresh:
                raise
            return self._exchange("POST", path, data, until, most)  # it had closed a connection that nobody used

    def _exchange(self, method: str, path: str, data: bytes, until: float, most: int) -> tuple[int, bytes]:
        try:
            connection = self._connected(until)
            head = {"content-type": "application/json"} if data else {}
            connection.request(method, path, data or None, head)
            response = connection.getresponse()
            parts, size = [], 0
            while part := response.read1(_PIECE):
                size += len(part)
                if size > most:
                    raise _TooLong
                parts.append(part)
            if response.length:  # fewer bytes came than it had said
                raise http.client.IncompleteRead(b"", response.length)
            response.read()  # nothing: it lets go of the connection
        except BaseException:
            self._hang_up()
            raise
        if response.will_close:
            self._hang_up()
        return response.status, b"".join(parts)

    def _connected(self, until: float) -> http.client.HTTPConnection:
        if self._connection is None:
            family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
            wire = _Wire(family, socket.SOCK_STREAM)
            connection = http.client.HTTPConnection(self._host, self._port)
            connection.sock, self._connection = wire, connection
            wire.until = until
            wire.settimeout(max(until - time.monotonic(), 0.001))
            wire.connect((self._host, self._port))
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        assert isinstance(self._connection.sock, _Wire)
        self._connection.sock.until = until
        return self._connection

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _gone(self) -> str:
        """How it ended, where it has."""
        if self._child is None:
            return ""
        try:
            return ending(self._child.wait(0.2))
        except TimeoutError:
            return ""

    def _wrong(self, what: str, hint: str = SEE) -> ModelError:
        return ModelError(f"{self.spec.name} {what}", place="process", hint=hint)


def address(url: str) -> tuple[str, int] | None:
    """The host and the port of a url on this machine; None where it is none.

    >>> address("http://127.0.0.1:9000"), address("http://127.0.0.1:99999"), address("http://example.org:80")
    (('127.0.0.1', 9000), None, None)
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme != "http" or parts.hostname not in LOOPBACK or not port:
        return None
    return str(parts.hostname), port


class Unknown(Exception):
    """The process has not what it was asked for, such as a model: it may be told."""


class _TooLong(Exception):
    pass


class _Wire(socket.socket):
    """A socket whose every byte has come by a moment: one that trickles is as late as one that hangs."""

    until = 0.0

    def recv_into(self, *args: Any, **more: Any) -> int:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.settimeout(left)
        if _QUICKLY:  # else a server that writes head and body apart waits 40 ms between them for our acknowledgement
            self.setsockopt(socket.IPPROTO_TCP, _QUICKLY, 1)
        return super().recv_into(*args, **more)

    def sendall(self, *args: Any, **more: Any) -> None:
        self.settimeout(max(self.until - time.monotonic(), 0.001))
        return super().sendall(*args, **more)
