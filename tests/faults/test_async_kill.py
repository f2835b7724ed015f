"""kill -9 of the scorer: what was answered with ack=async more than 100 ms before is in the store."""

from __future__ import annotations

import http.client
import json
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.serve import released
from tests.serve.asking import opened
from tests.serve.real import Scorer, start
from tidemill.access import tokens as auth
from tidemill.access.tokens import SCOPES

PROMISED = 0.1  # seconds
STEP = 0.01
"""The most that one round trip counts: a machine that stood still for a second gave the server no second."""
KILLS = 3


@pytest.fixture
def fast(tmp_path: Path) -> Iterator[Path]:
    """A folder whose fsync waits for no disk, where there is one: a kill takes nothing from the system's memory."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


def answered(server: Scorer, first: int, count: int) -> list[str]:
    """So many predictions with ack=async, and then the promised time, as the client sees the server live it.

    The time is counted in round trips that ask for nothing to be written.
    """
    told = []
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:

        def ask(method: str, path: str, body: Any, ack: str = "async") -> Any:
            headers = {"Authorization": f"Bearer {server.token}", "Ack": ack}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            return json.loads(connection.getresponse().read())

        for n in range(first, first + count):
            answer = ask("POST", "/predict/shop", {"subject": str(n)})
            assert answer["ack"] == "async"
            told.append(answer["prediction_id"])
        lived, last = 0.0, time.monotonic()
        while lived <= PROMISED:
            assert ask("GET", "/healthz", None) == {"status": "ok", "endpoints": {"shop": "ok"}}
            now = time.monotonic()
            lived, last = lived + min(now - last, STEP), now
    return told


def test_what_was_answered_a_tenth_of_a_second_ago_survives(fast, monkeypatch):
    monkeypatch.setenv("TIDEMILL_HOME", str(fast / "home"))
    told: list[str] = []
    with opened(fast / "shop") as project:
        released.champion(project)
        token = auth.issue(project.store, "load", SCOPES)
        for count in range(1, KILLS + 1):
            server = start(project.root, token)
            told += answered(server, len(told), count)
            server.process.kill()
            server.process.wait()
        with sqlite3.connect(project.state / "live.db") as live:
            kept = {row[0] for row in live.execute("SELECT id FROM predictions")}
    assert len(told) == KILLS * (KILLS + 1) // 2 and set(told) <= kept
