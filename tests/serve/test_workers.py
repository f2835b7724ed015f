"""Several scorers of one machine behind one port: one service, whichever answers, on the folder's own stores."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import psycopg
import pytest

from tests.raised import raised
from tests.release.made import hold
from tests.serve import released
from tests.serve.asking import TOML, about_customers, opened
from tests.serve.test_loading import flip
from tests.serve.test_supervisor import SCRIPT, told, wait_for
from tests.store.sql.conftest import server  # noqa: F401 - a fixture
from tests.tiers import both
from tidemill.access import tokens as auth
from tidemill.access.caller import Caller
from tidemill.data.pipeline import ingest
from tidemill.errors import BadRequest, Unauthorized
from tidemill.ops import tokens
from tidemill.ops.rights import forget, limits
from tidemill.ops.scorers import scorers
from tidemill.scope.project import open_project
from tidemill.serve.client import Client, ServerProblem
from tidemill.serve.supervisor import up

TWO = SCRIPT.replace("port=0,", "port=0, workers=2,")


@pytest.fixture(scope="module", params=both("sqlite", "postgresql"))
def served(request, tmp_path_factory):
    """An `up` of two scorers, on the folder's own stores and on a server's."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("workers")
        patch.setenv("TIDEMILL_HOME", str(folder / "home"))
        if request.param == "postgresql":
            patch.setattr("tests.serve.asking.TOML", TOML + _stores(request.getfixturevalue("server")))
        with opened(folder / "shop") as project:
            about_customers(project)
            released.champion(project)
            env = {**os.environ, "PYTHONPATH": os.getcwd()}
            line = [sys.executable, "-c", TWO, str(project.root)]
            with subprocess.Popen(line, env=env, stdout=subprocess.PIPE) as process:
                assert process.stdout and process.stdout.readline() == b"ready\n"
                yield project
                process.send_signal(signal.SIGTERM)
                assert process.wait(60) == 0
    assert not (Path(project.root) / ".tidemill" / "up.json").exists()


def _stores(postgres):
    name = f"workers_{postgres.schema()}"
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f'\n[stores]\nmetadata = "postgresql://tidemill@127.0.0.1:{postgres.port}/{name}"\n'


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


def test_whoever_is_asked_shows_what_all_have_counted(served):
    asked(served, 12)

    def counts():
        one = client(served)
        one._connection.request("GET", "/metrics", headers=one._headers)
        text = one._connection.getresponse().read().decode()
        one.close()
        lines = [line for line in text.splitlines() if line.startswith("tidemill_predictions_total{")]
        return {line.partition('worker="')[2][0]: float(line.rpartition(" ")[2]) for line in lines}

    wait_for(lambda: sum(counts().values()) == served.live.predictions.count())
    assert set(counts()) <= {"1", "2"}


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


def test_who_objects_is_answered_what_is_usual_by_both_when_that_is_said_and_again_by_a_model_when_it_is_lifted(served):
    one = client(served)
    outcome = {"key": "bought", "subject": "5", "item": "top of 1", "value": 1, "at": time.time()}
    position = one.post("/feedback", outcome)["position"]
    one.close()
    connections = [client(served) for _ in range(8)]

    def answers():
        body, seen = {"subject": "5"}, {"Position": str(position)}
        return [each.post("/predict/shop", body, headers=seen) for each in connections]

    assert {(said["arm"], said["cold"]) for said in answers()} == {("champion", False)}
    begun = limits.object_to(served, Caller.local(), "5")
    assert (begun.confirmed, begun.waiting, begun.seen) == (2, (), True)
    found = answers()
    assert {(said["arm"], said["fallback"], said["cold"]) for said in found} == {("limited", "limited", True)}
    logged = served.live.predictions.find(said["prediction_id"] for said in found)
    assert {(p.arm, p.release, p.model.partition(":")[0]) for p in logged.values()} == {("limited", "", "baseline")}
    assert limits.lift(served, Caller.local(), begun.limit.id).everywhere
    assert {(said["arm"], said["cold"]) for said in answers()} == {("champion", False)}
    for each in connections:
        each.close()


