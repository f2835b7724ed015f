"""The real server with a candidate's bundle, in a process of its own: started, asked, measured, killed.

The bundle has no release yet, so nothing signed speaks for it: the process that starts the server makes a ticket for
this one digest, which the server uses up by loading it. The server listens on a port of its own, answers nobody else,
and writes nothing down.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import math
import os
import secrets
import select
import subprocess
import time
from collections.abc import Sequence
from typing import Any

from noria.errors import DiskFull, StoreBusy
from noria.kernel.records import Release, Token
from noria.project import Project
from noria.release.gates import CandidateReport
from noria.serve import auth
from noria.serve.app import App
from noria.serve.auth import TokenCache
from noria.serve.child import log_file, spawn
from noria.serve.loading import Loaded, load_scorer
from noria.serve.metrics import Metrics
from noria.serve.predictor import Predictor, Served
from noria.serve.serving import Serving
from noria.types import SECOND, JsonObject, SystemClock

START_SECONDS = 60.0
ANSWER_SECONDS = 5.0
TOTAL_SECONDS = 120.0
TOLERANCE = 1e-9
HANDLE = "handle-us"
"""The header in which a candidate's server tells how long it had the request in hand, in microseconds."""


def scope_of(digest: str) -> str:
    """What a ticket for this bundle is good for."""
    return f"load:{digest}"


class SubprocessCandidateServer:
    """Implements `release.gates.CandidateServer` with a scorer process. Times are limits in seconds, of the wall."""

    def __init__(
        self,
        project: Project,
        start: float = START_SECONDS,
        answer: float = ANSWER_SECONDS,
        total: float = TOTAL_SECONDS,
    ) -> None:
        self._project, self._start, self._answer, self._total = project, start, answer, total

    def probe(
        self,
        bundle_digest: str,
        requests: Sequence[JsonObject],
        expected: Sequence[JsonObject] | None,
        rounds: int,
    ) -> CandidateReport:
        """Never raises for what the candidate does; a wrong, late or missing answer is in ``errors``.

        Raises DiskFull or StoreBusy where this machine is at fault: that is no evidence against a model.
        """
        secret = secrets.token_urlsafe(32)
        ticket = auth.issue_code(self._project.store, scope_of(bundle_digest), life=int(self._start * SECOND))
        with log_file(self._project, "candidate") as log:
            asked = json.dumps(sorted({str(r["subject"]) for r in requests if r.get("subject") is not None}))
            process, ready = _launch(self._project, bundle_digest, f"{ticket}\n{secret}\n{asked}\n", log)
        try:
            word = _first_line(ready, self._start)
            if "port" not in word:
                _blame(word.get("error"))
                return CandidateReport(False, [_why(word, self._start)])
            deadline = time.monotonic() + self._total
            asking = _Asking(int(word["port"]), self._project.config.endpoint, secret, self._answer, deadline)
            with contextlib.closing(asking):
                return asking.all(requests, expected, rounds)
        finally:
            process.kill()
            process.wait()
            os.close(ready)


def _launch(project: Project, digest: str, words: str, log: Any) -> tuple[subprocess.Popen[bytes], int]:
    ready, tell = os.pipe()
    arguments = [str(project.root), "--port", "0", "--candidate", digest, "--ready-fd", str(tell)]
    process = spawn(
        "noria.serve", [*arguments, "--parent", str(os.getpid())], log, stdin=subprocess.PIPE, pass_fds=[tell]
    )
    os.close(tell)
    if process.stdin is not None:
        with process.stdin as pipe:
            pipe.write(words.encode())
    return process, ready


def _first_line(fd: int, seconds: float) -> JsonObject:
    """What the server says about its start; empty when it says nothing in time, or dies."""
    deadline, got = time.monotonic() + seconds, b""
    while not got.endswith(b"\n"):
        if not select.select([fd], [], [], max(0.0, deadline - time.monotonic()))[0]:
            return {}
        part = os.read(fd, 65_536)
        if not part:
            return {"error": {"detail": "the server died while loading it", "code": "died"}}
        got += part
    found = json.loads(got)
    return found if isinstance(found, dict) else {}


def _blame(told: Any) -> None:
    """Raise what is the machine's fault and not the candidate's. Raises DiskFull, StoreBusy."""
    kind = next((k for k in (DiskFull, StoreBusy) if isinstance(told, dict) and told.get("code") == k.code), None)
    if kind is not None:
        raise kind(
            f"the candidate cannot be judged now: {told.get('detail')}",
            place=str(told.get("place") or ""),
            way_out=str(told.get("way_out") or ""),
        )


