"""One prediction of LightGBM beside BentoML, MLflow, FastAPI and LitServe, in one run (PEERS=1; else what was measured before).

Each peer is installed into a venv of its own and serves the same 200 trees with one worker, as its own documentation has it: a row by
name goes in, a number comes out, and nothing is written down. Ours has everything on: token, types, an id, the log on the disk,
metrics. CPU is that of all processes of a server.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from json import dumps
from pathlib import Path
from typing import Any

from bench import serving, shop
from bench.timing import row

WHAT = "LightGBM 200 x 31, 30 features"
CONNECTIONS, WARM, REQUESTS, START = 16, 200, 2_000, 120.0
PUBLISHED = {"FastAPI": 992, "LitServe": 1_875, "BentoML": 2_396, "MLflow": 9_635}
"""CPU µs a request, measured on two other cores in November 2026: quote the ratio only."""
VENVS = Path(os.environ.get("PEERS_AT", Path.home() / ".cache" / "tidemill-bench"))
HERE = Path(__file__).parent / "peer"
QUIET = {
    "DO_NOT_TRACK": "1",
    "BENTOML_DO_NOT_TRACK": "True",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "LIT_DISABLE_UPGRADE": "1",
}


@dataclass(frozen=True)
class Peer:
    """How one is installed, started and asked. ``{port}``, ``{bin}``, ``{work}`` stand in its command."""

    name: str
    packages: tuple[str, ...]
    command: tuple[str, ...]
    path: str
    body: dict[str, Any]
    before: tuple[str, ...] = ()


_FASTAPI = ("{bin}/uvicorn", "fastapi_app:app", "--port", "{port}", "--no-access-log", "--log-level", "warning")
_BENTO = ("{bin}/bentoml", "serve", "bento_service:Service", "--host", "127.0.0.1", "--port", "{port}")
_MLFLOW = (
    "{bin}/mlflow",
    "models",
    "serve",
    "-m",
    "{work}/mlflow",
    "--env-manager",
    "local",
    "-h",
    "127.0.0.1",
    "-p",
    "{port}",
)
PEERS = (
    Peer("FastAPI", ("fastapi", "uvicorn[standard]", "lightgbm", "numpy"), _FASTAPI, "/predict", shop.ROW),
    Peer("LitServe", ("litserve", "lightgbm", "numpy"), ("{bin}/python", "lit_server.py", "{port}"), "/predict", {"inputs": shop.ROW}),
    Peer("BentoML", ("bentoml", "lightgbm", "numpy"), _BENTO, "/predict", {"inputs": shop.ROW}),
    Peer(
        "MLflow",
        ("mlflow", "lightgbm", "pandas", "scikit-learn"),
        (*_MLFLOW, "-w", "1"),
        "/invocations",
        {"dataframe_split": {"columns": list(shop.ROW), "data": [list(shop.ROW.values())]}},
        ("{bin}/python", "mlflow_save.py", "{work}/mlflow"),
    ),
)  # fmt: skip


def run() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TIDEMILL_HOME"] = f"{folder}/home"
        ours, text = _ours(Path(folder))
        if os.environ.get("PEERS") != "1":
            said = [
                row(f"{name}, published", value, "CPU us", ours[0]["value"], "ours now")
                for name, value in PUBLISHED.items()
            ]
            return [*ours, *said]
        model = Path(folder) / "model.txt"
        model.write_text(text)
        return [*ours, *(line for peer in PEERS for line in _measured(peer, model, Path(folder), ours))]


def _ours(folder: Path) -> tuple[list[dict[str, Any]], str]:
    with shop.project(folder / "table", "regress") as project:
        bundle = shop.trees(project.clock.now())
        shop.release(project, bundle)
        with serving.serving(project) as (scorer, headers):
            rows = []
            for ack in ("async", "group"):
                cpu, p50 = serving.asked(
                    scorer, f"/predict/{project.endpoint().name}", {"inputs": shop.ROW}, {**headers, "ack": ack}
                )
                rows += [
                    row(f"{WHAT}: tidemill, ack={ack}", cpu, "CPU us"),
                    row("  the same, one at a time", p50, "ms p50"),
                ]
        return rows, bundle.files["model.txt"].decode()


def _measured(peer: Peer, model: Path, folder: Path, ours: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Its lines beside ours; of one that cannot be had or does not start why."""
    try:
        with _served(peer, model, folder) as (port, first):
            _load(port, peer, 4, WARM)
            before = _cpu(first)
            _load(port, peer, CONNECTIONS, REQUESTS)
            cpu = (_cpu(first) - before) / REQUESTS / 1e3
            p50 = _load(port, peer, 1, 300)["p50"]
            if cpu <= 0:
                raise RuntimeError("its processes are not found")
    except (OSError, RuntimeError, subprocess.CalledProcessError) as exc:
        print(f"  {peer.name} is left out: {exc}", file=sys.stderr)
        return []
    version = _version(peer)
    return [
        row(f"  {peer.name} {version}, nothing written down", cpu, "CPU us", ours[0]["value"], "tidemill, ack=async"),
        row("  the same, one at a time", p50, "ms p50", ours[1]["value"], "tidemill, ack=async"),
    ]


