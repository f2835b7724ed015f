"""The machines of a team on this one: folders that share PostgreSQL and a bucket, and nothing else of the project's state."""

from __future__ import annotations

import itertools
import json
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.serve import released
from tests.serve.asking import NOON
from tests.serve.asking import TOML as SHOP
from tests.serve.real import Scorer, start
from tests.store.artifacts.storage import Storage
from tests.store.sql.conftest import Server
from tests.team.front import NAME
from tidemill.access import tokens as auth
from tidemill.access.tokens import SCOPES
from tidemill.scope.project import Project, open_project
from tidemill.store.records import OnlineEvent
from tidemill.types import DAY, HeldClock

DRAIN = "0.5 s"
_numbers = itertools.count(1)
SERVE = f'\n[serve]\nnames = ["{NAME}"]\nproxies = ["127.0.0.1"]\ndrain = "{DRAIN}"\n'


@dataclass
class Stores:
    """Where a team's records and artifacts are: a database and a bucket of its own."""

    server: Server
    storage: Storage
    number: int = field(default_factory=lambda: next(_numbers))

    def make(self) -> Stores:
        with psycopg.connect(self.server.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE team_{self.number}")
        bucket = urllib.request.Request(f"{self.storage.endpoint}/team-{self.number}", method="PUT")
        with urllib.request.urlopen(bucket):
            return self

    @property
    def toml(self) -> str:
        metadata = f"postgresql://tidemill@127.0.0.1:{self.server.port}/team_{self.number}"
        bucket = self.storage.address(f"team-{self.number}")
        return f'\n[stores]\nmetadata = "{metadata}"\nartifacts = "{bucket}"\ntables = "{bucket}"\n'

    def ask(self, query: str, name: str = "shop") -> list[Any]:
        """What plain SQL finds in the project's schema."""
        with psycopg.connect(self.server.url(f"team_{self.number}", f"tidemill_{name}")) as connection:
            return connection.execute(query.encode()).fetchall()


@dataclass
class Machine:
    """A checkout, whose ``.tidemill/`` holds nothing that is not in the stores; and the scorer or the `up` that runs in it."""

    root: Path
    port: int = 0
    scorer: Scorer | None = None
    process: subprocess.Popen[bytes] | None = None

    def serve(self, token: str) -> None:
        """A scorer, on the port that it had before."""
        self.scorer = start(self.root, token, port=self.port)
        self.port = self.scorer.port

    def kill(self) -> None:
        """kill -9 of what runs."""
        for process in filter(None, (self.process, self.scorer and self.scorer.process)):
            process.kill()
            process.wait()
        self.scorer = self.process = None

    def up(self, *arguments: str) -> dict[str, Any]:
        """`tidemill up`, and what it says once it serves."""
        line = [sys.executable, "-m", "tidemill.cli.main", "up", "--json", "--port", str(self.port), *arguments]
        with (self.root / "up.log").open("ab") as log:
            self.process = subprocess.Popen(line, cwd=self.root, stdout=subprocess.PIPE, stderr=log)
        assert self.process.stdout is not None
        with self.process.stdout as said:  # it says one line
            told = dict(json.loads(said.readline() or b"{}"))
        assert told, (self.root / "up.log").read_text()[-2000:]
        self.port = told["port"]
        return told

    def stop(self) -> None:
        """SIGTERM, and wait until it is gone."""
        for process in filter(None, (self.process, self.scorer and self.scorer.process)):
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        self.scorer = self.process = None


@dataclass
class Team:
    stores: Stores
    machines: list[Machine]
    token: str

    @property
    def ports(self) -> list[int]:
        return [machine.port for machine in self.machines]


def first(root: Path, stores: Stores, toml: str = SHOP) -> Project:
    """The project on its first machine, whose clock stands at NOON."""
    root.mkdir(parents=True)
    (root / "tidemill.toml").write_text(toml + SERVE + stores.toml)
    return open_project(root, clock=HeldClock(NOON))


def checkout(root: Path, to: Path) -> Path:
    """What another machine has of the project: all but its state."""
    return Path(shutil.copytree(root, to, ignore=shutil.ignore_patterns(".tidemill", "*.log", "up.*")))


def sold(project: Project) -> None:
    """What the catalogue and a few histories are made of."""
    rows = {"subject": "before", "at": NOON - 9 * DAY, "value": 1.0, "file": "sha256:f", "dataset": "sales"}
    project.live.online.load(OnlineEvent(0, f"sold/{n}", item=f"i{n}", **rows) for n in range(5))


@contextmanager
def team(folder: Path, stores: Stores) -> Iterator[Team]:
    """Two machines of a project that has a champion; what runs on them in the end is killed."""
    root = folder / "one/shop"
    with first(root, stores) as project:
        released.champion(project)
        sold(project)
        token = auth.issue(project.store, "load", SCOPES)
    found = Team(stores, [Machine(root), Machine(checkout(root, folder / "two/shop"))], token)
    try:
        yield found
    finally:
        for machine in found.machines:
            machine.kill()
