"""kill -9 of the leading loop, ten times under load: two loops on the same stores, in folders of their own. The other goes on at once.

A real shop is replayed against a real scorer on PostgreSQL while two more clients ask and tell without pause.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import psycopg
import pytest

from tests.faults.small_shop import rows, small_shop
from tests.faults.test_loop_kill import CLIENTS, OFTEN, Answering, Driver, children, gone, until
from tests.retrain.team import Machine, Records, beside
from tests.serve.real import start
from tests.store.sql.conftest import server  # noqa: F401 - the fixture
from tidemill.access import tokens as auth
from tidemill.access.tokens import SCOPES
from tidemill.recipes.recommend.shop import OPENING
from tidemill.recipes.recommend.written import drop_file
from tidemill.retrain.run_all import run_all
from tidemill.scope.project import Project, open_project

if TYPE_CHECKING:
    from tests.store.sql.conftest import Server

pytestmark = [pytest.mark.postgres, pytest.mark.nightly]
KILLS = 10


@pytest.fixture
def address(server: Server) -> str:  # noqa: F811
    name = f"killed_{server.schema()}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"postgresql://tidemill@/{name}?host={server.folder}&port={server.port}"


@pytest.fixture
def shop(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A released model of year one, and the shop's doors about to open."""
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    root = tmp_path / "shop"
    small_shop(root, rows().filter(pl.col("invoice_date") < pl.datetime(2010, 12, 1)))
    config = root / "tidemill.toml"
    said = [line.partition(" = ") for line in config.read_text().splitlines()]
    lines = [f"{key} = {OFTEN.get(key, value)}" if eq else key for key, eq, value in said]
    config.write_text("\n".join([*lines, "[stores]", f'metadata = "{address}"', ""]))
    with open_project(root) as project:
        project.store.settings.set("clock", OPENING)
        project.store.settings.set("mode", "replay")
    with open_project(root) as project:
        assert run_all(project).release.status == "champion"
        yield project


class Looking(Records):
    """How far the loop is."""

    def now(self) -> int:
        return int(json.loads(self.all("SELECT value FROM settings WHERE name = 'clock'")[0][0]))

    def due(self) -> bool:
        found = self.all("SELECT value FROM settings WHERE name = 'loop'")
        return not found or self.now() >= json.loads(found[0][0])["next_due"]

    def job(self) -> str | None:
        found = self.all("SELECT pipeline FROM runs WHERE status = 'running' AND pipeline IN ('model', 'release')")
        return str(found[0][0]) if found else None

    def windows(self) -> bool:
        query = "SELECT count(*) FROM windows WHERE monitor = 'drift' AND \"end\" = %s"
        return self.due() and bool(self.all(query, self.now())[0][0])

    def where(self) -> str:
        if not self.due():
            return "at rest"
        return self.job() or ("watching" if self.windows() else "due")


class Loops:
    """One loop a machine; whichever leads is killed, and started again to stand by."""

    def __init__(self, machines: list[Machine], look: Looking, held: ExitStack) -> None:
        self.machines, self.look, self._held = machines, look, held
        self.running = [self._start(machine) for machine in machines]

    def _start(self, machine: Machine) -> subprocess.Popen[bytes]:
        return self._held.enter_context(machine.loop())

    def leading(self) -> int | None:
        """Which of them."""
        leader = self.look.leader()
        return next((i for i, one in enumerate(self.running) if leader and one.pid == leader[0]), None)

    def kill(self) -> None:
        at: int = (until(lambda: self.leading() is not None, "one leads") and self.leading()) or 0
        loop, term = self.running[at], (self.look.leader() or (0, 0))[1]
        workers = children(loop.pid)
        loop.kill()
        loop.wait()
        until(lambda: self.leading() == 1 - at, "the other leads")
        assert (self.look.leader() or (0, 0))[1] > term
        for worker in workers:
            until(lambda worker=worker: gone(worker), "the worker dies with its loop")  # type: ignore[misc]
        self.running[at] = self._start(self.machines[at])


def kill_again_and_again(loops: Loops, load: Answering) -> Counter[str]:
    chance, hit, look, last = random.Random(5), Counter[str](), loops.look, 0
    awaited: list[Callable[[], Any]] = [
        look.windows,
        lambda: look.job() == "model",
        lambda: look.job() == "release",
        lambda: True,
    ]
    for number in range(KILLS):
        until(lambda: look.now() > last and awaited[number % 4](), f"what leader {number} is to be killed in")
        for _ in range(chance.randrange(1, (10, 200, 50, 400)[number % 4])):
            assert load.acknowledged.acquire(timeout=60)
        last = look.now()
        hit[look.where()] += 1
        loops.kill()
    return hit


