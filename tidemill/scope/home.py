"""What this machine keeps about a project, outside its folder: its keys, and the id that it knows the folder by."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tidemill.errors import DiskFull, NotAttested, StoreError, no_room
from tidemill.files import write_whole

ID = re.compile(r"project_[0-9a-z]{26}")


def tidemill_home() -> Path:
    """``$TIDEMILL_HOME``, else ``~/.config/tidemill``."""
    return Path(os.environ.get("TIDEMILL_HOME") or Path.home() / ".config" / "tidemill")


def keys_of(project_id: str) -> Path:
    """Where this machine keeps the keys of a project."""
    return tidemill_home() / "keys" / project_id


def known_id(root: Path) -> str | None:
    """The id that this machine knows the project in this folder by: written down at its first signature.

    Raises NotAttested where what was written down cannot be read: then nobody's word is taken for it.
    """
    path = _pin(root)
    try:
        known = path.read_bytes().partition(b"\n")[0].decode("ascii", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as exc:
        raise _unreadable(path, str(exc.strerror)) from exc
    if not ID.fullmatch(known):
        raise _unreadable(path, f"{known[:40]!r} is no id")
    return known


def pin(root: Path, project_id: str) -> None:
    """From now on this folder holds the project of this id and no other. Raises DiskFull, StoreError."""
    path = _pin(root)
    with keeping(path, "project's id"):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, project_id.encode() + b"\n" + os.fsencode(root) + b"\n")


@contextmanager
def keeping(path: Path, what: str) -> Iterator[None]:
    """What the file system says against a file that this machine keeps about a project, said by us."""
    try:
        yield
    except OSError as exc:
        if no_room(exc):
            hint = "free some room and run the same command again"
            raise DiskFull(f"the disk has no room for the {what}", place=str(path), hint=hint) from exc
        raise StoreError(
            f"the {what} cannot be kept here: {exc.strerror}",
            place=str(path),
            hint="set TIDEMILL_HOME to a folder outside the project that you can write, and run the same command again",
        ) from exc


def _unreadable(path: Path, said: str) -> NotAttested:
    return NotAttested(
        f"what this machine knows the folder as cannot be read: {said}",
        place=str(path),
        hint="put the file back; or compare the project's fingerprint, and it is written anew: tidemill trust",
    )


def _pin(root: Path) -> Path:
    return tidemill_home() / "projects" / hashlib.sha256(os.fsencode(root)).hexdigest()[:32]
