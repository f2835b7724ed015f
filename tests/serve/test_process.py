"""What a real scorer process is made of: modules, files, metrics, and how it ends."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading

import pytest

from tests.serve import released
from tests.serve.real import scorer, start
from tidemill.access import tokens as auth
from tidemill.access.tokens import SCOPES
from tidemill.process.guarded import CHANNEL

HEAVY = (
    "polars",
    "deltalake",
    "scipy",
    "lightgbm",
    "optuna",
    "pandas",
    "sklearn",
    "pyarrow",
    "datasketches",
    "joserfc",
)
WATCHED = """
import json, sys
opened = []
sys.addaudithook(lambda name, args: opened.append(str(args[0])) if name == "open" else None)
from tidemill.serve.http.server import main
code = main(sys.argv[2:])
json.dump({"modules": sorted(sys.modules), "opened": opened}, open(sys.argv[1], "w"))
sys.exit(code)
"""


def test_what_a_scorer_imports_and_opens(project, tmp_path):
    """After predictions, outcomes, the API and the page: nothing that trains, and no signing key."""
    release = released.champion(project)
    token = auth.issue(project.store, "test", SCOPES)
    ready, tell = os.pipe()
    told = tmp_path / "told.json"
    line = [sys.executable, "-c", WATCHED, str(told), str(project.root), "--port", "0"]
    process = subprocess.Popen(
        line, pass_fds=[tell], env={**os.environ, "PYTHONPATH": os.getcwd(), CHANNEL: f"0,{tell}"}
    )
    os.close(tell)
    try:
        from tests.serve.real import Scorer

        with os.fdopen(ready, "rb") as pipe:
            running = Scorer(process, json.loads(pipe.readline())["port"], token)
        for explain in (False, True):
            assert running.ask("POST", "/predict/shop", {"subject": "7", "explain": explain})[0] == 200
        for path in ("/api/status", "/api/openapi.json", "/", "/metrics"):
            assert running.ask("GET", path)[0] == 200, path
        assert running.stop() == 0
    finally:
        process.kill()
        process.wait()
    found = json.loads(told.read_text())
    assert {m.partition(".")[0] for m in found["modules"]} & set(HEAVY) == set()
    assert "tidemill.api.table" in found["modules"]  # the API came only when it was asked for
    bundle = project.store.models.get(release.model).bundle
    assert any(bundle[9:] in name for name in found["opened"])  # the hook sees what is opened
    assert not [name for name in found["opened"] if name.endswith(".ed25519")]


def test_metrics_are_what_prometheus_reads(project):
    promtool = shutil.which("promtool")
    if promtool is None:
        reason = "promtool is missing: apt-get install prometheus"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    released.champion(project)
    with scorer(project) as running:
        for path, body in (("/predict/shop", {"subject": "7"}), ("/predict/shop", {}), ("/feedback", [])):
            running.ask("POST", path, body)
        status, text = running.ask("GET", "/metrics")
    assert status == 200
    checked = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    lines = text.decode().splitlines()
    assert 'tidemill_requests_total{route="/predict/{endpoint}",status="200"} 1.0' in lines
    assert 'tidemill_requests_total{route="/predict/{endpoint}",status="400"} 1.0' in lines
    assert 'tidemill_predictions_total{arm="champion",endpoint="shop",model="model:shop@1"} 1.0' in lines
    assert 'tidemill_serving_info{arm="champion",endpoint="shop",model="model:shop@1",release="rel_1"} 1.0' in lines


def test_a_stop_answers_what_is_under_way_and_writes_all_down(project):
    """SIGTERM in the middle of a load: every answer that was given is in the store, also those with ack=async."""
    released.champion(project)
    given: list[str] = []
    with scorer(project) as running:
        enough = threading.Semaphore(0)

        def ask() -> None:
            while True:
                try:
                    status, answer = running.ask("POST", "/predict/shop", {"subject": "7"}, Ack="async")
                except OSError:
                    return
                assert status == 200
                given.append(answer["prediction_id"])
                enough.release()

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(100):
            assert enough.acquire(timeout=60)
        assert running.stop() == 0
        for thread in threads:
            thread.join(60)
    kept = project.live.predictions.find(given)
    assert len(given) >= 100 and set(kept) == set(given)


def test_a_stop_does_not_wait_for_a_body_that_may_never_come(project):
    released.champion(project)
    with scorer(project, "--read-seconds", "600") as running:
        head = f"POST /predict/shop HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {running.token}\r\n"
        with socket.create_connection(("127.0.0.1", running.port)) as sock:
            sock.sendall(head.encode() + b"Content-Length: 100\r\n\r\n{")
            assert running.ask("GET", "/healthz")[0] == 200
            assert running.stop() == 0  # within the 30 s that `stop` waits, not 600
            assert b" 408 " in sock.recv(65_536)


def test_a_release_is_followed_without_being_told(project):
    released.champion(project, 1)
    with scorer(project) as running:
        assert running.ask("POST", "/predict/shop", {"subject": "7"})[1]["model"] == "model:shop@1"
        released.champion(project, 2)
        pause = threading.Event()
        while running.ask("POST", "/predict/shop", {"subject": "7"})[1]["model"] != "model:shop@2":
            pause.wait(0.01)  # the test's own time limit ends it


def test_a_refresh_says_what_is_served(project):
    released.champion(project, 1)
    with scorer(project) as running:
        released.champion(project, 2)
        status, told = running.ask("POST", "/control/refresh", {})
    assert status == 200
    assert told["endpoints"]["shop"]["variants"]["champion"]["model"] == "model:shop@2"
    assert told["endpoints"]["shop"]["refused"] == []


def test_a_scorer_that_cannot_start_says_why(tmp_path):
    (tmp_path / "tidemill.toml").write_text("[project]\nnam = 'x'\n")
    with pytest.raises(AssertionError) as caught:
        start(tmp_path, "")
    assert "'code': 'config'" in str(caught.value)
