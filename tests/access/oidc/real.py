"""A real identity provider for the tests: the certified `oidc-provider` on Node, installed by its lock outside the repository, and a
client that goes through its forms as a browser does."""

from __future__ import annotations

import fcntl
import hashlib
import html
import http.client
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import pytest

HERE = Path(__file__).parent / "server"
CALLBACK = "http://127.0.0.1:8080/login/oidc/callback"
SECRET = "a secret of the tests"


def _missing(why: str) -> None:
    text = f"no identity provider for the tests: {why}"
    if os.environ.get("CI") == "true":
        pytest.fail(text)
    pytest.skip(text)


def installed() -> Path:
    """The folder that has its `node_modules`: made once for each lock, and kept among what is cached."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        _missing("install Node (apt-get install nodejs npm)")
    lock = (HERE / "package-lock.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tidemill-tests"
    there = cache / f"oidc-provider-{hashlib.sha256(lock).hexdigest()[:16]}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if not there.exists():
            with tempfile.TemporaryDirectory(dir=cache) as folder:
                for name in ("package.json", "package-lock.json"):
                    shutil.copy(HERE / name, folder)
                line = [str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", "--prefer-offline"]
                done = subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=180)
                if done.returncode:
                    _missing(f"npm ci failed: {done.stderr[-300:]}")
                shutil.copytree(folder, there, symlinks=True)
    return there


@dataclass
class Real:
    """A running provider."""

    issuer: str
    process: subprocess.Popen[str]

    def say(self, **said: Any) -> None:
        """Change who is in which group, or end somebody's account, and wait until it is so."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(said) + "\n")
        self.process.stdin.flush()
        assert json.loads(self.process.stdout.readline()) == {"done": True}


@contextmanager
def running(*callbacks: str, host: str = "127.0.0.1") -> Iterator[Real]:
    """``host``: as the issuer calls itself; localhost is another site than 127.0.0.1 to a browser."""
    line = ["node", str(HERE / "provider.mjs"), str(installed()), host, *callbacks]
    pipe = subprocess.PIPE
    with subprocess.Popen(line, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        yield Real(json.loads(process.stdout.readline())["issuer"], process)
        process.kill()


@dataclass
class Forms:
    """A browser without a picture, at the provider: its cookies, and what it was sent."""

    cookies: dict[str, str] = field(default_factory=dict)

    def log_in(self, location: str, name: str) -> str:
        """From the address that it is sent to until it is sent back: that address."""
        home = urlsplit(location).netloc
        for _ in range(12):
            status, to, page = self._ask(location)
            if status in (302, 303):
                location = urljoin(location, to)
                if urlsplit(location).netloc != home:
                    return location
                continue
            if status != 200:
                raise AssertionError(f"{status} {page[:500]}")
            location = self._send(location, page, name)
            if urlsplit(location).netloc != home:
                return location
        raise AssertionError("it never comes to an end")

    def error(self, location: str) -> tuple[int, str]:
        """What it says where it sends nobody anywhere."""
        status, _, page = self._ask(location)
        return status, html.unescape(page)

    def _send(self, location: str, page: str, name: str) -> str:
        action = html.unescape(re.search(r'<form[^>]*action="([^"]+)"', page)[1])  # type: ignore[index]
        fields = dict(re.findall(r'name="(\w+)" value="(\w*)"', page))
        if 'name="login"' in page:
            fields |= {"login": name, "password": "any"}
        _, to, _ = self._ask(urljoin(location, action), urlencode(fields))
        return urljoin(location, to)

    def _ask(self, url: str, form: str | None = None) -> tuple[int, str, str]:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=30)
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), "Accept": "text/html"}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request("GET" if form is None else "POST", path, form, headers)
            answer = connection.getresponse()
            page = answer.read().decode()
        finally:
            connection.close()
        for cookie in answer.headers.get_all("set-cookie") or []:
            key, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[key] = value
        return answer.status, answer.headers.get("location", ""), page
