"""Two loops on the same stores: one leads. The other follows it when it is gone, and a frozen one that wakes up writes nothing more."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.e2e.test_no_time import TOML, lay
from tests.retrain.team import Machine, Records, beside, until
from tests.store.sql.conftest import server  # noqa: F401 - the fixture
from tidemill.access import tokens
from tidemill.ops.doctor import examine
from tidemill.scope.project import open_project
from tidemill.types import SECOND

if TYPE_CHECKING:
    from tests.store.sql.conftest import Server

pytestmark = pytest.mark.postgres
HOUR = 3_601


@pytest.fixture
def team(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Machine, Machine, Records]]:  # noqa: F811
    """Two machines, one an hour late and one an hour early, and a look at what they share."""
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    name = f"team_{server.schema()}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    address = f"postgresql://tidemill@/{name}?host={server.folder}&port={server.port}"
    root = lay(tmp_path / "one", f'{TOML}[stores]\nmetadata = "{address}"\n')
    records = Records(address, "tidemill_credit")
    yield Machine(root, -HOUR), Machine(beside(root, tmp_path / "two"), HOUR), records
    records.close()


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_frozen_leader_is_followed_and_writes_nothing_when_it_wakes_up(
    team: tuple[Machine, Machine, Records],
) -> None:
    """Clocks of machines that are two hours apart change nothing of it."""
    one, two, records = team
    with one.loop() as first:
        until(lambda: (one.root / "loop.log").exists() and _ticked(records), lambda: one.log)
        pid, term = records.leader() or (0, 0)
        assert pid == first.pid
        with two.loop() as second:
            until(
                lambda: "standby, leader is" in two.log, lambda: two.log
            )  # its clock says that the lease ran out long ago
            assert records.leader() == (pid, term)
            workers = children(pid)
            os.kill(pid, signal.SIGSTOP)  # and nobody sees that it is there: as on a machine of its own
            records.do("UPDATE leases SET expires = 0, owner = 'elsewhere:1:1:1:1' WHERE name = 'run:loop'")
            until(lambda: (records.leader() or (0,))[0] == second.pid, lambda: two.log)
            assert (records.leader() or (0, 0))[1] > term
            os.kill(pid, signal.SIGCONT)
            until(lambda: "leads no more" in one.log or "standby, leader is" in one.log, lambda: one.log)
            until(lambda: not any(alive(worker) for worker in workers), lambda: one.log)
            assert first.poll() is None and (records.leader() or (0,))[0] == second.pid
            second.send_signal(signal.SIGTERM)
            assert second.wait(60) == 0
        until(
            lambda: (records.leader() or (0,))[0] == pid, lambda: one.log
        )  # it stopped cleanly, and the other leads at once


def _ticked(records: Records) -> bool:
    return bool(records.all("SELECT 1 FROM pg_tables WHERE tablename = 'settings'")) and bool(
        records.all("SELECT 1 FROM settings WHERE name = 'loop'")
    )


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_every_machine_goes_by_the_database_s_time(
    team: tuple[Machine, Machine, Records], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A code that is good for an hour is so on a machine that is an hour early; nothing but the clock itself is wrong."""
    with open_project(team[0].root) as project:
        codes = [tokens.issue_code(project.store) for _ in team[:2]]
    world = time.time_ns
    for machine, code in zip(team[:2], codes, strict=True):
        monkeypatch.setattr(time, "time_ns", lambda ahead=machine.ahead: world() + ahead * 10**9)
        with open_project(machine.root) as project:
            tokens.redeem(project.store, code)
            assert abs(project.clock.now() - project.store.leases.now()) < 60 * SECOND
            assert abs(project.clock.now() - world() // 1_000) < 60 * SECOND
            assert abs(project.store.skew() - machine.ahead * SECOND) < 60 * SECOND
            (found,) = [one for one in examine(project) if one.what == "clock"]
            assert not found.well and found.hint