@pytest.mark.timeout(900)
def test_the_other_loop_goes_on_where_the_leader_was_killed(
    shop: Project, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    two = beside(shop.root, tmp_path / "two")

    def dropped(rows: pl.DataFrame, folder: Path, name: str) -> None:
        drop_file(rows, folder, name)
        for path in folder.glob(name):
            shutil.copy2(path, two / "data/sales/copying")
            (two / "data/sales/copying").rename(two / "data/sales" / name)

    monkeypatch.setattr("tidemill.recipes.recommend.replay.drop_file", dropped)
    load, look = Answering(), Looking(address, "tidemill_shop")
    request.addfinalizer(look.close)
    scorer = start(shop.root, auth.issue(shop.store, "load", SCOPES))
    driver = Driver(shop, scorer)
    with ExitStack() as held:
        loops = Loops([Machine(shop.root), Machine(two)], look, held)
        driver.start()
        clients = load.run(scorer.port, scorer.token)
        hit = kill_again_and_again(loops, load)
        load.over.set()
        for client in clients:
            client.join(60)
        driver.last.set()
        driver.join(240)
        assert driver.failed is None and not driver.is_alive(), driver.failed
        at = loops.leading()
        assert at is not None
        loops.running[1 - at].terminate()
        assert loops.running[1 - at].wait(60) == 0
        loops.running[at].terminate()
        assert loops.running[at].wait(60) == 0
    scorer.process.kill()
    scorer.process.wait()
    print(dict(hit), len(load.predictions), len(load.outcomes), "days", len(driver.played))
    assert sum(hit.values()) == KILLS and len(hit) >= 2 and not load.wrong
    check_live(look, load, driver)
    check_story(look, driver)


def check_live(look: Looking, load: Answering, driver: Driver) -> None:
    """Every acknowledged answer and outcome is there, and joined to where it belongs; nothing is there that nobody sent."""
    assert driver.replay is not None
    kept = dict(look.all("SELECT key, output FROM predictions"))
    outcomes = {key: rest for key, *rest in look.all("SELECT key, value, how, joined FROM outcomes")}
    assert len(load.predictions) > 10 * KILLS and len(load.outcomes) > 10 * KILLS
    for key, answer in load.predictions.items():
        assert json.loads(kept[key])["items"] == answer["items"]
    for key, value in load.outcomes.items():
        assert outcomes[key] == [value, "id", load.belongs[key]]
    assert len(outcomes) - len(load.outcomes) - len(driver.replay.told) in range(CLIENTS + 1)
    assert len(kept) - len(load.predictions) - len(driver.replay.scored) in range(CLIENTS + 1)


def check_story(look: Looking, driver: Driver) -> None:
    """One champion; one decision a moment, one model a decision, one release a model; each job once; nothing goes on."""
    assert look.all("SELECT count(*) FROM releases WHERE status = 'champion'") == [(1,)]
    assert [at for (at,) in look.all("SELECT at FROM decisions ORDER BY at")] == driver.played
    wanted = look.all("SELECT id FROM decisions WHERE action = 'retrain'")
    made = look.all("SELECT decision, count(*) FROM releases WHERE decision IS NOT NULL GROUP BY decision")
    assert sorted(made) == sorted((name, 1) for (name,) in wanted) and len(made) >= KILLS // 4
    versions = [version for (version,) in look.all("SELECT version FROM models ORDER BY version")]
    assert versions == list(range(1, 2 + len(wanted)))
    done = (
        "SELECT r.parent, r.pipeline, s.name FROM runs r JOIN steps s ON s.run = r.id "
        "WHERE s.status = 'done' AND s.impure = '[]' AND r.parent LIKE 'decision_%%' AND r.pipeline IN ('model', 'release')"
    )  # asked for again after a kill, a finished one is a hit; one that is impure finds what it made
    each = Counter(look.all(done))
    assert {name: n for name, n in each.items() if n != 1} == {}
    assert len({parent for parent, *_ in each}) == len(wanted)
    assert look.all("SELECT count(*) FROM runs WHERE status IN ('running', 'pending')") == [(0,)]
    assert look.all("SELECT data FROM events WHERE kind = 'failed'") == []
    assert look.all("SELECT name FROM leases") == []
