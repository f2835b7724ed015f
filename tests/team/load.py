"""Clients of a team's front: they ask again what got no answer, remember all that was acknowledged, and look whether answers see it."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from tests.team.front import Front
from tidemill.types import SECOND, to_iso

AWAY = {503}
"""What a client may be answered while something is down: it comes again."""


@dataclass
class Load:
    """``name``: what its keys begin with. ``patient``: it asks again after a refusal that says when; else every refusal is one too many.
    ``rate``: requests a second of all clients together, at most; 0: as many as they can."""

    front: Front
    name: str
    patient: bool = True
    rate: float = 0.0
    predictions: dict[str, bytes] = field(default_factory=dict)  # key -> the reply
    outcomes: dict[str, bytes] = field(default_factory=dict)  # likewise
    blind: list[Any] = field(default_factory=list)
    """Answers that did not see what their position names."""
    _gap: float = 0.0  # seconds between two turns of a client
    at: str = field(default_factory=lambda: to_iso(time.time_ns() // 1_000 - 60 * SECOND))
    wrong: list[Any] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    acknowledged: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    over: threading.Event = field(default_factory=threading.Event)

    def run(self, clients: int) -> list[threading.Thread]:
        self._gap = 2 * clients / self.rate if self.rate else 0.0
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
        """In turn what somebody new bought, and a question about them that brings the position of that."""
        count, began = 0, time.monotonic()
        with closing(self.front.connect()) as connection:
            while not self.over.is_set():
                self.over.wait(began + count * self._gap - time.monotonic())
                count += 1
                key, item = f"{self.name}/{number}/{count}", f"i{count % 5}"
                subject = key.replace("/", "-")
                told = {"key": key, "subject": subject, "item": item, "value": 1.0, "at": self.at}
                said = self._until_answered(connection, "/feedback", told)
                position = json.loads(said or b"{}").get("position", 0)
                said = self._until_answered(connection, "/predict/shop", {"subject": subject, "key": key}, position)
                if said and item not in json.loads(said)["items"]:
                    self.blind.append((told, position, said))

    def _until_answered(
        self, connection: http.client.HTTPSConnection, path: str, body: dict[str, Any], position: int = 0
    ) -> bytes:
        """The answer; nothing where all is over."""
        while not self.over.is_set():
            try:
                connection.request("POST", path, json.dumps(body), self.front.headers(Position=str(position)))
                answer = connection.getresponse()
                said = answer.read()
            except (OSError, http.client.HTTPException) as exc:
                self.wrong.append((path, body, repr(exc)))  # nginx stands: it always has an answer
                connection.close()
                continue
            if answer.status == 200:
                (self.outcomes if path == "/feedback" else self.predictions)[body["key"]] = said
                self.acknowledged.release()
                return said
            self.refused[f"{answer.status} {json.loads(said)['code']} {json.loads(said)['detail']}"] += 1
            if answer.status not in AWAY or not answer.headers["retry-after"] or not self.patient:
                self.wrong.append((path, body, answer.status, said))
            self.over.wait(0.02)
        return b""
