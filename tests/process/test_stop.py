"""A signal may fall into any instruction of the wait it ends."""

from __future__ import annotations

import signal
import subprocess
import sys

from tidemill.process.stop import Stop, on_signals

INTERRUPTED = """
import signal
from tidemill.process.stop import Stop
for turn in range(400):
    stop = Stop()
    signal.signal(signal.SIGALRM, lambda *_: stop.set())
    signal.setitimer(signal.ITIMER_REAL, 1e-5 + turn * 1e-6)
    while not stop.wait(0.0):
        pass
print("woke every time")
"""


def test_a_signal_in_the_middle_of_a_wait_never_hangs_it():
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "woke every time\n"


def test_raised_once_and_for_all_waiters():
    stop = Stop()
    assert not stop.wait(0.0) and not stop.is_set()
    stop.set()
    stop.set()
    assert stop.wait(60.0) and stop.wait(60.0) and stop.is_set()


def test_signals_raise_it_and_handlers_come_back():
    before = signal.getsignal(signal.SIGTERM)
    with on_signals() as stop:
        signal.raise_signal(signal.SIGTERM)
        assert stop.wait(60.0)
    assert signal.getsignal(signal.SIGTERM) == before
