"""kill -9 of the scorer under load, twenty times: what was acknowledged is in the store, once, by plain SQL."""

from __future__ import annotations

import http.client
import json
import random
import sqlite3
import threading
from contextlib import closing
from typing import Any

import pytest

from tests.serve import released
from tests.serve.asking import NOON, opened
from tests.serve.real import start
from tests.tiers import both
from tidemill.access import tokens as auth
from tidemill.access.tokens import SCOPES
from tidemill.store.records import OnlineEvent
from tidemill.types import DAY, to_iso

CLIENTS = 6


class Load:
    """Clients that ask and tell without pause, and remember what was acknowledged.

    A request that got no answer is sent again, under the same key, to the next server.
    """

    def __init__(self, clients: int = CLIENTS) -> None:
        self._clients = range(clients)
        self.predictions: dict[str, dict[str, Any]] = {}  # key -> answer
        self.outcomes: dict[str, float] = {}  # key -> value
        self.wrong: list[Any] = []
        self.acknowledged = threading.Semaphore(0)
        self.over = threading.Event()
        self._again: list[list[tuple[str, str, Any]]] = [[] for _ in self._clients]
        self._count = [0] * clients

    def run(self, port: int, token: str) -> list[threading.Thread]:
        threads = [threading.Thread(target=self._client, args=(i, port, token)) for i in self._clients]
        for thread in threads:
            thread.start()
        return threads

    def _client(self, number: int, port: int, token: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        again = self._again[number]
        with closing(connection):
            while not self.over.is_set():
                kind, key, body = again[0] if again else self._next(number)
                if not again:
                    again.append((kind, key, body))
                try:
                    connection.request("POST", kind, json.dumps(body), headers)
                    answer = connection.getresponse()
                    data = json.loads(answer.read())
                except (OSError, http.client.HTTPException):
                    return  # the server is gone: this one is asked again
                self._keep(kind, key, body, answer.status, data)
                again.clear()
                self.acknowledged.release()

    def _next(self, number: int) -> tuple[str, str, Any]:
        self._count[number] += 1
        n = self._count[number]
        key, subject = f"{number}/{n}", str(n % 17)
        if n % 2:
            return "/predict/shop", key, {"subject": subject, "key": key}
        at = to_iso(NOON - DAY + n)
        return "/feedback", key, {"key": key, "subject": subject, "item": f"i{n % 5}", "value": float(n), "at": at}

    def _keep(self, kind: str, key: str, body: Any, status: int, data: Any) -> None:
        if status != 200 or data["ack"] != "group":
            self.wrong.append((kind, key, status, data))
        elif kind == "/feedback":
            self.outcomes[key] = body["value"]
        else:
            self.predictions[key] = data


@pytest.mark.parametrize("kills", both(3, 20))
def test_what_was_acknowledged_survives_kills(tmp_path, monkeypatch, kills):
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    chance, load = random.Random(2), Load()
    with opened(tmp_path / "shop") as project:
        released.champion(project)
        sold = {"subject": "before", "at": NOON - 9 * DAY, "value": 1.0, "file": "sha256:f", "dataset": "sales"}
        project.live.online.load(OnlineEvent(0, f"sold/{n}", item=f"i{n}", **sold) for n in range(5))
        token = auth.issue(project.store, "load", SCOPES)
        for _ in range(kills):
            scorer = start(project.root, token)
            threads = load.run(scorer.port, token)
            for _ in range(chance.randrange(1, 400)):
                assert load.acknowledged.acquire(timeout=60)
            scorer.process.kill()
            scorer.process.wait()
            for thread in threads:
                thread.join(60)
    assert not load.wrong
    assert len(load.predictions) > kills and len(load.outcomes) > kills
    with sqlite3.connect(project.state / "live.db") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        kept = {
            key: (i, model, json.loads(out))
            for i, key, model, out in db.execute("SELECT id, key, model, output FROM predictions")
        }
        outcomes = dict(db.execute("SELECT key, value FROM outcomes"))
        events = [key for (key,) in db.execute("SELECT key FROM online WHERE file IS NULL ORDER BY seq")]
        rows = db.execute("SELECT count(*) FROM predictions").fetchone()[0]
    for key, answer in load.predictions.items():
        assert kept[key] == (answer["prediction_id"], answer["model"], {k: answer[k] for k in ("items", "scores")})
    assert all(outcomes[key] == value for key, value in load.outcomes.items())
    assert rows == len(kept)  # asked again, and not doubled
    assert sorted(events) == sorted(outcomes)  # an outcome and its place in the history are one commit
    unacknowledged = CLIENTS * kills
    assert len(kept) + len(outcomes) <= len(load.predictions) + len(load.outcomes) + unacknowledged
