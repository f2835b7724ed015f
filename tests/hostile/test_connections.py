"""More clients than there are descriptors: those who say nothing take none from the stores, nor from who is served."""

from __future__ import annotations

import http.client
import json
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.release.made import hold
from tests.serve import real, released
from tests.serve.asking import opened
from tests.serve.real import Scorer, scorer

FEW, MANY = 256, 4096


@contextmanager
def limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: int, most: int) -> Iterator[tuple[Any, Scorer]]:
    """A scorer that is born with these limits of open files."""
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    popen = subprocess.Popen

    def born(line: list[str], **more: Any) -> Any:
        set_it = f"import os, resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, ({own}, {most}))"
        return popen([sys.executable, "-c", f"{set_it}; os.execv(sys.argv[1], sys.argv[1:])", *line], **more)

    monkeypatch.setattr(real.subprocess, "Popen", born)
    with opened(tmp_path / "shop") as project:
        released.champion(project)
        with scorer(project) as running:
            yield project, running


def silent(stack: ExitStack, port: int, count: int) -> None:
    for _ in range(count):
        stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))


def ask(kept: http.client.HTTPConnection, token: str, path: str, body: Any) -> int:
    """The status of an answer on this connection, which stays open."""
    kept.request("POST", path, json.dumps(body), {"Authorization": f"Bearer {token}"})
    answer = kept.getresponse()
    answer.read()
    return answer.status


def test_a_small_limit_is_raised_to_what_it_may_be(tmp_path, monkeypatch):
    with limited(tmp_path, monkeypatch, FEW, MANY) as (_, running), ExitStack() as stack:
        own = Path(f"/proc/{running.process.pid}/limits").read_text().split("Max open files")[1].split()[0]
        assert int(own) == MANY
        silent(stack, running.port, 600)
        assert running.ask("POST", "/predict/shop", {"subject": "7"})[0] == 200


def test_where_it_may_not_be_raised_the_stores_keep_theirs(tmp_path, monkeypatch):
    with limited(tmp_path, monkeypatch, FEW, FEW) as (project, running), ExitStack() as stack:
        kept = stack.enter_context(closing(http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)))
        told = {"subject": "7", "item": "mug", "value": 1, "at": "2011-01-01T00:00:00Z"}
        following = hold(project, released.model(project, 2), "rel_2")
        assert ask(kept, running.token, "/predict/shop", {"subject": "7"}) == 200
        for _ in range(24):  # said to between them, or its connection would end as one of a silent client
            silent(stack, running.port, 25)
            assert ask(kept, running.token, "/predict/shop", {"subject": "7"}) == 200
        for n in range(20):
            assert ask(kept, running.token, "/predict/shop", {"subject": "7"}) == 200
            assert ask(kept, running.token, "/feedback", {**told, "key": str(n)}) == 200
        project.store.releases.promote(following.id, project.clock.now())  # its files are opened only now
        assert ask(kept, running.token, "/control/refresh", {}) == 200
        stack.close()
        assert running.ask("POST", "/predict/shop", {"subject": "8"})[1]["model"] == "model:shop@2"
        with sqlite3.connect(project.state / "live.db") as live:
            assert live.execute("SELECT count(*) FROM outcomes").fetchone() == (20,)
