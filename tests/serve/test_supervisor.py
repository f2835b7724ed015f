"""`tidemill up`: the scorer and the loop as a tree that stands and falls together."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest

from tests.raised import raised
from tests.serve import released
from tidemill.access import tokens as auth
from tidemill.access.caller import Caller
from tidemill.errors import AlreadyUp, BadRequest, PortBusy, ProjectError, ServeError, Unauthorized
from tidemill.ops import tokens
from tidemill.ops.status import Health, status
from tidemill.process import supervised
from tidemill.process.channel import Channel
from tidemill.process.supervised import Supervised
from tidemill.scope.project import open_project
from tidemill.serve import supervisor
from tidemill.serve.client import Client
from tidemill.serve.http.door import Door
from tidemill.serve.http.server import listen
from tidemill.serve.supervisor import login_address, up

SCRIPT = """
import sys
from pathlib import Path
from tidemill.scope.project import open_project
from tidemill.process import supervised
from tidemill.serve import supervisor

class Child(supervised.Child):
    def __init__(self, module, *arguments, **more):
        super().__init__("tests.serve.idle_loop" if module == "tidemill.retrain" else module, *arguments, **more)

supervised.Child = Child
with open_project(Path(sys.argv[1])) as project:
    supervisor.up(project, port=0, on_ready=lambda told: print("ready", flush=True))
"""


@pytest.fixture
def running(project):
    """An `up` in a process of its own, with a stand-in for the loop."""
    released.champion(project)
    env = {**os.environ, "PYTHONPATH": os.getcwd()}
    line = [sys.executable, "-c", SCRIPT, str(project.root)]
    process = subprocess.Popen(line, env=env, stdout=subprocess.PIPE)
    assert process.stdout and process.stdout.readline() == b"ready\n"
    yield process
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    process.stdout.close()


def told(project):
    return json.loads((project.state / "up.json").read_text())


def wait_for(condition):
    """Until it is so; the test's own time limit ends it otherwise."""
    pause = threading.Event()
    while not condition():
        pause.wait(0.02)


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_up_serves_and_a_second_one_is_refused(project, running):
    there = told(project)
    assert there["pid"] == running.pid and (project.state / "up.json").stat().st_mode & 0o777 == 0o600
    client = Client.of(project.root)
    assert client.post("/predict/shop", {"subject": "7"})["items"] == ["top of 1"]
    assert client.get("/api/status")["champion"]["model"] == "model:shop@1"
    client.close()
    with raised(AlreadyUp, str(project.root)) as caught:
        up(project, port=0)
    assert f"kill {running.pid}" in caught.value.hint


def test_a_killed_scorer_comes_back_at_the_same_port(project, running):
    before = told(project)
    os.kill(before["pids"]["scorer"], signal.SIGKILL)
    wait_for(lambda: told(project)["pids"]["scorer"] not in (None, before["pids"]["scorer"]))
    after = told(project)
    assert (after["port"], after["token"], after["pids"]["loop"]) == (
        before["port"],
        before["token"],
        before["pids"]["loop"],
    )
    client = Client.of(project.root)
    assert client.post("/predict/shop", {"subject": "7"})["ack"] == "group"
    client.close()


def test_who_asks_while_the_scorer_starts_again_waits_and_is_answered(project, running):
    """The socket is the supervisor's: no connection is refused, from the moment of the kill on."""
    before = told(project)
    os.kill(before["pids"]["scorer"], signal.SIGKILL)
    for _ in range(3):
        client = Client.of(project.root)
        assert client.post("/predict/shop", {"subject": "7"})["items"] == ["top of 1"]
        client.close()
    assert told(project)["port"] == before["port"]


