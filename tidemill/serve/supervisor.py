"""`tidemill up`: one small process that keeps the scorer and the loop running, and stops them together."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tidemill.access import tokens as auth
from tidemill.access.tokens import SCOPES, UP
from tidemill.errors import AlreadyUp, BadRequest, DiskFull, ProjectError, ServeError, StoreError, no_room
from tidemill.files import exclusive, write_whole
from tidemill.process.stop import on_signals
from tidemill.process.supervised import Supervised
from tidemill.scope.project import Project
from tidemill.serve.client import ROLES, UP_FILE, Roles, up_of
from tidemill.serve.http.door import Door
from tidemill.serve.http.listen import listen
from tidemill.types import JsonObject, to_iso

STOP_SECONDS = 20.0
SLOWLY = 5.0  # Seconds between attempts to write up.json where that fails, and between looks at the reserve
PATIENT = 4  # Crashes in a row after which nobody is kept waiting for the next start
_LOOK = 0.1

_log = logging.getLogger("tidemill.up")


def up(
    project: Project,
    host: str = "127.0.0.1",
    port: int = 8080,
    replay: bool = False,
    on_ready: Callable[[JsonObject], None] | None = None,
    *,
    cert: str = "",
    key: str = "",
    roles: Roles = ROLES,
    workers: int = 1,
) -> None:
    """Serve the project until SIGTERM or SIGINT. ``on_ready`` gets what up.json holds, but no token.

    ``cert``, ``key``: files in PEM, where it speaks TLS. ``roles``: what of it runs here. ``workers``: scorers that share the port.

    Raises AlreadyUp, PortBusy, ProjectError, BadRequest, or ServeError when the scorer does not start at all.
    """
    if not roles:
        raise BadRequest("neither a scorer nor a loop: nothing is left to run", hint="leave one of them out, not both")
    if replay and not project.replay:
        raise ProjectError("this project is not open for replay", place=str(project.root), hint="tidemill demo")
    if replay and workers > 1:
        raise BadRequest("a replay has one scorer, which alone moves its clock", place="workers", hint="--workers 1")
    door = Door.of(project.reached, host, cert, key)
    with only_one(project.root), on_signals() as stopping:
        tree = _Tree(project, door, port, stopping.is_set, roles, workers)
        try:
            stopping.again = tree.hurry
            tree.start()
            if on_ready is not None:
                on_ready(tree.told())
            while not stopping.wait(_LOOK):
                tree.look()
        except ServeError:
            if not stopping.is_set():  # else it did not start because it was asked to stop
                raise
        finally:
            tree.stop()


def token_name(root: Path) -> str:
    """What the token of an `up` in this folder is called: each machine of a team takes back its own alone.

    >>> token_name(Path("/srv/shop")) == token_name(Path("/srv/other"))
    False
    """
    return f"{UP}{socket.gethostname()}:{hashlib.sha256(str(root).encode()).hexdigest()[:8]}"


def login_address(project: Project, url: str) -> str:
    """An address that opens the page once, within an hour."""
    code = project.reserve.helped(lambda: auth.issue_code(project.store))
    return f"{url}/login?code={code}"


class _Tree:
    """The children of one `up`, and the file that tells where they are."""

    def __init__(
        self,
        project: Project,
        door: Door,
        port: int,
        stopping: Callable[[], bool] = lambda: False,
        roles: Roles = ROLES,
        workers: int = 1,
    ) -> None:
        self._project, self._door, self._port, self._roles = project, door, port, roles
        self._listening: socket.socket | None = None
        wanted = range(1, workers + 1) if "scorer" in roles else ()
        self._scorers = [self._worker(n, workers, stopping) for n in wanted]
        self._loop = Supervised(project.logs, "loop", "tidemill.retrain", lambda: [str(project.root)], False)
        self._children = [*self._scorers, *([self._loop] if "loop" in roles else [])]
        self._name, self._token = token_name(project.root), ""
        self._untold, self._again = False, 0.0  # whether up.json is behind, and when it is tried again
        self._filled = 0.0  # when the reserve was last seen to

    def _worker(self, n: int, of: int, stopping: Callable[[], bool]) -> Supervised:
        """One of the scorers that take their clients from one socket: whichever is free takes the next."""

        def line() -> list[str]:
            which = ["--worker", str(n), "--workers", str(of), "--port", str(self._port), "--fd", str(self._fd())]
            return [str(self._project.root), *self._at(), *which]

        name = "scorer" if n == 1 else f"scorer-{n}"
        return Supervised(self._project.logs, name, "tidemill.serve", line, True, stopping, lambda: [self._fd()])

    def _at(self) -> list[str]:
        door = self._door
        return ["--host", door.host, "--tls-cert", door.cert, "--tls-key", door.key]

    def _fd(self) -> int:
        """The socket's descriptor. It is held here, so that clients wait for a scorer that is started again. Raises PortBusy."""
        if self._listening is None:
            self._listening = listen(self._door.host, self._port)
            self._port = self._listening.getsockname()[1]
        return self._listening.fileno()

    def _hang_up(self) -> None:
        """Clients of a scorer that does not stay up are refused, rather than kept waiting."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None

    def start(self) -> None:
        if self._scorers:
            self._fd()  # the port is known from here on: a scorer that restarts is found again
            self._forget_those_before()
        for scorer in self._scorers:
            scorer.start()
        self._project.reserve.helped(self._be_known)  # the last good model serves on a full disk too
        if self._loop in self._children:
            self._loop.start()
        self._untold = True
        self._tell()

    def _forget_those_before(self) -> None:
        """Scorers that were killed with an earlier `up` are missed by nobody: of stores in the folder there is no other `up`."""
        store, here = self._project.store, (socket.gethostname(), self._door.own(self._port))
        with contextlib.suppress(StoreError):  # a full disk keeps nobody from being served
            for one in store.scorers.known():
                if not store.remote or (one.host, one.address.partition("#")[0]) == here:
                    store.scorers.drop(one.id)

    def _be_known(self) -> None:
        """A new token, and up.json that tells it."""
        auth.revoke_named(self._project.store, self._name)
        auth.sweep(self._project.store)
        self._token = auth.issue(self._project.store, self._name, SCOPES)
        self._write()

    def look(self) -> None:
        """See to the children, whatever the disk says: a full one must not take a working scorer along."""
        for child in self._children:
            self._untold |= child.look()
        if self._scorers and all(one.child is None and one.crashes > PATIENT for one in self._scorers):
            self._hang_up()
        now = time.monotonic()
        if now >= self._filled + SLOWLY:
            self._filled = now
            self._project.reserve.fill()
        if now >= self._again:
            self._tell()

    def _tell(self) -> None:
        """Bring up.json up to date; where that cannot be, it is tried again."""
        if not self._untold:
            return
        try:
            self._write()
        except (DiskFull, OSError) as exc:
            _log.error("again in %g s: %s", SLOWLY, exc)
            self._again = time.monotonic() + SLOWLY
        else:
            self._untold = False

    def stop(self) -> None:
        """The loop first: what it starts no more cannot disturb the scorer's last answers."""
        self._loop.stop(STOP_SECONDS)
        with ThreadPoolExecutor(max(1, len(self._scorers))) as beside:  # all at once: their drains are one
            list(beside.map(lambda scorer: scorer.stop(STOP_SECONDS), self._scorers))
        self._hang_up()
        (self._project.state / UP_FILE).unlink(missing_ok=True)
        try:
            self._project.reserve.helped(lambda: auth.revoke_named(self._project.store, self._name))
        except StoreError as exc:  # the file that told the token is gone, and the next `up` takes it back
            _log.error("the token of this server could not be taken back: %s", exc)

    def hurry(self) -> None:
        """Asked a second time: no drain."""
        for scorer in self._scorers if self._door.drain else ():
            scorer.ask()

    def told(self) -> JsonObject:
        """``host``, ``port``, ``url`` and ``cert`` where a scorer is among the ``roles``."""
        children = self._children
        where: JsonObject = {
            "host": self._door.near,
            "port": self._port,
            "url": self._door.url(self._port),
            "cert": self._door.cert,
        }
        return {
            "pid": os.getpid(),
            "roles": [role for role in ROLES if role in self._roles],
            **(where if self._scorers else {}),
            "pids": {child.name: child.pid for child in children},
            "since": to_iso(time.time_ns() // 1_000),
            "trouble": {child.name: child.trouble for child in children if child.trouble},
        }

    def _write(self) -> None:
        """Whole or not at all, and for nobody else's eyes: it holds a token. Raises DiskFull, OSError."""
        path = self._project.state / UP_FILE
        try:
            write_whole(path, json.dumps({**self.told(), "token": self._token}).encode())
        except OSError as exc:
            if no_room(exc):
                raise DiskFull("the disk is full", place=str(path), hint="free some room") from exc
            raise


@contextlib.contextmanager
def only_one(root: Path) -> Iterator[None]:
    """Raises AlreadyUp while another `up` holds this project. The lock goes with its process, however that ends."""
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(exclusive(root / ".tidemill" / "up.lock"))
        except BlockingIOError as exc:
            raise AlreadyUp("this project is served already", place=str(root), hint=_where(root)) from exc
        yield


def _where(root: Path) -> str:
    try:
        there = up_of(root)
        return f"it is at {there['url']}; stop it with: kill {there['pid']}"
    except (OSError, ValueError, KeyError):
        return "stop the other tidemill up first"
