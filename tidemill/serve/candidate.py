"""The real server with a candidate's bundle, in a process of its own: started, asked, measured, killed.

The bundle has no release yet, so nothing signed speaks for it: the process that starts the server makes a ticket for
this one digest, which the server uses up by loading it. The server listens on a port of its own, answers nobody else,
and writes nothing down.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tidemill.access import tokens as auth
from tidemill.errors import DiskFull, ServeError, StoreBusy, StoreError
from tidemill.process.child import Child
from tidemill.process.memory import held_by
from tidemill.process.supervised import log_file
from tidemill.release.gates.port import CandidateReport
from tidemill.release.rollout.mirror import Look, Mirrored
from tidemill.scope.project import Endpoint, Project
from tidemill.serve.client import Client, ServerProblem
from tidemill.serve.served import scope_of
from tidemill.types import SECOND, JsonObject

START_SECONDS = 300.0
"""As `process.supervised` waits: a busy machine is no evidence against a candidate, and one that dies ends the wait."""
ANSWER_SECONDS = 5.0
TOTAL_SECONDS = 120.0
HANDLE = "handle-us"
"""The header in which a candidate's server tells how long it had the request in hand, in microseconds."""
SILENT = "no_answer"
"""The code of a request that was not answered in time, or whose server was gone."""
NOT_LOADED = "not_loaded"
GIVEN_UP = 3
"""So many of these in a row, and the others are not asked."""


@dataclass(frozen=True)
class SubprocessCandidateServer:
    """Implements `release.gates.CandidateServer` with a scorer process. Times are limits in seconds, of the wall."""

    scope: Endpoint
    start: float = START_SECONDS
    answer: float = ANSWER_SECONDS
    total: float = TOTAL_SECONDS

    def probe(self, bundle_digest: str, requests: Sequence[JsonObject], rounds: int) -> CandidateReport:
        """Never raises for what the candidate does; a late or missing answer is in ``errors``.

        Raises DiskFull, StoreBusy or StoreError where this machine is at fault: that is no evidence against a model.
        """
        with server_of(self.scope.project) as server:
            word = self._started(server, bundle_digest, requests)
            if isinstance(word, str):
                return CandidateReport(False, [word])
            deadline = time.monotonic() + self.total
            with self._client(word) as client:
                return _Asking(client, self.scope.name, deadline).all(requests, rounds)

    def mirror(self, bundle_digest: str, requests: Sequence[JsonObject]) -> Look:
        """Each request once, in order: what it answers, or the code of why it does not. Given up where it answers nothing any more.

        Never raises for what the candidate does. Raises DiskFull, StoreBusy or StoreError where this machine is at fault.
        """
        with server_of(self.scope.project) as server:
            word = self._started(server, bundle_digest, requests)
            if isinstance(word, str):
                return Look([Mirrored(None, NOT_LOADED)] * min(len(requests), GIVEN_UP), stopped=word)
            deadline = time.monotonic() + self.total
            with self._client(word) as client:
                asking = _Asking(client, self.scope.name, deadline)
                asking.each(
                    requests[:1]
                )  # what comes into memory with the first one is no leak, nor is its time the model's
                before = held_by(server.pid)
                answers, stopped = asking.each(requests)
            after = held_by(server.pid) if server.code is None else 0
            return Look(answers, (before, after), stopped)

    def _started(self, server: Child, digest: str, requests: Sequence[JsonObject]) -> JsonObject | str:
        """Its port, and the secret by which it is asked; in words why there is none. Raises DiskFull, StoreBusy, StoreError."""
        secret = secrets.token_urlsafe(32)
        ticket = auth.issue_code(self.scope.project.store, scope_of(digest), life=int(self.start * SECOND))
        subjects = sorted({str(r["subject"]) for r in requests if r.get("subject") is not None})
        words: JsonObject = {"digest": digest, "ticket": ticket, "secret": secret, "subjects": subjects}
        try:
            word = server.ask({**words, "endpoint": self.scope.name}, self.start)
        except TimeoutError:
            return f"the server was not ready within {self.start:g} s"
        return {**word, "secret": secret} if word is not None and "port" in word else _why(word)

    def _client(self, word: JsonObject) -> contextlib.closing[Client]:
        return contextlib.closing(Client("127.0.0.1", int(word["port"]), word["secret"], self.answer))


def server_of(project: Project) -> Child:
    """A server that waits to be told what it serves."""
    with log_file(project.logs, "candidate") as log:
        return Child("tidemill.serve", [str(project.root), "--port", "0", "--candidate"], log=log)


def _why(word: JsonObject | None) -> str:
    """Why it does not serve. Raises DiskFull, StoreBusy, StoreError where that is the machine's fault."""
    told = {"code": "died", "detail": "the server died while loading it"} if word is None else word["error"]
    _blame(told)
    return f"the server does not load it: {told['code']}: {told['detail']}"


def _blame(told: Mapping[str, Any]) -> None:
    """Raise what is the machine's fault and not the candidate's. Raises DiskFull, StoreBusy, StoreError."""
    kind = next((k for k in (DiskFull, StoreBusy, StoreError) if told.get("code") == k.code), None)
    if kind is not None:
        raise kind(
            f"the candidate cannot be judged now: {told.get('detail')}",
            place=str(told.get("place") or ""),
            hint=str(told.get("hint") or ""),
        )


class _Asking:
    """The questions to one candidate, over one connection."""

    def __init__(self, client: Client, endpoint: str, deadline: float) -> None:
        self._client, self._path, self._deadline = client, f"/predict/{endpoint}", deadline
        self._latency: list[int] = []
        self._errors: list[str] = []

    def all(self, requests: Sequence[JsonObject], rounds: int) -> CandidateReport:
        answers: list[JsonObject] = []
        for turn in range(rounds):
            for i, request in enumerate(requests):
                answer = self._one(i, request)
                if turn == 0:
                    answers.append(answer)
                if time.monotonic() > self._deadline or len(self._errors) >= 5:
                    self._errors.append(f"stopped after {turn * len(requests) + i + 1} questions")
                    return CandidateReport(False, self._errors, self._latency, answers)
        return CandidateReport(not self._errors, self._errors, self._latency, answers)

    def each(self, requests: Sequence[JsonObject]) -> tuple[list[Mirrored], str]:
        """Every request once, whatever becomes of the others; and why it was given up, where it was."""
        found: list[Mirrored] = []
        silent = 0
        for request in requests:
            if time.monotonic() > self._deadline:
                return found, "the time for a look was over"
            found.append(self._mirrored(request))
            silent = silent + 1 if found[-1].error == SILENT else 0
            if silent >= GIVEN_UP:
                return found, f"{silent} requests in a row got no answer at all"
        return found, ""

    def _mirrored(self, request: JsonObject) -> Mirrored:
        try:
            answer = self._client.post(self._path, request)
        except ServerProblem as exc:
            _blame(exc.told)
            return Mirrored(None, str(exc.told.get("code") or exc.answered))
        except ServeError:
            return Mirrored(None, SILENT)
        return Mirrored(answer, took_us=int(self._client.headers.get(HANDLE, "0")))

    def _one(self, i: int, request: JsonObject) -> JsonObject:
        """The answer to one request, empty (and an error noted) where there is none."""
        try:
            answer = self._client.post(self._path, request)
        except ServerProblem as exc:
            _blame(exc.told)
            self._errors.append(f"request {i}: {exc.answered} {exc.told.get('code')}: {exc.message}")
        except ServeError as exc:
            self._errors.append(f"request {i}: {exc.message}")
        else:
            self._latency.append(int(self._client.headers.get(HANDLE, "0")))
            return answer
        return {}
