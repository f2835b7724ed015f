"""A child and its parent: messages, time limits, and that neither's death leaves the other's behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.ended import gone
from tests.raised import raised
from tidemill.process.channel import Channel, ChannelError, GivenUp
from tidemill.process.child import Child

ECHO = "tests.process.echo"


@pytest.fixture
def echo() -> Iterator[Child]:
    with Child(ECHO) as child:
        yield child


@pytest.fixture
def pair() -> Iterator[tuple[Channel, int]]:
    reads, writes = os.pipe()
    channel = Channel(reads, os.open(os.devnull, os.O_WRONLY))
    yield channel, writes
    channel.close()


def test_a_child_answers_and_ends_by_itself(echo: Child) -> None:
    assert echo.ask({"say": "é" * 100_000}, 60) == {"say": "é" * 100_000}
    assert echo.ask({"end": True}, 60) is None
    assert echo.wait(60) == 0 and not echo.hears({"say": 1})


def test_bytes_follow_a_message(echo: Child) -> None:
    data = bytes(range(256)) * 5_000
    echo.channel.send({}, data)
    assert echo.channel.receive(time.monotonic() + 60) == {"heard": True, "bytes": len(data)}
    assert echo.channel.receive_bytes(len(data), time.monotonic() + 60) == data
    assert echo.ask({"say": 1}, 60) == {"say": 1}


def test_bytes_that_do_not_come(pair: tuple[Channel, int]) -> None:
    channel, writes = pair
    os.write(writes, b'{"bytes": 9}\n123')
    assert channel.receive() == {"bytes": 9}
    with pytest.raises(TimeoutError):
        channel.receive_bytes(9, time.monotonic() - 1)
    os.close(writes)
    with pytest.raises(EOFError):
        channel.receive_bytes(9, time.monotonic() + 60)


def test_the_child_has_a_group_of_its_own_and_no_input(echo: Child) -> None:
    found = echo.ask({"look": True}, 60)
    assert found == {"group": echo.pid, "session": os.getsid(0), "input": "", "channel": None}
    assert os.getpgid(0) != echo.pid


def test_a_child_that_dies_gives_no_answer(echo: Child) -> None:
    assert echo.ask({"kill": signal.SIGSEGV}, 60) is None
    assert echo.wait(60) == -signal.SIGSEGV == echo.code


def test_what_a_child_has_started_ends_with_it(echo: Child) -> None:
    found = echo.ask({"start": True}, 60)
    assert found is not None
    echo.kill()
    assert gone(found["pid"])


@pytest.mark.parametrize("grace, code", [(0.0, -signal.SIGKILL), (60.0, 7)])
def test_a_child_ends_when_its_parent_lets_go(grace: float, code: int) -> None:
    """At once, or when it has had its time to end well."""
    child = Child(ECHO, grace=grace)
    found = child.ask({"start": True}, 60)
    child.channel.send({"wait": True})
    child.channel.close()
    assert found is not None and child.wait(60) == code
    assert gone(found["pid"])


@pytest.mark.parametrize("how", ["channel.send({'spin': True})", "pass"])
def test_a_child_ends_when_its_parent_is_killed(how: str) -> None:
    """Also while native code in it holds the interpreter's lock."""
    code = f"""
import os, time
from tidemill.process.child import Child
child = Child({ECHO!r})
channel = child.channel
print(child.pid, child.ask({{"start": True}}, 60)["pid"], flush=True)
{how}
time.sleep(600)
"""
    env = {**os.environ, "PYTHONPATH": os.getcwd()}
    parent = subprocess.Popen([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert len(pids) == 2 and all(gone(pid) for pid in pids)


def test_an_answer_has_its_time(pair: tuple[Channel, int]) -> None:
    channel, writes = pair
    os.write(writes, b'{"n": 1}\n{"n"')
    assert channel.receive(time.monotonic() + 60) == {"n": 1}
    with pytest.raises(TimeoutError):
        channel.receive(time.monotonic() + 0.01)
    with pytest.raises(GivenUp):
        channel.receive(None, lambda: True)
    os.close(writes)
    assert channel.receive() is None


@pytest.mark.parametrize("line", [b"no json\n", b"[1]\n", b"\xff\n"])
def test_what_is_no_message_is_refused(pair: tuple[Channel, int], line: bytes) -> None:
    channel, writes = pair
    os.write(writes, line)
    with pytest.raises(ChannelError):
        channel.receive()
    os.close(writes)


def test_a_message_has_its_size(pair: tuple[Channel, int], monkeypatch: pytest.MonkeyPatch) -> None:
    channel, writes = pair
    monkeypatch.setattr("tidemill.process.channel.LONGEST", 100)
    os.write(writes, b"x" * 101)
    with raised(ChannelError, "", hint=False) as caught:
        channel.receive()
    assert "100" in str(caught.value)
    os.close(writes)
