"""A server's time, without asking it at each look."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from tidemill.errors import StoreError
from tidemill.store.sql.clock import EVERY, ServerClock
from tidemill.types import SECOND

FAR = 10_000_000 * SECOND


class Machine:
    """How long it is up, and a server that is ``ahead`` of that; each question takes a while."""

    def __init__(self) -> None:
        self.up, self.ahead, self.takes, self.asked, self.away = 100 * SECOND, FAR, 0, 0, False

    def uptime(self) -> int:
        return self.up

    def ask(self) -> int:
        self.asked += 1
        if self.away:
            raise StoreError("away")
        self.up += self.takes
        return self.up + self.ahead - self.takes // 2


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done beside the caller is done before it goes on."""
    monkeypatch.setattr(threading.Thread, "start", lambda self: self._target())


@pytest.mark.usefixtures("at_once")
def test_it_follows_the_machine_s_uptime_and_asks_again_now_and_then() -> None:
    machine = Machine()
    clock = ServerClock(machine.ask, machine.uptime)
    for _ in range(3):
        machine.up += SECOND
        assert clock.now() == machine.up + FAR
    assert machine.asked == 1
    machine.up += EVERY
    machine.ahead += 5
    clock.now()
    assert clock.now() == machine.up + FAR + 5 and machine.asked == 2


@pytest.mark.usefixtures("at_once")
def test_a_slow_answer_that_agrees_changes_nothing() -> None:
    """Of a question that took four seconds nobody knows when within them it was answered."""
    machine = Machine()
    clock = ServerClock(machine.ask, machine.uptime)
    machine.takes = 4 * SECOND
    machine.up += EVERY
    clock.now()
    assert machine.asked == 2 and clock.now() == machine.up + FAR


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("change", ["goes back", "away"])
def test_it_does_not_go_back_and_goes_on_without_the_server(change: str, caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine()
    clock = ServerClock(machine.ask, machine.uptime)
    assert clock.now() == machine.up + FAR
    machine.away, machine.ahead = change == "away", FAR - 3_600 * SECOND * (change == "goes back")
    machine.up += EVERY
    before = clock.now()
    machine.up += SECOND
    assert machine.asked == 2 and clock.now() == (before + SECOND if change == "away" else before)
    assert ("WARNING" in [record.levelname for record in caplog.records]) is (change == "goes back")


def test_a_server_that_never_answered_has_no_clock() -> None:
    machine = Machine()
    machine.away = True
    with pytest.raises(StoreError):
        ServerClock(machine.ask, machine.uptime)


def test_nobody_waits_for_the_answer() -> None:
    machine, answered = Machine(), threading.Event()
    ask: Callable[[], int] = machine.ask
    clock = ServerClock(lambda: (machine.asked == 0 or answered.wait(30)) and ask(), machine.uptime)
    machine.up += EVERY
    assert [clock.now(), clock.now()] == [machine.up + FAR] * 2 and machine.asked == 1
    answered.set()
