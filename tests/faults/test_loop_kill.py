"""kill -9 of the loop at work, twenty times, under load: the story goes on, and nothing in it is lost or there twice.

A real shop is replayed against a real scorer while two more clients ask and tell without pause. The loop dies on its
way up, in the midst of a tick, and within a training or a release that its worker does; another one goes on.
"""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.faults.side import ask, settled
from tests.faults.small_shop import rows, small_shop
from tests.faults.test_serve_kill import Load
from tests.serve.real import Scorer, start
from tests.tiers import both
from tidemill.access import tokens as auth
from tidemill.access.tokens import SCOPES
from tidemill.recipes.recommend.replay import Replay
from tidemill.recipes.recommend.shop import OPENING, days
from tidemill.retrain.run_all import run_all
from tidemill.scope.project import Project, open_project
from tidemill.serve.client import Client
from tidemill.types import DAY, to_iso

CLIENTS = 2
OFTEN = {
    "on": '[{ new_data = "1 rows" }]',
    "cooldown": '"1 hours"',
    "rollout": '[{ share = "100 %" }]',
}
"""A model a day, where the day has rows: so that there is something to be killed in."""


class Answering(Load):
    """Clients that ask, and then tell what came of that very answer."""

    def __init__(self) -> None:
        super().__init__(CLIENTS)
        self.belongs: dict[str, str] = {}  # key of an outcome -> prediction

    def _next(self, number: int) -> tuple[str, str, Any]:
        self._count[number] += 1
        n, asked = self._count[number], f"{number}/{self._count[number] - 1}"
        key, subject = f"{number}/{n}", f"load{n // 2 % 17}"
        if n % 2:
            return "/predict/shop", key, {"subject": f"load{(n + 1) // 2 % 17}", "key": key}
        answer = self.predictions[asked]
        self.belongs[key] = answer["prediction_id"]
        told = {"item": answer["items"][0], "value": 1.0, "at": answer["at"], "prediction_id": answer["prediction_id"]}
        return "/feedback", key, {"key": key, "subject": subject, **told}


class Alone:
    """No rivals: the replay asks the loop only."""

    def learn(self, customer: str, lines: Any) -> None:
        """Learns nothing."""

    def answer(self, visit: Any, at: int) -> dict[str, list[str]]:
        return {}


class Driver(threading.Thread):
    """Plays day after day until it is told that the last one has begun."""

    def __init__(self, project: Project, scorer: Scorer) -> None:
        super().__init__()
        self._client = Client("127.0.0.1", scorer.port, scorer.token, timeout=120)
        self._project, self.last = project, threading.Event()
        self.played: list[int] = []
        self.replay: Replay | None = None
        self.failed: BaseException | None = None

    def run(self) -> None:
        try:
            root = self._project.root
            source, journal = root / "data/sales", root / "replay.jsonl"
            self.replay = Replay(self._client, "shop", Alone(), source, journal)  # type: ignore[arg-type]
            for day in days(rows(), 300):
                over = self.last.is_set()
                self.replay.play(day)
                self.played.append(day.end)
                if over:
                    return
        except BaseException as exc:
            self.failed = exc
            raise
        finally:
            self._client.close()


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A released model of year one, and the shop's doors about to open."""
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    root = tmp_path / "shop"
    small_shop(root, rows().filter(pl.col("invoice_date") < pl.datetime(2010, 12, 1)))
    config = root / "tidemill.toml"
    said = [line.partition(" = ") for line in config.read_text().splitlines()]
    config.write_text("\n".join(f"{key} = {OFTEN.get(key, value)}" if eq else key for key, eq, value in said))
    with open_project(root) as project:
        project.store.settings.set("clock", OPENING)
        project.store.settings.set("mode", "replay")
    with open_project(root) as project:
        assert run_all(project).release.status == "champion"
        yield project


def until(holds: Callable[[], Any], what: str) -> Any:
    """Wait for it; what it found."""
    end = time.monotonic() + 120
    while not (found := holds()):
        assert time.monotonic() < end, f"not within two minutes: {what}"
        threading.Event().wait(0.002)
    return found


class Looking:
    """Plain SQL at the records while others write them: one connection, so that looking is cheap."""

    def __init__(self, root: Path) -> None:
        self._db = sqlite3.connect(f"file:{root}/.tidemill/tidemill.db?mode=ro", uri=True, timeout=30)

    def close(self) -> None:
        self._db.close()

    def now(self) -> int:
        return int(json.loads(self._db.execute("select value from settings where name = 'clock'").fetchone()[0]))

    def behind(self) -> bool:
        found = self._db.execute("select value from settings where name = 'loop'").fetchone()
        return not found or self.now() >= json.loads(found[0])["next_due"]

    def held_by(self, pid: int) -> bool:
        found = self._db.execute("select owner from leases where name = 'run:loop'").fetchone()
        return bool(found) and found[0].split(":")[1] == str(pid)

    def job(self) -> str | None:
        """The pipeline of a training or a release that is being done."""
        query = "select pipeline from runs where status = 'running' and pipeline in ('model', 'release')"
        found = self._db.execute(query).fetchone()
        return str(found[0]) if found else None

    def windows(self) -> bool:
        """Whether this moment's tick has closed windows already, and is not over."""
        query = "select count(*) from windows where monitor = 'drift' and \"end\" = ?"
        return self.behind() and bool(self._db.execute(query, [self.now()]).fetchone()[0])

    def where(self) -> str:
        """How far the tick of this moment has come."""
        if not self.behind():
            return "at rest"
        if (job := self.job()) is not None:
            return job
        decided = self._db.execute("select count(*) from decisions where at = ?", [self.now()]).fetchone()[0]
        return "decided" if decided else "watching" if self.windows() else "due"


