"""Clients of a team's front: they ask again what got no answer, and remember all that was acknowledged."""

from __future__ import annotations

import http.client
import json
import threading
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from tests.serve.asking import NOON
from tests.team.front import Front
from tidemill.types import DAY, to_iso

SUBJECTS = 17
AWAY = {503}
"""What a client may be answered while something is down: it comes again."""


@dataclass
class Load:
    """``patient``: it asks again after a refusal that says when; else every refusal is one too many."""

    front: Front
    patient: bool = True
    predictions: dict[str, bytes] = field(default_factory=dict)  # key -> the reply
    outcomes: dict[str, float] = field(default_factory=dict)  # key -> value
    wrong: list[Any] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    acknowledged: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    over: threading.Event = field(default_factory=threading.Event)

    def run(self, clients: int) -> list[threading.Thread]:
        threads = [threading.Thread(target=self._client, args=(number,)) for number in range(clients)]
        for thread in threads:
            thread.start()
        return threads

    def end(self, threads: list[threading.Thread]) -> None:
        self.over.set()
        for thread in threads:
            thread.join(120)
            assert not thread.is_alive()

    def _client(self, number: int) -> None:
        count = 0
        connection = self.front.connect()
        with closing(connection):
            while not self.over.is_set():
                count += 1
                self._until_answered(connection, *request(number, count))

    def _until_answered(self, connection: http.client.HTTPSConnection, path: str, body: dict[str, Any]) -> None:
        while not self.over.is_set():
            try:
                connection.request("POST", path, json.dumps(body), self.front.headers())
                answer = connection.getresponse()
                said = answer.read()
            except (OSError, http.client.HTTPException) as exc:
                self.wrong.append((path, body, repr(exc)))  # nginx stands: it always has an answer
                connection.close()
                continue
            if answer.status != 200:
                self.refused[f"{answer.status} {json.loads(said)['code']} {json.loads(said)['detail']}"] += 1
                if answer.status not in AWAY or not answer.headers["retry-after"] or not self.patient:
                    self.wrong.append((path, body, answer.status, said))
                self.over.wait(0.02)
                continue
            if path == "/feedback":
                self.outcomes[body["key"]] = body["value"]
            else:
                self.predictions[body["key"]] = said
            self.acknowledged.release()
            return


def request(number: int, count: int) -> tuple[str, dict[str, Any]]:
    """The next of a client: in turn a question and an outcome."""
    key, subject = f"{number}/{count}", str(count % SUBJECTS)
    if count % 2:
        return "/predict/shop", {"subject": subject, "key": key}
    at = to_iso(NOON - DAY + count)
    return "/feedback", {"key": key, "subject": subject, "item": f"i{count % 5}", "value": float(count), "at": at}
