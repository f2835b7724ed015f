"""`noria up`: one small process that keeps the scorer and the loop running, and stops them together."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

from noria.errors import AlreadyUp, PortBusy, ProjectError, ServeError
from noria.project import Project
from noria.serve import auth
from noria.serve.child import log_file, spawn
from noria.serve.client import UP_FILE
from noria.serve.routes import SCOPES
from noria.serve.stop import on_signals
from noria.types import JsonObject, to_iso

START_SECONDS = 60.0
STOP_SECONDS = 20.0
BACKOFF = (0.2, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before each restart of a child that keeps on crashing."""
CALM_SECONDS = 60.0
"""A child that lived so long starts again at the beginning of `BACKOFF`."""
TAIL = 16_384
"""Bytes at the end of a child's log among which its last words are looked for."""
LONGEST_REASON = 500  # letters
TOKEN = "up"  # noqa: S105 - the name of the token, not a secret
_LOOK = 0.1

_log = logging.getLogger("noria.up")


def up(
    project: Project,
    host: str = "127.0.0.1",
    port: int = 8080,
    replay: bool = False,
    on_ready: Callable[[JsonObject], None] | None = None,
) -> None:
    """Serve the project until SIGTERM or SIGINT. ``on_ready`` gets what up.json holds, but no token.

    Raises AlreadyUp, PortBusy, ProjectError, or ServeError when the scorer does not start at all.
    """
    if replay and not project.replay:
        raise ProjectError("this project is not open for replay", place=str(project.root), way_out="noria demo")
    with _only_one(project), on_signals() as stopping:
        tree = _Tree(project, host, port)
        try:
            tree.start()
            if on_ready is not None:
                on_ready(tree.told())
            while not stopping.wait(_LOOK):
                tree.look()
        finally:
            tree.stop()


def login_address(project: Project, host: str, port: int) -> str:
    """An address that opens the page once, within an hour."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}/login?code={auth.issue_code(project.store)}"


class Child:
    """One child process and how it has fared. ``ready`` is what it told when it was ready."""

    def __init__(
        self, project: Project, name: str, module: str, arguments: Callable[[], list[str]], tells: bool
    ) -> None:
        self.name, self._module, self._arguments, self._tells, self._project = name, module, arguments, tells, project
        self.process: subprocess.Popen[bytes] | None = None
        self.ready: JsonObject = {}
        self.crashes = 0
        self.trouble: JsonObject = {}
        """Why it did not stay up: {"crashes", "since", "reason"}; empty again once it has lived calmly."""
        self._born = self._again = 0.0
        self._logged = 0  # bytes that its log held when it was born

    def start(self) -> None:
        """Start it, and wait until it is ready where it tells so. Raises PortBusy, ServeError."""
        self._born = time.monotonic()
        arguments, fds = self._arguments(), []
        if self._tells:
            ready, tell = os.pipe()
            arguments, fds = [*arguments, "--ready-fd", str(tell), "--parent", str(os.getpid())], [tell]
        with log_file(self._project, self.name) as log:
            self._logged = log.seek(0, os.SEEK_END)
            self.process = spawn(self._module, arguments, log, pass_fds=fds, stdin=subprocess.DEVNULL)
        if self._tells:
            os.close(tell)
            self.ready = self._hear(ready)

    def _hear(self, fd: int) -> JsonObject:
        with os.fdopen(fd, "rb") as pipe:
            heard = select.select([pipe], [], [], START_SECONDS)[0]
            line = pipe.readline() if heard else b""
        word = json.loads(line) if line else {}
        if "port" in word:
            return dict(word)
        self.kill()
        error = word.get("error", {})
        kind = PortBusy if error.get("code") == PortBusy.code else ServeError
        raise kind(
            str(error.get("detail") or f"the {self.name} did not start"),
            place=str(error.get("place") or ""),
            way_out=str(error.get("way_out") or f"see .noria/logs/{self.name}.log"),
        )

    def look(self) -> bool:
        """Start it again when it has died and its time has come; whether anything changed."""
        now = time.monotonic()
        calm = now - self._born > CALM_SECONDS
        if self.process is not None and self.process.poll() is None:
            changed, self.trouble = calm and bool(self.trouble), {} if calm else self.trouble
            return changed
        if self.process is not None:
            self.crashes = 0 if calm else self.crashes
            wait = BACKOFF[min(self.crashes, len(BACKOFF) - 1)]
            self.crashes += 1
            self._again = now + wait
            reason = self._last_words() or ending(self.process.returncode)
            self._fell(reason)
            _log.error(
                "the %s ended with %s, again in %g s: %s (all of it: .noria/logs/%s.log)",
                *(self.name, self.process.returncode, wait, reason, self.name),
            )
            self.process = None
            return True
        if now < self._again:
            return False
        try:
            self.start()
        except ServeError as exc:
            self._fell(str(exc))
            _log.error("the %s does not start: %s", self.name, exc)
        return True

    def _fell(self, reason: str) -> None:
        since = (self.trouble if self.crashes > 1 else {}).get("since") or to_iso(time.time_ns() // 1_000)
        self.trouble = {"crashes": self.crashes, "since": since, "reason": reason}

    def _last_words(self) -> str:
        """The last line that it wrote into its log in this life."""
        with open(self._project.state / "logs" / f"{self.name}.log", "rb") as log:
            log.seek(max(self._logged, log.seek(0, os.SEEK_END) - TAIL))
            lines = [line for line in log.read().decode("utf-8", "replace").splitlines() if line.strip()]
        return lines[-1].strip()[:LONGEST_REASON] if lines else ""

    def stop(self, seconds: float) -> None:
        """Ask it to stop; kill it when it does not in time."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                _log.error("the %s did not stop within %g s: killed", self.name, seconds)
                self.kill()

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process is not None and self.process.poll() is None else None


