"""Anchors: places outside the project that are told its heads, so that whoever can write everything here is found out there.

The latest head is what is told: it is over all records before it. One that does not take it is asked again, later and later, and that it
does not is said until it does. A file and a repository are read again by `tidemill ledger verify`; what a program was told is its to keep.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidemill.engine.fingerprint.environment import GIT, outside
from tidemill.errors import ConfigError, ServeError, StoreError, TidemillError
from tidemill.files import fsync_folder
from tidemill.ledger.heads import last_head, line_of
from tidemill.serve.callbacks import Callbacks, wait_of
from tidemill.store.chain import LedgerHead
from tidemill.store.records import Event
from tidemill.types import Micros, named_id

if TYPE_CHECKING:
    from tidemill.scope.project import Project

FAILING = "ledger_anchors"
"""The setting with the anchors that do not take what they are told: {address: {since, tries, error, again}}."""
SECONDS = 20
MOST = 64_000_000  # bytes of an anchor that are read
TAIL = 64_000  # bytes before its end in which its last line is
_COMMIT = (
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "commit.gpgsign=false",
    "-c",
    "user.name=tidemill",
    "-c",
    "user.email=tidemill@localhost",
)


@dataclass(frozen=True, slots=True)
class Failing:
    """An anchor that does not take the latest head."""

    anchor: str
    since: Micros
    tries: int
    error: str


def tell(project: Project, now: Micros, *, at_once: bool = False) -> list[Failing]:
    """Tell the latest head to each anchor that has not taken it, and whose time it is (``at_once``: to all); those that do not take it."""
    head = last_head(project)
    if head is None:
        return []
    state = _state(project)
    failed = {name: state[name] for name in state if name in project.ledger.anchors}
    taken = list(head.anchors)
    for anchor in project.ledger.anchors:
        before = failed.get(anchor)
        if anchor in taken or (before and not at_once and now < before["again"]):
            continue
        try:
            _told(project, anchor)(head)
        except (TidemillError, OSError, subprocess.SubprocessError) as exc:
            failed[anchor] = _later(project, anchor, before, now, exc)
        else:
            taken.append(anchor)
            failed.pop(anchor, None)
            _took(project, head, taken)
    if failed != state:
        project.store.settings.set(FAILING, failed)
    return failing(project)


def failing(project: Project) -> list[Failing]:
    """The configured anchors that have not taken what they were told."""
    found = _state(project)
    names = project.ledger.anchors
    return [Failing(n, found[n]["since"], found[n]["tries"], found[n]["error"]) for n in names if n in found]


def lines(project: Project, anchor: str) -> list[bytes] | None:
    """What an anchor keeps, line by line; None of a program, which keeps it to itself. Raises StoreError."""
    kind, _, path = anchor.partition(":")
    if kind == "file":
        return _read(Path(path)).splitlines()
    if kind == "git":
        return _git(Path(path), "show", f"HEAD:{_name(project)}").splitlines()
    return None


def _state(project: Project) -> dict[str, Any]:
    found = project.store.settings.get(FAILING)
    return dict(found) if isinstance(found, dict) else {}


def _took(project: Project, head: LedgerHead, taken: list[str]) -> None:
    project.store.ledger_heads.put(LedgerHead(head.size, head.root, head.at, head.envelope, tuple(taken)))


def _later(project: Project, anchor: str, before: Any, now: Micros, exc: Exception) -> dict[str, Any]:
    """When it is told again. People are told when it begins."""
    error = exc.message if isinstance(exc, TidemillError) else str(exc) or type(exc).__name__
    since, tries = (before["since"], before["tries"] + 1) if before else (now, 1)
    if before is None:
        data = {"anchor": anchor.partition("?")[0], "error": error}
        event = Event(
            named_id("event", FAILING, anchor, str(since)),
            project.clock.now(),
            "anchor_failed",
            f"project:{project.name}",
            data,
        )
        project.store.events.add_once(event)
    return {"since": since, "tries": tries, "error": error[:500], "again": now + wait_of(tries)}


def _told(project: Project, anchor: str) -> Callable[[LedgerHead], None]:
    kind, _, path = anchor.partition(":")
    if kind == "file":
        return lambda head: append(_outside(project, Path(path)), line_of(head))
    if kind == "git":
        return lambda head: _commit(_outside(project, Path(path)), _name(project), head)
    return lambda head: _post(project, anchor, head)


def _outside(project: Project, path: Path) -> Path:
    """Raises ConfigError: who can change the project's folder could change what stands in it, too."""
    if path.resolve().is_relative_to(project.root.resolve()):
        raise ConfigError(
            "an anchor in the project's own folder shows nothing", place=str(path), hint="a folder elsewhere"
        )
    return path


def append(path: Path, line: bytes) -> None:
    """One line more, on the disk when this returns. What an earlier try left of a line was never taken, and goes. Raises StoreError, OSError."""
    new = not path.exists()
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, 0o600), "r+b") as file:
        end = file.seek(0, os.SEEK_END)
        behind = file.seek(max(0, end - TAIL))
        tail = file.read()
        whole = tail.rfind(b"\n") + 1
        if behind and not whole:
            raise StoreError("this is no file of ledger heads", place=str(path), hint="name another one")
        if tail[:whole].splitlines(keepends=True)[-1:] == [line]:
            return
        file.seek(behind + whole)
        file.truncate()
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    if new:
        fsync_folder(path.parent)


def _commit(repository: Path, name: str, head: LedgerHead) -> None:
    """Raises StoreError, OSError."""
    if not (repository / ".git").exists():
        raise StoreError(
            "this is no repository of git", place=str(repository), hint="git init there, or name its top folder"
        )
    append(repository / name, line_of(head))
    _git(repository, "add", "--", name)
    if _git(repository, "status", "--porcelain", "--", name):
        _git(
            repository,
            *("commit", "--quiet", "--message", f"The ledger's head of {head.size} records", "--", name),
            settings=_COMMIT,
        )


def _name(project: Project) -> str:
    return f"ledger-{project.id}.jsonl"


def _git(repository: Path, *arguments: str, settings: tuple[str, ...] = ()) -> bytes:
    done = subprocess.run(
        [*GIT, *settings, *arguments],
        cwd=repository,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=SECONDS,
        env=outside() | {"GIT_TERMINAL_PROMPT": "0"},
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise StoreError(f"git {arguments[0]}: {said[-1] if said else done.returncode}", place=str(repository))
    return done.stdout


def _post(project: Project, url: str, head: LedgerHead) -> None:
    """By the way that callbacks take: signed, to no network that was not named, no redirect followed. Raises ServeError."""
    name = f"ledger_{project.id}_{head.size}"
    if not asyncio.run(Callbacks(project, [url]).tell(url, name, line_of(head))):
        raise ServeError("it did not take the head; the log says why", place=url.partition("?")[0])


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            found = file.read(MOST + 1)
    except OSError as exc:
        raise StoreError(f"the anchor cannot be read: {exc.strerror}", place=str(path)) from exc
    if len(found) > MOST:
        raise StoreError(f"the anchor is longer than {MOST:,} bytes", place=str(path), hint="go on in another file")
    return found
