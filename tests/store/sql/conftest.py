"""A real PostgreSQL server for the tests, started by the tests as a user without rights."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

PROGRAMS = ("initdb", "pg_ctl", "postgres")


def _programs() -> Path | None:
    """The newest folder that has them all."""
    folders = [Path(found).parent for name in PROGRAMS[:1] if (found := shutil.which(name))]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: p.parent.name.zfill(3), reverse=True)
    return next((f for f in folders if all((f / name).is_file() for name in PROGRAMS)), None)


def _user() -> str | None:
    """The server refuses to run as root: then it runs as its own user, or as nobody."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A running server; each test has a schema of its own in it."""

    def __init__(self, programs: Path, folder: Path, user: str | None) -> None:
        self.programs, self.folder, self.user = programs, folder, user
        self.port, self._made = _free_port(), 0

    def run(self, name: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self.programs / name), *arguments],
            user=self.user,
            group=None if self.user is None else pwd.getpwnam(self.user).pw_gid,
            extra_groups=None if self.user is None else [],
            cwd=self.folder,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "HOME": str(self.folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if name == "initdb" else subprocess.DEVNULL,
            stderr=subprocess.STDOUT if name == "initdb" else subprocess.DEVNULL,
            timeout=120,
        )
        if done.returncode:
            log = self.folder / "log"
            told = log.read_text() if log.exists() else (done.stdout or b"").decode()
            raise RuntimeError(f"{name} failed:\n{told}")

    def start(self) -> None:
        self.run("initdb", "-D", "data", "-U", "tidemill", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self.resume()

    def resume(self) -> None:
        # No test cuts the power: what a killed server has written, the kernel keeps.
        options = f"-k {self.folder} -h 127.0.0.1 -p {self.port} -c max_connections=200 -c fsync=off"
        self.run("pg_ctl", "-D", "data", "-l", "log", "-w", "-t", "60", "-o", options, "start")

    def stop(self) -> None:
        self.run("pg_ctl", "-D", "data", "-w", "-m", "immediate", "stop")

    @contextmanager
    def guarded(self, role: str) -> Iterator[None]:
        """This role has to give its password over TCP, once the server has been told to read its rules again."""
        rules = self.folder / "data/pg_hba.conf"
        before = rules.read_text()
        rules.write_text(f"host all {role} 127.0.0.1/32 scram-sha-256\n{before}")
        try:
            yield
        finally:
            rules.write_text(before)

    def url(self, database: str = "postgres", schema: str = "public") -> str:
        return f"postgresql://tidemill@/{database}?host={self.folder}&port={self.port}&options=-csearch_path%3D{schema}"

    def plain(self) -> str:
        """Without a schema: for PostgreSQL's own programs."""
        return f"postgresql://tidemill@/postgres?host={self.folder}&port={self.port}"

    def loopback(self, schema: str) -> str:
        return f"postgresql://tidemill@127.0.0.1:{self.port}/postgres?options=-csearch_path%3D{schema}"

    def schema(self) -> str:
        """A new, empty schema: a database for each test would be thousands of files."""
        import psycopg

        self._made += 1
        name = f"test_{self._made}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}")
        return name


@contextmanager
def running() -> Iterator[Server]:
    """A server until the end of the block. Raises FileNotFoundError where its programs are not installed."""
    programs = _programs()
    if programs is None:
        raise FileNotFoundError("PostgreSQL's server programs (initdb, pg_ctl, postgres): apt-get install postgresql")
    user = _user()
    folder = Path(tempfile.mkdtemp(prefix="tidemill-pg-"))
    if user is not None:
        os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    server = Server(programs, folder, user)
    try:
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with ExitStack() as held:
        try:
            found = held.enter_context(running())
        except FileNotFoundError as missing:
            if os.environ.get("CI") == "true":
                pytest.fail(f"missing: {missing}")
            pytest.skip(f"missing: {missing}")
        yield found


@pytest.fixture
def postgres(server: Server) -> Callable[[], str]:
    """Gives the URL of a new, empty place for a store."""
    return lambda: server.url(schema=server.schema())
