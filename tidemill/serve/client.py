"""Talks to this project's running server: for the command line, the loop and the replay. Standard library only."""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tidemill.errors import ServeError
from tidemill.types import Json

UP_FILE = "up.json"
Roles = tuple[str, ...]
ROLES: Roles = ("scorer", "loop")
"""What a `tidemill up` runs; on a machine of a team it may be one of them."""
LONGEST_ANSWER = 64 * 1024 * 1024  # bytes


def up_of(root: Path) -> dict[str, Any]:
    """What `tidemill up` wrote down of itself. Raises OSError, ValueError."""
    told = json.loads((root / ".tidemill" / UP_FILE).read_text("utf-8"))
    return dict(told)


def here(root: Path) -> list[str]:
    """What the `tidemill up` of this folder runs; nothing where none does."""
    try:
        up = up_of(root)
        os.kill(int(up["pid"]), 0)
        return list(up["roles"])
    except (OSError, ValueError, KeyError):
        return []


def trouble(root: Path) -> dict[str, dict[str, Any]]:
    """Children of the running `tidemill up` that did not stay up: name -> {"crashes", "since", "reason"}."""
    try:
        up = up_of(root)
        os.kill(int(up["pid"]), 0)
    except (OSError, ValueError, KeyError):
        return {}  # nothing runs: that is another matter
    return dict(up.get("trouble", {}))


def troubled(name: str, told: Mapping[str, Any]) -> str:
    """Such a child's trouble, in words.

    >>> troubled("loop", {"crashes": 3, "since": "2011-01-01T00:00:00Z", "reason": "no disk"})
    'the loop does not stay up since 2011-01-01T00:00:00Z (ended 3 times): no disk'
    """
    times = "once" if told["crashes"] == 1 else f"{told['crashes']} times"
    return f"the {name} does not stay up since {told['since']} (ended {times}): {told['reason']}"


class ServerProblem(ServeError):
    """The server's own words about a refused request, with its status."""

    code = "server_problem"

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(
            str(problem.get("detail") or f"the server answered {status}"),
            place=str(problem.get("place") or ""),
            hint=str(problem.get("hint") or ""),
        )
        self.answered, self.told = status, problem


def _connection(host: str, port: int, timeout: float, cert: str) -> http.client.HTTPConnection:
    """``cert``: the server speaks TLS, with this certificate."""
    if not cert:
        return http.client.HTTPConnection(host, port, timeout=timeout)
    from tidemill.serve.http.door import trusting

    try:
        context = trusting(cert)
    except (OSError, ValueError) as exc:
        hint = "start again with the one that is there: tidemill up"
        raise ServeError("the server's certificate cannot be read", place=cert, hint=hint) from exc
    return http.client.HTTPSConnection(host, port, timeout=timeout, context=context)


class Client:
    """One kept-alive connection with a bearer token. Use it from one thread."""

    def __init__(self, host: str, port: int, token: str, timeout: float = 60.0, cert: str = "") -> None:
        self._connection = _connection(host, port, timeout, cert)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Host": "localhost"}
        self.headers = http.client.HTTPMessage()
        """Of the last reply."""

    @classmethod
    def of(cls, root: Path, timeout: float = 60.0) -> Client:
        """The client of the server that `tidemill up` runs for this project. Raises ServeError when there is none."""
        try:
            up = up_of(root)
            if "port" not in up:
                hint = "ask one on another machine, or start one here: tidemill up"
                raise ServeError("this machine runs the loop, and no scorer", place=str(root), hint=hint)
            return cls(up["host"], int(up["port"]), up["token"], timeout, up.get("cert", ""))
        except FileNotFoundError as exc:
            raise ServeError(
                "no server runs for this project", place=str(root), hint="start it with: tidemill up"
            ) from exc
        except (ValueError, KeyError, OSError) as exc:
            raise ServeError(
                f".tidemill/{UP_FILE} cannot be read: {exc}", place=str(root), hint="start again: tidemill up"
            ) from exc

    def post(
        self,
        path: str,
        body: Json,
        headers: Mapping[str, str] | None = None,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> dict[str, Any]:
        """The answer. ``meanwhile`` is done while the server works on it."""
        return self._call("POST", path, json.dumps(body).encode(), headers or {}, meanwhile)

    def get(self, path: str) -> dict[str, Any]:
        return self._call("GET", path, None, {}, lambda: None)

    def close(self) -> None:
        self._connection.close()

    def _call(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], meanwhile: Callable[[], None]
    ) -> dict[str, Any]:
        try:
            self._connection.request(method, path, body, {**self._headers, **headers})
            meanwhile()
            reply = self._connection.getresponse()
            data, self.headers = reply.read(LONGEST_ANSWER), reply.headers
        except ConnectionRefusedError as exc:
            self._connection.close()
            raise ServeError(
                "no server answers there", place=self._connection.host, hint="start it with: tidemill up"
            ) from exc
        except (http.client.HTTPException, OSError) as exc:
            self._connection.close()  # the next call opens a new one
            raise ServeError(f"the server does not answer: {exc}", hint="is it up? tidemill status") from exc
        try:
            answer = json.loads(data) if data else {}
        except ValueError as exc:
            raise ServeError(f"the server answered {reply.status} and no JSON") from exc
        if reply.status >= 400:
            raise ServerProblem(reply.status, answer if isinstance(answer, dict) else {})
        return answer if isinstance(answer, dict) else {"items": answer}