def test_a_scorer_that_does_not_stay_up_keeps_nobody_waiting(project, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("tidemill.process.supervised.time.monotonic", lambda: now[0])
    tree = supervisor._Tree(project, Door(), 0)

    class Dead:
        pid, code = os.getpid(), 1

        def __init__(self, module, arguments, log, keeps=(), **more):
            assert [str(fd) for fd in keeps] == arguments[-1:]
            self.channel = Channel(*os.pipe())
            self.channel.send({"port": tree._port})

        def close(self):
            self.channel.close()

    monkeypatch.setattr(supervised, "Child", Dead)
    tree._loop.look = lambda: False
    tree._scorers[0].start()
    address = ("127.0.0.1", tree._port)
    with socket.create_connection(address, timeout=10):
        pass
    while tree._scorers[0].crashes <= supervisor.PATIENT:
        tree.look()
        now[0] += 0.1
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=10)


class Here:
    """A child that is ready at once."""

    pid, code = os.getpid(), None

    def __init__(self, module, arguments, log, keeps=(), **more):
        started.append(module)
        self.channel = Channel(*os.pipe())
        self.channel.send({"port": 4_321})

    def stop(self, seconds):
        self.channel.close()
        return True


started: list[str] = []


@pytest.mark.parametrize("role, module", [("scorer", "tidemill.serve"), ("loop", "tidemill.retrain")])
def test_a_machine_may_run_one_role_alone(project, monkeypatch, role, module):
    monkeypatch.setattr(supervised, "Child", Here)
    started.clear()
    tree = supervisor._Tree(project, Door(), 0, roles=(role,))
    tree.start()
    there = told(project)
    assert started == [module] and there["roles"] == [*there["pids"]] == [role]
    assert ("port" in there) is (role == "scorer") and status(project, Health({})).here == [role]
    if role == "loop":
        with raised(ServeError, str(project.root)):
            Client.of(project.root)
    tree.stop()
    assert status(project, Health({})).here == []


def test_neither_role_is_nothing_to_run(project):
    with raised(BadRequest, ""):
        up(project, port=0, roles=())


def test_the_token_of_one_machine_outlives_the_stop_of_another(project, monkeypatch):
    """Two folders, or two machines, on the same stores: each takes back its own."""
    monkeypatch.setattr(supervised, "Child", Here)
    trees = []
    for host in ("one", "two"):
        monkeypatch.setattr(socket, "gethostname", lambda host=host: host)
        trees.append(supervisor._Tree(project, Door(), 0))
        trees[-1].start()
    trees[1].stop()
    assert auth.cache(project.store).check(trees[0]._token).name.startswith(f"{auth.UP}one:")
    with pytest.raises(Unauthorized):
        auth.cache(project.store).check(trees[1]._token)
    assert not tokens.ls(project)
    monkeypatch.setattr(type(project.store), "remote", True)
    assert [token.name for token in tokens.ls(project)] == [trees[0]._name]
    tokens.revoke(project, Caller.local(), trees[0]._name)  # of a machine that is lost
    with pytest.raises(Unauthorized):
        auth.cache(project.store).check(trees[0]._token)
    trees[0].stop()
    assert not tokens.ls(project)
    with raised(BadRequest, "name", hint=False):
        tokens.add(project, Caller.local(), f"{auth.UP}mine")


def test_a_killed_loop_comes_back(project, running):
    wait_for(lambda: told(project)["pids"]["loop"])
    before = told(project)["pids"]["loop"]
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: told(project)["pids"]["loop"] not in (None, before))


def test_when_up_is_killed_nobody_is_left_behind(project, running, monkeypatch):
    pids = told(project)["pids"]
    wait_for(lambda: told(project)["pids"]["loop"])
    pids = told(project)["pids"]
    running.kill()
    running.wait()
    wait_for(lambda: not any(alive(pid) for pid in pids.values()))
    monkeypatch.setattr(running, "wait", lambda seconds: 0)  # it did not end by itself


def test_up_takes_its_token_and_file_with_it(project):
    released.champion(project)
    line = [sys.executable, "-c", SCRIPT, str(project.root)]
    process = subprocess.Popen(line, env={**os.environ, "PYTHONPATH": os.getcwd()}, stdout=subprocess.PIPE)
    assert process.stdout and process.stdout.readline() == b"ready\n"
    there = told(project)
    pids = there["pids"]
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    process.stdout.close()
    assert not (project.state / "up.json").exists()
    with pytest.raises(Unauthorized):
        auth.cache(project.store).check(there["token"])
    assert not any(alive(pid) for pid in pids.values() if pid)


