"""Machines of a team on one: folders of one project on the same stores, and processes whose clock is wrong."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

CLOCK = """\
import os, time
ahead = int(os.environ["CLOCK_AHEAD"])
ns, seconds = time.time_ns, time.time
time.time_ns, time.time = (lambda: ns() + ahead * 10**9), (lambda: seconds() + ahead)
"""


@dataclass
class Machine:
    """A folder of the project, and how many seconds its machine's clock is ahead of the world's."""

    root: Path
    ahead: int = 0
    environment: str = ""

    @property
    def log(self) -> str:
        path = self.root / "loop.log"
        return path.read_text() if path.exists() else ""

    def env(self) -> dict[str, str]:
        return {**os.environ, **self._clock(), **self._environment()}

    def _clock(self) -> dict[str, str]:
        if not self.ahead:
            return {}
        folder = self.root / "clock"
        folder.mkdir(exist_ok=True)
        (folder / "sitecustomize.py").write_text(CLOCK)
        path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH", ""))))
        return {"PYTHONPATH": path, "CLOCK_AHEAD": str(self.ahead)}

    def _environment(self) -> dict[str, str]:
        return {"TIDEMILL_ENVIRONMENT": self.environment} if self.environment else {}

    def tidemill(self, *words: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "tidemill", *words]
        return subprocess.run(line, cwd=self.root, env=self.env(), capture_output=True, text=True, check=False)

    @contextmanager
    def loop(self) -> Iterator[subprocess.Popen[bytes]]:
        with (self.root / "loop.log").open("ab") as log:
            line = [sys.executable, "-m", "tidemill.retrain", str(self.root)]
            process = subprocess.Popen(line, stderr=log, env=self.env())
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def beside(root: Path, other: Path) -> Path:
    """Another folder of the project: a checkout of its own. Tables and artifacts are one folder, as on a disk that both can reach."""
    shutil.copytree(root, other, ignore=shutil.ignore_patterns(".tidemill", "loop.log", "clock"))
    (other / ".tidemill").mkdir(mode=0o700)
    for name in ("tables", "artifacts"):
        (root / ".tidemill" / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        (other / ".tidemill" / name).symlink_to(root / ".tidemill" / name)
    return other


def until(holds: Callable[[], Any], what: Callable[[], str] = lambda: "") -> Any:
    """Wait for it; what it found."""
    end = time.monotonic() + 120
    while not (found := holds()):
        assert time.monotonic() < end, what()
        threading.Event().wait(0.01)
    return found


class Records:
    """Plain SQL at the records of a project, while others write them."""

    def __init__(self, address: str, schema: str) -> None:
        self._db = psycopg.connect(address, autocommit=True, options=f"-c search_path={schema}")

    def all(self, query: str, *values: Any) -> list[Any]:
        return self._db.execute(query, values).fetchall()

    def do(self, query: str, *values: Any) -> None:
        self._db.execute(query, values)

    def leader(self, name: str = "run:loop") -> tuple[int, int] | None:
        """Its process and its term."""
        found = self.all("SELECT owner, term FROM leases WHERE name = %s", name)
        return (int(found[0][0].split(":")[1]), found[0][1]) if found else None

    def close(self) -> None:
        self._db.close()
