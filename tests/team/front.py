"""The real nginx by the configuration that is shipped, with addresses of this machine in the places of a team's."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CONFIG = Path(__file__).parents[2] / "deploy/nginx.conf"
NAME = "models.example"
ADDRESSES = ("10.77.0.11:8080", "10.77.0.12:8080")
"""Of the scorers, as the configuration has them."""


def program() -> str:
    """Where nginx is; without it the test is skipped, and fails in CI."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        missing = "missing: nginx (apt-get install nginx)"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    return str(found)


def placed(folder: Path, port: int, scorers: Sequence[int], pair: tuple[str, str]) -> Path:
    """The configuration with these ports and files; nothing else of it is changed."""
    text = CONFIG.read_text()
    for address, to in zip(ADDRESSES, scorers, strict=True):
        assert address in text
        text = text.replace(address, f"127.0.0.1:{to}")
    swaps = {
        "listen 443 ": f"listen 127.0.0.1:{port} ",
        "/etc/tidemill/models.example.pem": pair[0],
        "/etc/tidemill/models.example.key": pair[1],
        "/var/log/nginx/error.log": str(folder / "nginx.log"),
        "/run/nginx.pid": str(folder / "nginx.pid"),
        "/var/log/nginx/tidemill.log": str(folder / "calls.log"),
        "worker_processes auto": "worker_processes 1",
        "http {": "http {\n" + "".join(f"    {kind}_temp_path {folder};\n" for kind in TEMPORARY),
    }
    for old, new in swaps.items():
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "nginx.conf"
    path.write_text(text)
    return path


_USER = "user root;" if os.geteuid() == 0 else ""  # the folders of tests are their owner's alone
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class Named(http.client.HTTPSConnection):
    """A client of `NAME`, which is at a port of this machine."""

    def __init__(self, to: int, context: ssl.SSLContext, timeout: float) -> None:
        super().__init__(NAME, timeout=timeout)
        self._to, self._tls = to, context

    def connect(self) -> None:
        plain = socket.create_connection(("127.0.0.1", self._to), self.timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


@dataclass
class Front:
    """A running nginx, and how its clients ask."""

    port: int
    folder: Path
    context: ssl.SSLContext
    token: str = ""

    def connect(self, timeout: float = 60.0) -> http.client.HTTPSConnection:
        return Named(self.port, self.context, timeout)

    def headers(self, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **more}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, Any]:
        """One request on a connection of its own: status, headers, JSON."""
        with closing(self.connect()) as connection:
            data = body if isinstance(body, bytes) or body is None else json.dumps(body)
            connection.request(method, path, data, self.headers(**headers))
            answer = connection.getresponse()
            said = answer.read()
            return answer.status, answer.headers, json.loads(said) if "json" in answer.headers["content-type"] else said


@contextmanager
def fronted(folder: Path, scorers: Sequence[int], pair: tuple[str, str], token: str = "") -> Iterator[Front]:
    """nginx before the scorers at these ports. It is born with its socket, so that nobody asks too early."""
    nginx = program()
    with closing(socket.socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(512)
        port, fd = listening.getsockname()[1], listening.fileno()
        line = [nginx, "-p", str(folder), "-c", str(placed(folder, port, scorers, pair)), "-g", "daemon off; " + _USER]
        with (folder / "nginx.log").open("ab") as log:
            process = subprocess.Popen(line, env={**os.environ, "NGINX": f"{fd};"}, pass_fds=[fd], stderr=log)
    front = Front(port, folder, ssl.create_default_context(cafile=pair[0]), token)
    try:
        with closing(front.connect()) as waits:
            waits.connect()
        yield front
    finally:
        process.terminate()
        process.wait(30)


def said_by(text: str, directive: str) -> list[str]:
    """The values of a directive of the configuration."""
    return [value.strip() for value in re.findall(rf"^\s*{directive}\s+(.*?);", text, re.M)]
