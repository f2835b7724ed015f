"""The policy of an open project: read once, and anew when the file is another."""

from __future__ import annotations

import stat
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from tidemill.access.policy.policy import Policy
from tidemill.access.policy.read import MOST, Known, parse
from tidemill.access.policy.rules import FILE
from tidemill.errors import ConfigError, TidemillError

if TYPE_CHECKING:
    from tidemill.scope.project import Project

Mark = tuple[int, ...]
"""What is another when the file is; nothing where there is none."""


@dataclass(frozen=True, slots=True)
class _Held:
    mark: Mark
    policy: Policy


_held: dict[tuple[Path, str], _Held] = {}
_lock = Lock()


def policy_of(project: Project) -> Policy:
    """The policy that counts now. A file that cannot be read takes nothing away from what was read before, and says so in
    ``broken``; where nothing was, it raises ConfigError."""
    key = (project.root, project.id)
    mark = _mark(project.root / FILE)
    held = _held.get(key)
    if held is None or held.mark != mark:
        with _lock:
            held = _held[key] = _Held(mark, _read(project, held))
    return held.policy


def read_now(project: Project) -> Policy:
    """The policy that the file says at this moment, whatever was read before. Raises ConfigError."""
    return parse(text_of(project.root / FILE), known_in(project))


def known_in(project: Project) -> Known:
    """What the rules of this project's policy may speak of."""
    return Known(project.endpoint_names, list(project.environments), list(project.datasets))


def _read(project: Project, held: _Held | None) -> Policy:
    try:
        return read_now(project)
    except TidemillError as exc:
        if held is None:
            raise
        return replace(held.policy, broken=exc)


def _mark(path: Path) -> Mark:
    try:
        found = path.stat()
    except OSError as exc:
        return (exc.errno or 0, path.is_symlink()) if _is_there(path, exc) else ()
    return found.st_mtime_ns, found.st_size, found.st_ino, found.st_ctime_ns


def _is_there(path: Path, exc: OSError) -> bool:
    """Whether there is something that cannot be read: a link that leads nowhere is no project without a policy."""
    return not isinstance(exc, FileNotFoundError) or path.is_symlink()


def text_of(path: Path, name: str = FILE) -> str | None:
    """The text of this file; None where there is none. Raises ConfigError."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for
            raise ConfigError("this is no file", place=name, hint="a policy is a text of TOML")
        with path.open("rb") as file:
            data = file.read(MOST + 1)
    except OSError as exc:
        if not _is_there(path, exc):
            return None
        raise ConfigError(f"cannot be read: {exc.strerror}", place=name) from exc
    if len(data) > MOST:
        raise ConfigError(f"longer than {MOST:,} bytes", place=name, hint="a policy is a page or two of rules")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise ConfigError(f"not UTF-8: {exc.reason}", place=name) from exc