@contextmanager
def a_loop(root: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (root / "loop.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "tidemill.retrain", str(root)], stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def kill_again_and_again(root: Path, look: Looking, load: Load, kills: int) -> Counter[str]:
    """Loops, one after the other; where each was killed.

    In turn on its way up, and at a moment that no loop was killed at before: when a tick has closed its windows,
    in a training, in a release.
    """
    chance, hit, last = random.Random(3), Counter[str](), 0
    awaited: dict[int, Callable[[], Any]] = {
        1: lambda: look.now() > last and look.windows(),
        2: lambda: look.now() > last and look.job() == "model",
        3: lambda: look.now() > last and look.job() == "release",
    }
    for number in range(kills):
        with a_loop(root) as loop:
            until(lambda: look.held_by(loop.pid), f"loop {number} holds its lease")
            if number % 4:
                until(awaited[number % 4], f"what loop {number} is to be killed in")
            for _ in range(chance.randrange(1, (1_500, 10, 400, 100)[number % 4])):
                assert load.acknowledged.acquire(timeout=60)
            workers, last = children(loop.pid), look.now()
            assert loop.poll() is None, (root / "loop.log").read_text()[-2000:]
            loop.kill()
            loop.wait()
            hit[look.where()] += 1
        for worker in workers:
            until(lambda: gone(worker), "the worker dies with its loop")
    return hit


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kills", both(3, 20))
def test_what_was_acknowledged_survives_kills_of_the_loop_at_work(shop: Project, kills: int) -> None:
    root, load = shop.root, Answering()
    scorer = start(root, auth.issue(shop.store, "load", SCOPES))
    driver = Driver(shop, scorer)
    driver.start()
    clients = load.run(scorer.port, scorer.token)
    with closing(Looking(root)) as look:
        hit = kill_again_and_again(root, look, load, kills)
    load.over.set()
    for client in clients:
        client.join(60)
    with a_loop(root) as loop:
        driver.last.set()
        driver.join(240)
        assert driver.failed is None and not driver.is_alive(), driver.failed
        loop.terminate()
        assert loop.wait(60) == 0
    scorer.process.kill()
    scorer.process.wait()
    assert sum(hit.values()) == kills and hit["model"] >= kills // 7 and len(hit) >= 2, hit
    assert not load.wrong
    check_live(root, load, driver, kills)
    check_story(root, driver, kills)


def check_live(root: Path, load: Answering, driver: Driver, kills: int) -> None:
    """Every acknowledged answer and outcome is there, and joined to where it belongs; nothing is there that nobody sent."""
    assert driver.replay is not None
    kept = dict(ask(root, "select key, output from predictions", "live.db"))
    outcomes = {key: rest for key, *rest in ask(root, "select key, value, how, joined from outcomes", "live.db")}
    assert len(load.predictions) > 10 * kills and len(load.outcomes) > 10 * kills and driver.replay.scored
    for key, answer in load.predictions.items():
        assert json.loads(kept[key])["items"] == answer["items"]
    for key, value in load.outcomes.items():
        assert outcomes[key] == [value, "id", load.belongs[key]]
    for scored in driver.replay.scored:
        assert json.loads(kept[scored.request])["items"] == scored.items["loop"]
    assert len(outcomes) - len(load.outcomes) - len(driver.replay.told) in range(CLIENTS + 1)  # told, not acknowledged
    assert len(kept) - len(load.predictions) - len(driver.replay.scored) in range(CLIENTS + 1)
    assert ask(root, "select count(*) from outcomes where how = '' and at < 0", "live.db") == [(0,)]


def check_story(root: Path, driver: Driver, kills: int) -> None:
    """One decision a day, one model a decision, one release a model; windows that count each answer once; all at rest."""
    assert list(settled(root)) == []
    ends = driver.played
    assert [at for (at,) in ask(root, "select at from decisions order by at")] == ends, "one decision a due moment"
    wanted = ask(root, "select id from decisions where action = 'retrain'")
    made = ask(root, "select decision, count(*) from releases where decision is not null group by decision")
    assert sorted(made) == sorted((name, 1) for (name,) in wanted) and len(made) >= kills // 4
    versions = [version for (version,) in ask(root, "select version from models order by version")]
    assert versions == list(range(1, 2 + len(wanted)))
    assert ask(root, "select count(*) from decisions where action = 'retrain' and run is null") == [(0,)]
    assert ask(root, "select count(*) from releases where status = 'champion'") == [(1,)]
    assert ask(root, "select data from events where kind = 'failed'") == []
    for monitor in ("drift", "quality", "platform"):
        found = ask(root, f"select start, \"end\", n from windows where monitor = '{monitor}' order by start")
        assert [end for _, end, _ in found] == ends[: len(found)] and len(found) >= len(ends) - 2, monitor
        if monitor == "quality":
            for start_, end, n in found:
                query = (
                    "select count(distinct p.id) from predictions p join outcomes o on o.joined = p.id "
                    f"where o.value > 0 and p.at >= {start_} and p.at < {end}"
                )
                assert ask(root, query, "live.db") == [(n,)], (to_iso(start_), n)
            assert sum(n for *_, n in found) > kills
    assert ends[0] == OPENING + DAY
