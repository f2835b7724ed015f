"""kill -9 of the leading loop under load, ten times: the one that stood by goes on with the story, and nothing in it is lost or there twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.faults.small_shop import rows, small_shop
from tests.faults.test_loop_kill import OFTEN, Answering, Driver, check_live, check_story, children, gone
from tests.retrain.team import Machine, Records, beside, until
from tests.serve.real import start
from tests.store.artifacts.storage import Storage
from tests.store.sql.conftest import Server
from tests.team.machines import Stores
from tidemill.access import tokens as auth
from tidemill.access.tokens import SCOPES
from tidemill.recipes.recommend.shop import OPENING
from tidemill.retrain.run_all import run_all
from tidemill.scope.project import Project, open_project

KILLS = 10


@pytest.fixture
def stores(server: Server, storage: Storage, monkeypatch: pytest.MonkeyPatch) -> Stores:
    """A team's; what plain SQL is asked of a folder elsewhere is asked of the server here."""
    made = Stores(server, storage).make()
    for module in ("tests.faults.test_loop_kill", "tests.faults.side"):
        monkeypatch.setattr(f"{module}.ask", lambda root, query, database="": made.ask(query))
    return made


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stores: Stores) -> Iterator[Project]:
    """A released model of year one, and the shop's doors about to open."""
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    root = tmp_path / "one"
    small_shop(root, rows().filter(pl.col("invoice_date") < pl.datetime(2010, 12, 1)))
    config = root / "tidemill.toml"
    said = [line.partition(" = ") for line in config.read_text().splitlines()]
    text = "\n".join(f"{key} = {OFTEN.get(key, value)}" if eq else key for key, eq, value in said)
    config.write_text(text + stores.toml)
    with open_project(root) as project:
        project.store.settings.set("clock", OPENING)
        project.store.settings.set("mode", "replay")
    with open_project(root) as project:
        assert run_all(project).release.status == "champion"
        yield project


class Look:
    """Where the tick of this moment is, by plain SQL."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def setting(self, name: str) -> Any:
        found = self._records.all("SELECT value FROM settings WHERE name = %s", name)
        return json.loads(found[0][0]) if found else None

    def now(self) -> int:
        return int(self.setting("clock"))

    def job(self) -> str | None:
        query = "SELECT pipeline FROM runs WHERE status = 'running' AND pipeline IN ('model', 'release')"
        found = self._records.all(query)
        return str(found[0][0]) if found else None

    def windows(self) -> bool:
        state = self.setting("loop")
        due = state is None or self.now() >= state["next_due"]
        return due and bool(
            self._records.all("SELECT 1 FROM windows WHERE monitor = 'drift' AND \"end\" = %s", self.now())
        )

    def where(self) -> str:
        return self.job() or ("watching" if self.windows() else "at rest")


def kill_the_leader(machines: list[Machine], records: Records, load: Answering, kills: int) -> Counter[str]:
    """Again and again, at another point of its tick each time; where it was. The one that stood by leads, and a new one stands by."""
    chance, look, hit, last = random.Random(5), Look(records), Counter[str](), 0
    awaited: list[Callable[[], bool]] = [
        lambda: True,
        lambda: look.now() > last and look.windows(),
        lambda: look.now() > last and look.job() == "model",
        lambda: look.now() > last and look.job() == "release",
    ]
    with ExitStack() as running:
        loops = {(process := running.enter_context(machine.loop())).pid: (process, machine) for machine in machines}

        def leads() -> int:
            return pid if (pid := (records.leader() or (0, 0))[0]) in loops else 0

        def said() -> str:
            return "\n".join(machine.log[-1500:] for machine in machines)

        term = 0
        for number in range(kills):
            leader = until(leads, said)
            until(awaited[number % 4], said)
            for _ in range(chance.randrange(1, (200, 10, 400, 100)[number % 4])):
                assert load.acknowledged.acquire(timeout=60)
            leader = until(leads, said)
            now = (records.leader() or (0, 0))[1]
            assert now > term
            term, last = now, look.now()
            process, machine = loops.pop(leader)
            workers = children(leader)
            hit[look.where()] += 1
            os.kill(leader, signal.SIGKILL)
            process.wait()
            for worker in workers:
                until(lambda: gone(worker), said)
            again = running.enter_context(machine.loop())
            loops[again.pid] = (again, machine)
    return hit


@contextmanager
def one_disk(root: Path, other: Path) -> Iterator[None]:
    """The source's files, on a disk that is mounted in both checkouts: a link that leads out of a project is refused."""
    shared = other / "data"
    done = subprocess.run(["mount", "--bind", str(root / "data"), str(shared)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no mounts here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(shared)], check=True)


@pytest.mark.nightly
@pytest.mark.timeout(900)
def test_the_story_goes_on_when_the_leader_is_killed(shop: Project, stores: Stores, tmp_path: Path) -> None:
    other = beside(shop.root, tmp_path / "two")
    with one_disk(shop.root, other):
        play(shop, stores, [Machine(shop.root), Machine(other)])


def play(shop: Project, stores: Stores, machines: list[Machine]) -> None:
    root, load = shop.root, Answering()
    records = Records(stores.server.url(f"team_{stores.number}"), "tidemill_shop")
    scorer = start(root, auth.issue(shop.store, "load", SCOPES))
    driver = Driver(shop, scorer)
    driver.start()
    clients = load.run(scorer.port, scorer.token)
    try:
        hit = kill_the_leader(machines, records, load, KILLS)
        load.over.set()
        for client in clients:
            client.join(60)
        with machines[1].loop() as loop:
            driver.last.set()
            driver.join(400)
            assert driver.failed is None and not driver.is_alive(), driver.failed
            loop.terminate()
            assert loop.wait(60) == 0
    finally:
        load.over.set()
        scorer.process.kill()
        scorer.process.wait()
        records.close()
    assert sum(hit.values()) == KILLS and hit["model"] >= 1 and len(hit) >= 2, hit
    assert not load.wrong
    check_live(root, load, driver, KILLS)
    check_story(root, driver, KILLS)
