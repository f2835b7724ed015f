"""Who leaves the processor to others says so to the system, and comes back where it hardly gets on."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="priorities are a thread's own on Linux only"
)

PROGRAM = """
import json, os, subprocess, sys, threading
from pathlib import Path
from tidemill.process import priority

ran, waited = map(int, sys.argv[1:3])
if sys.argv[3] == "stays":  # as where the system does not let an idle thread come back
    priority._may_come_back = lambda: False
steps = {name: threading.Event() for name in ("begun", "looked", "done")}
quiet, child = priority.Quiet(), []

def policy(thread):  # as the system tells it, not as it was asked
    return int(Path(f"/proc/{thread}/stat").read_text().rpartition(")")[2].split()[38])

def work():
    quiet.begin()
    child.append(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE))
    steps["begun"].set()
    steps["done"].wait()

worker = threading.Thread(target=work)
worker.start()
steps["begun"].wait()
all_of_it = lambda: [policy(worker.native_id), policy(child[0].pid), policy(threading.get_native_id())]
seen = [all_of_it()]
began = priority.spent([worker.native_id, child[0].pid])
priority.spent = lambda threads: {one: (began[one][0] + ran, began[one][1] + waited) for one in threads if one in began}
quiet._before = began if quiet.idle else {}
quiet.look()
seen.append(all_of_it())
quiet.end()
seen.append(all_of_it())
steps["done"].set()
worker.join()
child[0].communicate(b"\\n")
print(json.dumps({"idle": os.SCHED_IDLE, "other": os.SCHED_OTHER, "back": priority._may_come_back(), "seen": seen}))
"""
SECOND = 1_000_000_000


def seen(ran: float, waited: float, how: str = "") -> tuple[list[str], list[str], list[str]]:
    command = [sys.executable, "-c", PROGRAM, str(int(ran * SECOND)), str(int(waited * SECOND)), how]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    if not told["back"] and not how:
        pytest.skip("this system lets no idle thread come back: none is made idle")
    names = {told["idle"]: "idle", told["other"]: "other"}
    first, second, third = ([names[policy] for policy in policies] for policies in told["seen"])
    return first, second, third


IDLE, BACK = ["idle", "idle", "other"], ["other", "other", "other"]


@pytest.mark.parametrize(
    ("ran", "waited", "then"),
    [(0.0, 0.9, BACK), (0.04, 0.9, BACK), (0.4, 2.0, IDLE), (0.0, 0.1, IDLE), (5.0, 0.0, IDLE)],
    ids=["starves", "hardly gets on", "gets on", "too early to say", "alone"],
)
def test_it_is_idle_with_what_it_starts_until_it_hardly_gets_on(ran, waited, then):
    assert seen(ran, waited) == (IDLE, then, BACK)


def test_where_it_could_not_come_back_it_is_never_idle():
    assert seen(0.0, 9.0, "stays") == (BACK, BACK, BACK)
