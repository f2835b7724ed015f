"""From kill -9 of the scorer to its next answer, beside what starting Python with the server's imports takes."""

from __future__ import annotations

import http.client
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import shop
from bench.timing import python, row
from tidemill.access import tokens as auth
from tidemill.scope.project import Project

KILLS, STARTS = 3, 2  # in a row, and of how many servers
UP = """
import json, sys
from pathlib import Path
from tidemill.process import supervised
from tidemill.scope.project import open_project
from tidemill.serve import supervisor

class Child(supervised.Child):
    def __init__(self, module, *arguments, **more):
        super().__init__("bench.idle" if module == "tidemill.retrain" else module, *arguments, **more)

supervised.Child = Child
with open_project(Path(sys.argv[1])) as project:
    supervisor.up(project, port=0, on_ready=lambda told: print(json.dumps(told), flush=True))
"""
IMPORTS = "import tidemill.serve.http.server"


def run() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TIDEMILL_HOME"] = f"{folder}/home"
        with shop.released(Path(folder) / "shop") as (project, _):
            told = [_waits(project) for _ in range(STARTS)]
    waits, refused = [wait for waits, _ in told for wait in waits], sum(refused for _, refused in told)
    floor = python(IMPORTS).wall_s
    what = f"kill -9 of the scorer → next answer (worst of {len(waits)}: {max(waits):.2f} s)"
    return [
        row(what, statistics.median(waits), "s", floor, "python, the server's imports", "<= 1.5"),
        row("  connections refused meanwhile", refused, "", goal="0"),
    ]


def _waits(project: Project) -> tuple[list[float], int]:
    """The seconds of each, and how many attempts were refused."""
    token = auth.issue(project.store, "bench", ("predict",))
    line, here = [sys.executable, "-c", UP, str(project.root)], Path(__file__).parents[1]
    with subprocess.Popen(line, cwd=here, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as up:
        try:
            assert up.stdout is not None
            port = int(json.loads(up.stdout.readline())["port"])
            _ask(port, token)
            found = [_crash(project, port, token) for _ in range(KILLS)]
        finally:
            up.send_signal(signal.SIGTERM)
            up.wait(60)
    return [seconds for seconds, _ in found], sum(refused for _, refused in found)


def _crash(project: Project, port: int, token: str) -> tuple[float, int]:
    refused, pid = 0, _scorer(project)
    if pid is None:
        raise RuntimeError("no scorer runs")
    began = time.perf_counter()
    os.kill(pid, signal.SIGKILL)
    while True:
        try:
            _ask(port, token)
            break
        except ConnectionRefusedError:
            refused += 1
            time.sleep(0.005)
        except (OSError, http.client.HTTPException):  # it was taken, and died with the process that took it
            continue
    seconds = time.perf_counter() - began
    while _scorer(project) == pid:  # what `up` tells of itself
        time.sleep(0.05)
    return seconds, refused


def _scorer(project: Project) -> int | None:
    found: int | None = json.loads((project.state / "up.json").read_text())["pids"]["scorer"]
    return found


def _ask(port: int, token: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", "/predict/shop", b'{"subject": "7"}', {"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"the server answers {answer.status}")
    finally:
        connection.close()
