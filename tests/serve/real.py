"""A real scorer process on loopback, and clients that keep to no rule."""

from __future__ import annotations

import http.client
import json
import os
import select
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidemill.access import tokens as auth
from tidemill.access.tokens import SCOPES
from tidemill.process.child import command
from tidemill.process.guarded import CHANNEL
from tidemill.scope.project import Project

START = 60.0


@dataclass
class Scorer:
    """A scorer process that listens."""

    process: subprocess.Popen[bytes]
    port: int
    token: str

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """One well-behaved request on a connection of its own: status and JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **headers}
            connection.request(method, path, None if body is None else json.dumps(body), sent)
            answer = connection.getresponse()
            data = answer.read()
            return answer.status, json.loads(data) if "json" in answer.headers.get("content-type", "") else data
        finally:
            connection.close()

    def raw(self, *parts: bytes, seconds: float = 30.0) -> bytes:
        """Send these bytes, and read until the server closes or has answered once."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as sock:
            for part in parts:
                try:
                    sock.sendall(part)
                except (BrokenPipeError, ConnectionResetError):
                    break  # it has heard enough
            return _answer(sock)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


def _answer(sock: socket.socket) -> bytes:
    got = b""
    while True:
        try:
            part = sock.recv(65_536)
        except (ConnectionResetError, TimeoutError):
            return got
        got += part
        if not part or (b"\r\n\r\n" in got and len(got) >= _length(got)):
            return got


def _length(got: bytes) -> int:
    head, _, _ = got.partition(b"\r\n\r\n")
    found = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return len(head) + 4 + (int(found[0].split(b":")[1]) if found else 0)


def start(root: Path, token: str, *arguments: str, module: str = "tidemill.serve", port: int = 0) -> Scorer:
    """Start a scorer for the project in this folder, and wait until it is ready."""
    ready, tell = os.pipe()
    line, env = command(module, [str(root), "--port", str(port), *arguments])
    with (root / "scorer.log").open("ab") as log:
        process = subprocess.Popen(line, env={**env, CHANNEL: f"0,{tell}"}, stdout=log, stderr=log, pass_fds=[tell])
    os.close(tell)
    with os.fdopen(ready, "rb") as pipe:
        heard = select.select([pipe], [], [], START)[0]
        word = json.loads(pipe.readline() or b"{}") if heard else {}
    if "port" not in word:
        process.kill()
        process.wait()
        raise AssertionError(f"no scorer: {word} {(root / 'scorer.log').read_text()[-2000:]}")
    return Scorer(process, word["port"], token)


@contextmanager
def scorer(project: Project, *arguments: str, scopes: Sequence[str] = SCOPES) -> Iterator[Scorer]:
    """A running scorer of this project, killed at the end."""
    found = start(project.root, auth.issue(project.store, "test", scopes), *arguments)
    try:
        yield found
    finally:
        found.process.kill()
        found.process.wait()
