"""One whole replay of the shop for every test that looks at it, played by the command a user types."""

from __future__ import annotations

import contextlib
import fcntl
import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tidemill.cli.main import main


@dataclass(frozen=True)
class Played:
    """A finished replay: its folder, its summary, its log, and the environment that opens its keys."""

    folder: Path
    summary: dict[str, Any]
    log: Path
    env: dict[str, str]

    def tidemill(self, *args: str, check: bool = True, apart: bool = False) -> subprocess.CompletedProcess[str]:
        """What a user types here, in this process (which has the libraries loaded) or in one ``apart``."""
        line = [sys.executable, "-m", "tidemill", *args]
        if apart:
            done = subprocess.run(
                line, env=self.env, cwd=self.folder, check=False, capture_output=True, text=True, timeout=120
            )
        else:
            done = subprocess.CompletedProcess(line, *self._here(args))
        if check:
            done.check_returncode()
        return done

    def _here(self, args: Sequence[str]) -> tuple[int, str, str]:
        code, out, err = 0, io.StringIO(), io.StringIO()
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            patch.setenv("TIDEMILL_HOME", self.env["TIDEMILL_HOME"])
            try:
                main(list(args))
            except SystemExit as exc:
                code = int(exc.code or 0)
        return code, out.getvalue(), err.getvalue()


def play(base: Path, *args: str) -> Played:
    env = {**os.environ, "TIDEMILL_HOME": str(base / "home")}
    summary, log = base / "out.json", base / "log.parquet"
    command = [sys.executable, "-m", "tidemill", "demo", "--once", "--port", "0", "--folder", str(base / "shop")]
    done = subprocess.run(
        [*command, "--json", str(summary), "--log", str(log), *args],
        env=env,
        cwd=base,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return Played(base / "shop", json.loads(summary.read_text()), log, env)


def shared(tmp_path_factory: pytest.TempPathFactory, name: str, *args: str) -> Played:
    """Played once for all workers of the test run: the first to come plays, the others wait for it and look at the same."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / f"replay-{name}"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "out.json").exists():
            return play(folder, *args)
    env = {**os.environ, "TIDEMILL_HOME": str(folder / "home")}
    return Played(folder / "shop", json.loads((folder / "out.json").read_text()), folder / "log.parquet", env)


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