def _why(word: JsonObject, seconds: float) -> str:
    error = word.get("error")
    if isinstance(error, dict):
        return f"the server does not load it: {error.get('code')}: {error.get('detail')}"
    return f"the server was not ready within {seconds:g} s"


class _Asking:
    """The questions to one candidate, over one connection."""

    def __init__(self, port: int, endpoint: str, secret: str, seconds: float, deadline: float) -> None:
        self._port, self._path, self._seconds, self._deadline = port, f"/predict/{endpoint}", seconds, deadline
        self._headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        self._connection: http.client.HTTPConnection | None = None
        self._latency: list[int] = []
        self._errors: list[str] = []

    def all(
        self, requests: Sequence[JsonObject], expected: Sequence[JsonObject] | None, rounds: int
    ) -> CandidateReport:
        answers: list[JsonObject] = []
        for turn in range(rounds):
            for i, request in enumerate(requests):
                answer = self._one(i, request)
                if turn == 0:
                    answers.append(answer)
                    if expected is not None and answer:
                        self._compare(i, answer, expected[i])
                if time.monotonic() > self._deadline or len(self._errors) >= 5:
                    self._errors.append(f"stopped after {turn * len(requests) + i + 1} questions")
                    return CandidateReport(False, self._errors, self._latency, answers)
        return CandidateReport(not self._errors, self._errors, self._latency, answers)

    def _one(self, i: int, request: JsonObject) -> JsonObject:
        """The answer to one request, empty (and an error noted) where there is none."""
        seconds = min(self._seconds, max(0.05, self._deadline - time.monotonic()))
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=seconds)
            self._connection.request("POST", self._path, json.dumps(request).encode(), self._headers)
            response = self._connection.getresponse()
            found = json.loads(response.read())
            self._latency.append(int(response.headers.get(HANDLE, "0")))
        except TimeoutError:
            return self._failed(i, f"no answer within {seconds:g} s")
        except (http.client.HTTPException, OSError, ValueError) as exc:
            return self._failed(i, f"no answer: {type(exc).__name__}: {exc}")
        if response.status != 200:
            _blame(found)
            self._errors.append(f"request {i}: {response.status} {found.get('code')}: {found.get('detail')}")
            return {}
        answer: JsonObject = found
        return answer

    def _failed(self, i: int, why: str) -> JsonObject:
        self._errors.append(f"request {i}: {why}")
        self.close()
        return {}

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _compare(self, i: int, answer: JsonObject, expected: JsonObject) -> None:
        for name, value in expected.items():
            if not _same(answer.get(name), value):
                self._errors.append(f"request {i}: {name} is {_short(answer.get(name))}, offline {_short(value)}")


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, float | int) and isinstance(b, float | int) and not isinstance(a, bool):
        return math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return bool(a == b)


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 120 else f"{text[:117]}..."


# in the child ---------------------------------------------------------------------------------------------------------


class _OnlyToken:
    """The tokens of a candidate's server: the one secret of who started it."""

    def __init__(self, secret: str) -> None:
        self._token = Token("token_candidate", "candidate", auth.hashed(secret), ("predict",), 0)

    def by_hash(self, hash: str) -> Token | None:
        return self._token if hash == self._token.hash else None


def candidate_app(project: Project, digest: str, ticket: str, secret: str, subjects: Sequence[str] = ()) -> App:
    """The application that serves this bundle alone, and knows the history of these subjects alone.

    Raises Unauthorized for a used ticket, and as `load_scorer`.
    """
    auth.redeem(project.store, ticket, scope_of(digest))
    metrics = Metrics()
    predictor = Predictor(project, metrics)
    events = (event for subject in subjects for event in project.live.online.of(subject))
    predictor.history.extend(sorted(events, key=lambda event: event.seq))
    release = Release("candidate", project.config.endpoint, "candidate", "canary", ({"share": 1.0},), 0, 0, 0)
    predictor.served = Served(None, Loaded(release, digest, load_scorer(project, digest)))
    tokens = TokenCache(_OnlyToken(secret))
    return App(Serving(project, metrics, predictor, tokens, SystemClock(), None, candidate=True), lambda: ())
