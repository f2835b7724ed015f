"""One whole replay of the shop for every test that looks at it, played by the command a user types."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.typed import typed


@dataclass(frozen=True)
class Played:
    """A finished replay: its folder, its summary, its log, the environment that opens its keys, and what it said."""

    folder: Path
    summary: dict[str, Any]
    log: Path
    env: dict[str, str]
    said: str

    def spare(self) -> Played:
        """The same, as it was when it was over, for one module to change: nobody else looks at this folder."""
        return played(self.folder.parents[1] / "spare", self.said)

    def tidemill(self, *args: str, check: bool = True, apart: bool = False) -> subprocess.CompletedProcess[str]:
        """What a user types here, in this process (which has the libraries loaded) or in one ``apart``."""
        if apart:
            line = [sys.executable, "-m", "tidemill", *args]
            done = subprocess.run(
                line, env=self.env, cwd=self.folder, check=False, capture_output=True, text=True, timeout=120
            )
        else:
            done = typed(*args, cwd=self.folder, home=self.env["TIDEMILL_HOME"])
        if check:
            done.check_returncode()
        return done


def demo(base: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """`tidemill demo`, by the program that is installed, in this folder: it makes ./shop."""
    command = shutil.which("tidemill", path=str(Path(sys.executable).parent))
    assert command, "the entry point is installed beside the interpreter"
    env = {**os.environ, "TIDEMILL_HOME": str(base.parent / "home")}
    return subprocess.run(
        [command, "demo", *args], cwd=base, env=env, capture_output=True, text=True, timeout=900, check=False
    )


def play(base: Path, *args: str) -> Played:
    """Played to the end, in a folder that is there."""
    done = demo(base, "--once", "--json", "out.json", "--log", "log.parquet", *args)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return played(base, done.stdout)


def played(base: Path, said: str) -> Played:
    """What was played in this folder."""
    env = {**os.environ, "TIDEMILL_HOME": str(base.parent / "home")}
    return Played(base / "shop", json.loads((base / "out.json").read_text()), base / "log.parquet", env, said)


def shared(tmp_path_factory: pytest.TempPathFactory, name: str, *args: str) -> Played:
    """Played once for all workers of the test run: the first to come plays, the others wait for it and look at the same."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / f"replay-{name}"
    folder.mkdir(exist_ok=True)
    said = folder / "said"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            (folder / "typed").mkdir()
            told = play(folder / "typed", *args, "--port", "0").said
            shutil.copytree(folder / "typed", folder / "spare")
            said.write_text(told)
    return played(folder / "typed", said.read_text())


DAYS = 60
"""What every test run plays: models trained, retrained, let out as canaries and promoted, and a first alarm of drift."""


def year_of(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return shared(tmp_path_factory, "year")


def days_of(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return shared(tmp_path_factory, "days", "--days", str(DAYS))


@pytest.fixture(scope="session")
def year(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """All 374 days: for tests of the nightly tier."""
    return year_of(tmp_path_factory)


@pytest.fixture(scope="session")
def days(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The first 60 days."""
    return days_of(tmp_path_factory)


@pytest.fixture(
    scope="session",
    params=[pytest.param(days_of, id="days"), pytest.param(year_of, id="year", marks=pytest.mark.nightly)],
)
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The first 60 days, and in the nightly tier all of them: what holds of any replay is tested of both."""
    made: Played = request.param(tmp_path_factory)
    return made