def test_a_row_that_is_corrected_is_seen_by_both_and_the_one_that_is_asked_loads_no_tables(served):
    path = served.root / "data" / "one.parquet"
    path.parent.mkdir()
    rows = {"receipt": ["1"], "value": [1], "customer_id": ["6"], "item": ["top of 1"], "at": [datetime.now(UTC)]}
    pl.DataFrame(rows).write_parquet(path)
    with open_project(served.root) as now:  # by the clock that the scorers have
        ingest(now, "sales")
    connections = [client(served) for _ in range(8)]

    def cold():
        return {each.post("/predict/shop", {"subject": "6"})["cold"] for each in connections}

    wait_for(lambda: cold() == {False})
    body = {"subject": "6", "dataset": "sales", "key": {"receipt": "1"}, "said": {"value": "-1"}}
    found = connections[0].post("/api/rectifications", body)
    assert (found["version"], found["columns"]) == (2, ["value"])
    wait_for(lambda: cold() == {True})
    for each in connections:
        each.close()
    for pid in pids(served).values():
        assert "polars" not in Path(f"/proc/{pid}/maps").read_text()


def test_who_is_forgotten_is_a_stranger_to_both(served):
    one = client(served)
    told = {"key": "was here", "subject": "8", "item": "top of 1", "value": 1, "at": time.time()}
    position = one.post("/feedback", told)["position"]
    answer = one.post("/predict/shop", {"subject": "8"}, headers={"Position": str(position)})
    assert not answer["cold"]
    connections = [client(served) for _ in range(8)]
    wait_for(lambda: {each.post("/predict/shop", {"subject": "8"})["cold"] for each in connections} == {False})
    done = forget.forget(served, Caller.local(), "8")
    assert done.done and not served.live.predictions.find([answer["prediction_id"]])
    wait_for(lambda: {each.post("/predict/shop", {"subject": "8"})["cold"] for each in connections} == {True})
    for each in (one, *connections):
        each.close()


@pytest.mark.parametrize("kills", both(1, 10))
def test_one_is_killed_under_load_and_nobody_is_refused(served, kills):
    stop, given, lost = threading.Event(), [], []

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
    for _ in range(kills):
        before = pids(served)
        os.kill(before["scorer"], signal.SIGKILL)
        n = len(given)
        wait_for(lambda n=n: len(given) > n + 20)
        wait_for(lambda before=before: pids(served)["scorer"] not in (None, before["scorer"]))
        assert pids(served)["scorer-2"] == before["scorer-2"]
    stop.set()
    for thread in threads:
        thread.join()
    assert len(served.live.predictions.find(given)) == len(given)
    assert len(lost) <= kills * len(threads) and not any("no server answers" in one for one in lost)
    wait_for(lambda: {one.state for one in scorers(served)} == {"ok"} and len(scorers(served)) == 2)


@pytest.mark.parametrize("promotions", both(3, 100))
def test_no_request_is_dropped_while_one_release_follows_another(served, promotions):
    """Each promotion is followed by both, under load; a bundle that does not load leaves the last good one answering."""
    stop, found, lost = threading.Event(), [], []

    def ask():
        one = client(served)
        while not stop.is_set():
            try:
                found.append(one.post("/predict/shop", {"subject": "7"}))
            except Exception as exc:
                lost.append(str(exc))
        one.close()

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    first = 2 + len(served.store.releases.list())
    for version in range(first, first + promotions):
        released.champion(served, version)
        wait_for(lambda version=version: serves(served) == {f"model:shop@{version}"})
    damaged = released.model(served, first + promotions)
    flip(served.artifacts.path(damaged.bundle))
    held = hold(served, damaged, f"rel_{first + promotions}")
    served.store.releases.promote(held.id, served.clock.now())
    wait_for(lambda: {one.state for one in scorers(served)} == {"degraded"})
    n = len(found)
    wait_for(lambda: len(found) > n + 20)
    stop.set()
    for thread in threads:
        thread.join()
    assert not lost and {one["model"] for one in found[n + 5 :]} == {f"model:shop@{first + promotions - 1}"}
    assert {one["fallback"] for one in found[-10:]} == {"last_good"}
    released.champion(served, first + promotions + 1)
    wait_for(lambda: {one.state for one in scorers(served)} == {"ok"})


def serves(project):
    """The champions that the two serve."""
    return {one.serves["shop"].get("champion") for one in scorers(project)}


def test_a_replay_has_one(served, monkeypatch):
    monkeypatch.setattr(type(served), "replay", True)
    with raised(BadRequest, "workers"):
        up(served, port=0, replay=True, workers=2)