class _Tree:
    """The children of one `up`, and the file that tells where they are."""

    def __init__(self, project: Project, host: str, port: int) -> None:
        self._project, self._host, self._port = project, host, port
        root, me = str(project.root), str(os.getpid())
        self._scorer = Child(
            project, "scorer", "noria.serve", lambda: [root, "--host", self._host, "--port", str(self._port)], True
        )
        self._loop = Child(project, "loop", "noria.serve.child", lambda: [me, "noria.retrain", root], False)
        self._token = ""

    def start(self) -> None:
        self._scorer.start()
        self._port = int(self._scorer.ready["port"])  # kept when it was 0: a scorer that restarts is found again
        auth.revoke_named(self._project.store, TOKEN)
        auth.sweep(self._project.store)
        self._token = auth.issue(self._project.store, TOKEN, SCOPES)
        self._write()
        self._loop.start()
        self._write()

    def look(self) -> None:
        if self._scorer.look() | self._loop.look():
            self._write()

    def stop(self) -> None:
        """The loop first: what it starts no more cannot disturb the scorer's last answers."""
        self._loop.stop(STOP_SECONDS)
        self._scorer.stop(STOP_SECONDS)
        (self._project.state / UP_FILE).unlink(missing_ok=True)
        auth.revoke_named(self._project.store, TOKEN)

    def told(self) -> JsonObject:
        shown = f"[{self._host}]" if ":" in self._host else self._host
        return {
            "pid": os.getpid(),
            "host": self._host,
            "port": self._port,
            "url": f"http://{shown}:{self._port}",
            "pids": {"scorer": self._scorer.pid, "loop": self._loop.pid},
            "since": to_iso(time.time_ns() // 1_000),
            "trouble": {child.name: child.trouble for child in (self._scorer, self._loop) if child.trouble},
        }

    def _write(self) -> None:
        """Whole or not at all, and for nobody else's eyes: it holds a token."""
        path = self._project.state / UP_FILE
        part = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump({**self.told(), "token": self._token}, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)


def ending(code: int) -> str:
    """How a process ended, in words.

    >>> ending(-9), ending(1)
    ('killed by SIGKILL', 'ended with status 1, and said nothing')
    """
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}, and said nothing"


@contextlib.contextmanager
def _only_one(project: Project) -> Iterator[None]:
    """Raises AlreadyUp while another `up` holds this project. The lock goes with its process, however that ends."""
    path = project.state / "up.lock"
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        os.close(fd)
        raise AlreadyUp("this project is served already", place=str(project.root), way_out=_where(project)) from exc
    try:
        yield
    finally:
        os.close(fd)


def _where(project: Project) -> str:
    try:
        there: Any = json.loads((project.state / UP_FILE).read_text("utf-8"))
        return f"it is at {there['url']}; stop it with: kill {there['pid']}"
    except (OSError, ValueError, KeyError):
        return "stop the other noria up first"
