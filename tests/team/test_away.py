"""The database goes away under two scorers and a loop, and comes back: waits are bounded, nothing acknowledged is lost, all go on."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.store.artifacts.storage import running as storing
from tests.store.sql.conftest import Server, running
from tests.team.front import fronted
from tests.team.load import Load
from tests.team.machines import Stores, team
from tests.team.test_two_scorers import kept_once

pytestmark = pytest.mark.nightly


@contextmanager
def stopped(server: Server) -> Iterator[None]:
    """Nobody answers at its port."""
    server.stop()
    yield
    server.resume()


@contextmanager
def frozen(server: Server) -> Iterator[None]:
    """The system takes connections and bytes for it, and nothing answers."""
    head = int((server.folder / "data/postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{head}/task/{head}/children").read_text().split()
    for pid in (head, *map(int, children)):
        os.kill(pid, signal.SIGSTOP)
    yield
    for pid in (*map(int, children), head):
        os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("away", [stopped, frozen])
def test_a_database_that_goes_away_and_comes_back(
    tmp_path: Path,
    pair: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
    away: Callable[[Server], Iterator[None]],
) -> None:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tidemill")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    with running() as server, storing() as storage, team(tmp_path, Stores(server, storage).make()) as shop:
        one, other = shop.machines
        one.up()
        process = one.process
        assert process is not None and process.stdout is not None
        other.serve(shop.token)
        (tmp_path / "front").mkdir()
        with fronted(tmp_path / "front", shop.ports, pair, shop.token) as front:
            load = Load(front, away.__name__)
            clients = load.run(4)

            def hear(answers: int) -> None:
                for _ in range(answers):
                    assert load.acknowledged.acquire(timeout=120)

            hear(200)
            with away(server):
                while sum(load.refused.values()) < 8:
                    load.over.wait(0.02)
            while load.acknowledged.acquire(blocking=False):
                pass
            hear(400)
            load.end(clients)
            assert not load.wrong, load.wrong[:3]
            held = "SELECT max(expires) FROM leases WHERE name = 'run:loop'"
            before = shop.stores.ask(held)
            assert before != [(None,)]
            while shop.stores.ask(held) <= before:  # the loop leads on, or again
                assert process.poll() is None
            kept_once(shop, load)
            one.stop()
            process.stdout.close()