def _load(port: int, peer: Peer, connections: int, requests: int) -> dict[str, Any]:
    return shop.load(port, peer.path, peer.body, {}, connections=connections, requests=requests)


def _bin(peer: Peer) -> Path:
    return VENVS / peer.name.lower() / "bin"


def _install(peer: Peer) -> None:
    if (_bin(peer) / "done").exists():
        return
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(_bin(peer).parent)], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(_bin(peer) / "python"), "install", "-q", *peer.packages]
    subprocess.run(pip, check=True)
    (_bin(peer) / "done").touch()


def _version(peer: Peer) -> str:
    code = f"from importlib.metadata import version; print(version({peer.packages[0]!r}))"
    return subprocess.run(
        [_bin(peer) / "python", "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()


@contextmanager
def _served(peer: Peer, model: Path, folder: Path) -> Iterator[tuple[int, int]]:
    """(its port, its first process), until it is ended."""
    _install(peer)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    said = {"port": str(port), "bin": str(_bin(peer)), "work": str(folder)}
    env = {
        **os.environ,
        **QUIET,
        "MODEL": str(model),
        "PATH": f"{_bin(peer)}:{os.environ['PATH']}",
        "PYTHONPATH": str(HERE),
    }
    for first in (peer.before,) if peer.before else ():
        shutil.rmtree(folder / "mlflow", ignore_errors=True)
        subprocess.run([part.format(**said) for part in first], check=True, cwd=HERE, env=env, capture_output=True)
    with (folder / f"{peer.name}.log").open("wb") as log:
        command = [part.format(**said) for part in peer.command]
        process = subprocess.Popen(command, cwd=HERE, env=env, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait(peer, port, folder)
        yield port, process.pid
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # what it has left behind


def _wait(peer: Peer, port: int, folder: Path) -> None:
    """Until it answers. Raises RuntimeError."""
    until, why = time.monotonic() + START, ""
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}{peer.path}", dumps(peer.body).encode(), {"Content-Type": "application/json"}
    )
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(asked, timeout=10) as reply:
                if b"." in reply.read():
                    return
        except urllib.error.HTTPError as exc:
            why = exc.read().decode(errors="replace")[-300:]
        except OSError as exc:
            why = str(exc)
        time.sleep(0.3)
    log = (folder / f"{peer.name}.log").read_text(errors="replace")[-500:]
    raise RuntimeError(f"it does not answer: {why} {log}")


def _cpu(first: int) -> int:
    """Nanoseconds that a process and all that it has started have used."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    family, found = {first}, 0
    while len(family) > found:
        found = len(family)
        family |= {child for child, parent in parents.items() if parent in family}
    return sum(_own(process) for process in family)


def _own(process: int) -> int:
    with suppress(OSError):
        tasks = Path(f"/proc/{process}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)
    return 0