def test_a_busy_port_is_said_and_nothing_is_left(project):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with raised(PortBusy, "127.0.0.1") as caught:
            up(project, port=port)
        assert str(port) in caught.value.message
    assert not (project.state / "up.json").exists()
    with supervisor.only_one(project.root):  # the lock is free again
        pass


def test_a_second_server_does_not_share_the_port():
    with listen("127.0.0.1", 0) as first, pytest.raises(PortBusy):
        listen("127.0.0.1", first.getsockname()[1])


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.1", "example.com"])
def test_other_interfaces_are_refused_where_nobody_says_how_they_are_reached(project, host):
    with raised(BadRequest, "") as caught:
        up(project, host, 0)
    assert host in caught.value.message and "--tls-cert" in caught.value.hint


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_what_is_no_address_of_this_machine_is_said(host):
    with raised(BadRequest, "") as caught:
        listen(host, 0)
    assert host in caught.value.message


def test_replay_needs_a_project_that_is_open_for_it(project):
    with raised(ProjectError, str(project.root)):
        up(project, replay=True)


def test_backoff_grows_and_calms(project, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("tidemill.process.supervised.time.monotonic", lambda: now[0])
    born: list[float] = []

    class Dead:
        code = 1

        def __init__(self, *args, **more):
            born.append(now[0])

        def close(self):
            pass

    monkeypatch.setattr(supervised, "Child", Dead)
    child = Supervised(project.logs, "loop", "x", list, False)
    child.start()
    for _ in range(600):
        now[0] += 0.1
        child.look()
    gaps = [round(b - a, 1) for a, b in pairwise(born)]
    assert gaps[0] < 0.5 and gaps == sorted(gaps) and 30 <= gaps[-1] < 30.5


def test_a_loop_that_does_not_stay_up_says_why_until_it_is_calm(project, monkeypatch, caplog, capsys):
    from click.testing import CliRunner

    from tidemill.cli.status import doctor, status

    now = [0.0]
    monkeypatch.setattr("tidemill.process.supervised.time.monotonic", lambda: now[0])
    dies = [True]
    tree = supervisor._Tree(project, Door(), 0)

    class Fake:
        pid = os.getpid()

        def __init__(self, module, arguments, log, **more):
            log.write(b"Traceback\ntidemill.errors.ConfigError: tidemill.toml:9: decai\n" if dies[0] else b"well\n")
            log.flush()

        @property
        def code(self):
            return 1 if dies[0] else None

        def close(self):
            pass

    monkeypatch.setattr(supervised, "Child", Fake)
    tree._scorers[0].look = lambda: False
    tree._loop.start()
    for _ in range(100):
        now[0] += 0.1
        tree.look()
    said = told(project)["trouble"]["loop"]
    assert said["crashes"] == tree._loop.crashes > 2
    assert said["reason"] == "tidemill.errors.ConfigError: tidemill.toml:9: decai"
    assert "decai" in caplog.text
    asked = ["--project", str(project.root)]
    assert "the loop does not stay up" in CliRunner().invoke(status, asked).output
    assert "decai" in CliRunner().invoke(doctor, asked).output
    dies[0] = False
    for _ in range(1_200):
        now[0] += 0.1
        tree.look()
    assert told(project)["trouble"] == {}
    assert "does not stay up" not in CliRunner().invoke(status, asked).output


def test_of_one_that_was_killed_the_last_line_of_its_log_is_no_reason(project, monkeypatch):
    class Killed:
        code = -signal.SIGKILL

        def __init__(self, module, arguments, log, **more):
            log.write(b"standby, leader is vm\n")
            log.flush()

        def close(self):
            pass

    monkeypatch.setattr(supervised, "Child", Killed)
    child = Supervised(project.logs, "loop", "x", list, False)
    child.start()
    child.look()
    assert child.trouble["reason"] == "it was killed by SIGKILL"


def test_a_file_that_cannot_be_written_is_written_later(project, monkeypatch, caplog):
    now, full = [0.0], [True]
    monkeypatch.setattr("tidemill.serve.supervisor.time.monotonic", lambda: now[0])
    tree = supervisor._Tree(project, Door(), 0)
    changes = [True]
    tree._scorers[0].look = lambda: bool(changes and changes.pop())
    tree._loop.look = lambda: False
    real = os.fsync

    def fsync(fd):
        if full[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    for _ in range(100):
        now[0] += 0.1
        tree.look()
    assert not list(project.state.glob("up.json*")) and 1 <= caplog.text.count("the disk is full") <= 3
    full[0] = False
    for _ in range(100):
        now[0] += 0.1
        tree.look()
    assert told(project)["pid"] == os.getpid()


class Said:
    """A child that has said this."""

    def __init__(self, channel):
        self.channel = channel

    def close(self):
        self.channel.close()


@pytest.mark.parametrize("said", [b"", b'{"po', b'{"port": 80', b"[1]\n", b"\xff\n"])
def test_a_child_whose_first_word_is_cut_off_did_not_start(project, said):
    supervised_ = Supervised(project.logs, "scorer", "x", list, True)
    supervised_._born = time.monotonic()
    reads, writes = os.pipe()
    os.write(writes, said)
    os.close(writes)
    child = Said(Channel(reads, -1))
    with raised(ServeError, "") as caught:
        supervised_._heard(child)
    assert str(project.logs / "scorer.log") in caught.value.hint
    with pytest.raises(OSError):
        child.channel.send({})


def test_a_child_that_says_nothing_keeps_nobody_who_stops(project):
    asked = []
    stopping = lambda: bool(asked.append(1)) or len(asked) > 1  # noqa: E731
    supervised_ = Supervised(project.logs, "scorer", "x", list, True, stopping)
    supervised_._born = time.monotonic()
    with raised(ServeError, "") as caught:
        supervised_._heard(Said(Channel(*os.pipe())))
    assert len(asked) == 2 and str(project.logs / "scorer.log") in caught.value.hint


def test_up_that_is_stopped_before_its_scorer_is_ready_ends_well(project, monkeypatch):
    def silent(self):
        os.kill(os.getpid(), signal.SIGTERM)
        while not self._stopping():
            pass
        raise ServeError("the scorer did not start")

    monkeypatch.setattr(Supervised, "start", silent)
    supervisor.up(project, port=0)
    assert not (project.state / "up.json").exists()


def test_the_reserve_is_seen_to_now_and_then(project, monkeypatch):
    now, filled = [0.0], list[float]()
    monkeypatch.setattr("tidemill.serve.supervisor.time.monotonic", lambda: now[0])
    tree = supervisor._Tree(project, Door(), 0)
    tree._scorers[0].look = tree._loop.look = lambda: False
    monkeypatch.setattr("tidemill.store.reserve.Reserve.fill", lambda _: filled.append(now[0]))
    for _ in range(64):
        now[0] += 0.25
        tree.look()
    assert filled == [supervisor.SLOWLY, 2 * supervisor.SLOWLY, 3 * supervisor.SLOWLY]


def test_a_child_that_cannot_be_started_is_tried_again(project, monkeypatch):
    now, tries = [0.0], list[float]()
    monkeypatch.setattr("tidemill.process.supervised.time.monotonic", lambda: now[0])

    def no_room(*_):
        tries.append(now[0])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(supervised, "log_file", no_room)
    child = Supervised(project.logs, "scorer", "x", list, True)
    for _ in range(600):
        now[0] += 0.1
        child.look()
    gaps = [b - a for a, b in pairwise(tries)]
    assert 3 < len(tries) < 20 and gaps == sorted(gaps, key=lambda gap: round(gap, 1))
    assert "No space left" in child.trouble["reason"]


def test_the_login_address_opens_once(project):
    address = login_address(project, "http://[::1]:8080")
    assert address.startswith("http://[::1]:8080/login?code=")
    auth.log_in(project.store, address.split("=")[1])
    with pytest.raises(Unauthorized):
        auth.log_in(project.store, address.split("=")[1])


def test_the_project_opens_after_all_this(project):
    with open_project(project.root) as again:
        assert again.id == project.id
