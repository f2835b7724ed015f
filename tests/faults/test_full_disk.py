"""The whole `tidemill up` on a disk that fills up: it stays, answers, takes a release back, and goes on with room made."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.release.made import hold
from tests.serve import released
from tests.serve.asking import opened
from tests.serve.real import Scorer
from tests.small_disk import fill
from tidemill.access import tokens as auth
from tidemill.cli.main import main
from tidemill.scope.project import open_project
from tidemill.store.reserve import NAME, SIZE, Reserve

pytestmark = [pytest.mark.timeout(300)]


@pytest.fixture
def shop(disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose second model is champion, on that disk; its keys are elsewhere."""
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    with opened(disk / "shop") as project:
        released.champion(project, 1)
        held = hold(project, released.model(project, 2), "rel_2", previous="rel_1")
        project.store.releases.promote(held.id, project.clock.now())
        assert Reserve(project.state).fill()
    return disk / "shop"


def kept(state: Path) -> int:
    """The room that is really kept back; nothing is done about it here."""
    reserve = state / NAME
    return reserve.stat().st_blocks * 512 if reserve.exists() else 0


class Typed(NamedTuple):
    """A command's exit status, and what it says."""

    code: int
    out: str
    err: str

    def told(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)


Typing = Callable[..., Typed]


@pytest.fixture
def tidemill(shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typing:
    """What is typed in the project's folder, in this process."""
    monkeypatch.chdir(shop)

    def typed(*words: str) -> Typed:
        capsys.readouterr()
        code = 0
        try:
            main(list(words))
        except SystemExit as exc:
            code = int(exc.code or 0)
        return Typed(code, *capsys.readouterr())

    return typed


def wait_for(condition: Any) -> None:
    """Until it is so; the test's own time limit ends it otherwise."""
    pause = threading.Event()
    while not condition():
        pause.wait(0.05)


@contextmanager
def up(shop: Path) -> Iterator[Scorer]:
    """A running ``tidemill up``; it ends well, whatever the disk is like."""
    line = [sys.executable, "-m", "tidemill", "up", "--port", "0", "--json"]
    with subprocess.Popen(line, cwd=shop, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            told = json.loads(process.stdout.readline())
            yield Scorer(process, told["port"], json.loads((shop / ".tidemill/up.json").read_text())["token"])
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        finally:
            process.kill()


def children(up: Scorer) -> dict[str, int]:
    """The living children by what they run, from the system's own list."""
    found = {}
    for pid in Path(f"/proc/{up.process.pid}/task/{up.process.pid}/children").read_text().split():
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        name = "loop" if b"tidemill.retrain" in words else "scorer"
        found[name] = int(pid)
    return found


def answers(up: Scorer, ack: str) -> int:
    """The status of an answer; 0 where nobody answers."""
    try:
        return up.ask("POST", "/predict/shop", {"subject": "7"}, Ack=ack)[0]
    except OSError:
        return 0


def reborn(up: Scorer, name: str) -> int:
    """Kill this child and wait for another; that one's pid."""
    before = children(up)[name]
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: children(up).get(name, before) != before)
    return children(up)[name]


def test_up_stays_on_a_full_disk(shop: Path, disk: Path, tidemill: Typing) -> None:
    with up(shop) as running:
        assert answers(running, "group") == 200
        filler = fill(disk)
        wait_for(lambda: answers(running, "group") == 507)
        loop = reborn(running, "loop")
        assert answers(running, "none") == 200
        reborn(running, "scorer")
        wait_for(lambda: answers(running, "none") == 200)
        assert tidemill("release", "status", "--json").told()[-1]["status"] == "champion"
        tidemill("rollback", "--reason", "it is bad", "--json").told()
        status, answer = running.ask("POST", "/predict/shop", {"subject": "7"}, Ack="none")
        assert (status, answer["model"]) == (200, "model:shop@1")
        assert running.process.poll() is None and children(running)["loop"] == loop  # it waits
        filler.unlink()
        wait_for(lambda: answers(running, "group") == 200)
        wait_for(lambda: json.loads((shop / ".tidemill/up.json").read_text())["pids"] == children(running))
        with open_project(shop) as project:
            wait_for(lambda: f":{loop}:" in (held.owner if (held := project.store.leases.look_up("run:loop")) else ""))
            wait_for(lambda: kept(project.state) >= SIZE)


def test_up_ends_well_on_a_full_disk(shop: Path, disk: Path) -> None:
    with up(shop):
        fill(disk)
    assert not (shop / ".tidemill/up.json").exists()
    with open_project(shop) as project:
        assert not [token for token in project.store.tokens.list() if token.name.startswith(auth.UP)]


def test_up_starts_on_a_full_disk(shop: Path, disk: Path) -> None:
    fill(disk)
    with up(shop) as running:
        assert answers(running, "none") == 200


def test_a_release_is_taken_back_offline_on_a_full_disk(shop: Path, disk: Path, tidemill: Typing) -> None:
    fill(disk)
    for words in (["status"], ["release", "status"], ["models", "ls"], ["decisions", "ls"], ["doctor"]):
        assert "full" not in tidemill(*words).err, words
    fill(disk)  # what they gave back is gone again
    tidemill("rollback", "--reason", "it is bad", "--json").told()
    assert [r["status"] for r in tidemill("release", "status", "--json").told()] == ["champion", "rolled_back"]


def test_a_canary_is_halted_and_a_held_release_rejected_on_a_full_disk(
    shop: Path, disk: Path, tidemill: Typing
) -> None:
    with open_project(shop) as project:
        released.canary(project, 3)
        hold(project, released.model(project, 4), "rel_4")
    fill(disk)
    tidemill("release", "halt", "--reason", "not now", "--json").told()
    fill(disk)
    tidemill("reject", "--reason", "not this one", "--json").told()
    found = {r["id"]: r["status"] for r in tidemill("release", "status", "--json").told()}
    assert (found["rel_3"], found["rel_4"]) == ("halted", "refused")
