"""Several scorers of one machine behind one port: one service, whichever answers, on the folder's own stores."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.raised import raised
from tests.serve import released
from tests.serve.asking import opened
from tests.serve.test_supervisor import SCRIPT, told, wait_for
from tidemill.access import tokens as auth
from tidemill.access.caller import Caller
from tidemill.errors import BadRequest, Unauthorized
from tidemill.ops import tokens
from tidemill.ops.scorers import scorers
from tidemill.serve.client import Client, ServerProblem
from tidemill.serve.supervisor import up

TWO = SCRIPT.replace("port=0,", "port=0, workers=2,")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """An `up` of two scorers on the folder's own stores."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("workers")
        patch.setenv("TIDEMILL_HOME", str(folder / "home"))
        with opened(folder / "shop") as project:
            released.champion(project)
            env = {**os.environ, "PYTHONPATH": os.getcwd()}
            line = [sys.executable, "-c", TWO, str(project.root)]
            with subprocess.Popen(line, env=env, stdout=subprocess.PIPE) as process:
                assert process.stdout and process.stdout.readline() == b"ready\n"
                yield project
                process.send_signal(signal.SIGTERM)
                assert process.wait(60) == 0
    assert not (Path(project.root) / ".tidemill" / "up.json").exists()


def pids(project):
    return {name: pid for name, pid in told(project)["pids"].items() if name.startswith("scorer")}


def client(project, token=None):
    there = told(project)
    return Client("127.0.0.1", there["port"], token or there["token"])


def asked(project, n, **body):
    """Answers over as many connections, which the two share."""
    found = []
    for _ in range(n):
        one = client(project)
        found.append(one.post("/predict/shop", {"subject": "7", **body}))
        one.close()
    return found


def test_two_answer_and_each_is_known(served):
    assert sorted(pids(served)) == ["scorer", "scorer-2"] and told(served)["roles"] == ["scorer", "loop"]
    known = scorers(served)
    assert sorted(one.pid for one in known) == sorted(pids(served).values())
    assert {one.state for one in known} == {"ok"} and {one.address[-2:] for one in known} == {"#1", "#2"}


def test_a_key_is_one_answer_whoever_is_asked(served):
    found = asked(served, 12, key="visit-1")
    assert len({(one["prediction_id"], tuple(one["items"])) for one in found}) == 1
    assert served.live.predictions.get(found[0]["prediction_id"]).key == "visit-1"


def test_who_brings_a_position_is_answered_at_it_by_either(served):
    one = client(served)
    outcome = {"key": "k", "subject": "9", "item": "top of 1", "value": 1, "at": time.time()}
    position = one.post("/feedback", outcome)["position"]
    one.close()
    for _ in range(6):
        one = client(served)
        answer = one.post("/predict/shop", {"subject": "9"}, headers={"Position": str(position)})
        assert not answer["cold"] and answer["position"] >= position
        one.close()


def test_what_is_taken_back_is_refused_by_both_when_that_is_said(served):
    secret = auth.issue(served.store, "front", ("predict",))
    connections = [client(served, secret) for _ in range(8)]
    for one in connections:
        one.post("/predict/shop", {"subject": "7"})
    assert tokens.revoke(served, Caller.local(), "front").confirmed == 2
    for one in connections:
        with pytest.raises(ServerProblem) as caught:
            one.post("/predict/shop", {"subject": "7"})
        assert caught.value.told["code"] == Unauthorized.code
        one.close()


def test_one_is_killed_under_load_and_nobody_is_refused(served):
    before, stop, given, lost = pids(served), threading.Event(), [], []

    def ask():
        while not stop.is_set():
            one = client(served)
            try:
                given.append(one.post("/predict/shop", {"subject": "7"})["prediction_id"])
            except Exception as exc:  # what was under way in the one that was killed
                lost.append(str(exc))
            one.close()

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(given) > 20)
    os.kill(before["scorer"], signal.SIGKILL)
    n = len(given)
    wait_for(lambda: len(given) > n + 20)
    wait_for(lambda: pids(served)["scorer"] not in (None, before["scorer"]))
    stop.set()
    for thread in threads:
        thread.join()
    assert pids(served)["scorer-2"] == before["scorer-2"]
    assert len(served.live.predictions.find(given)) == len(given)
    assert len(lost) <= len(threads) and not any("no server answers" in one for one in lost)
    wait_for(lambda: {one.state for one in scorers(served)} == {"ok"} and len(scorers(served)) == 2)


def test_a_replay_has_one(served, monkeypatch):
    monkeypatch.setattr(type(served), "replay", True)
    with raised(BadRequest, "workers"):
        up(served, port=0, replay=True, workers=2)
