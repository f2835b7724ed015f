"""A mark stands for a person where the name may not: in the ledger, in what is kept of who was forgotten. Only this project can make it.

It is an HMAC-SHA256 of the kind and the name, by a key of 32 bytes that is in no database, listing or log: in a file (0600) beside the
signing keys, made when it is first needed, or for a team in the environment. Without the key nobody can try names until one fits.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tidemill.errors import ConfigError, NotAttested
from tidemill.files import secret_of, write_whole
from tidemill.scope.home import keeping
from tidemill.types import canonical

if TYPE_CHECKING:
    from tidemill.scope.project import Project

VARIABLE = "TIDEMILL_MARKS_KEY"
"""It, or the file that ``…_FILE`` names, holds the key as 64 hexadecimal digits."""
NAME, KNOWN = "marks.key", "marks"
_BYTES = 32


def mark(project: Project, kind: str, subject: str) -> str:
    """The same for the same person of the same kind, always. Raises NotAttested where this machine has another key, or none."""
    return _hashed(key_of(project), [kind, subject])


def marker(project: Project) -> Callable[[str, str], str]:
    """As `mark`, for very many people."""
    key = key_of(project)
    return lambda kind, subject: _hashed(key, [kind, subject])


def key_of(project: Project) -> bytes:
    """The project's key; the first use makes it, where the project has none. Raises ConfigError, NotAttested, StoreError."""
    known = project.store.settings.get(KNOWN)
    path = project.keys_dir / NAME
    said = secret_of(VARIABLE)
    key = _read(said, VARIABLE) if said is not None else _kept(path, make=known is None)
    seen = _hashed(key, ["key", project.id])
    if known is None:
        known = project.store.settings.keep(KNOWN, seen)
    if not hmac.compare_digest(str(known), seen):
        raise NotAttested(
            "the marks of this project were made with another key than this machine has",
            place=VARIABLE if said is not None else str(path),
            hint=f"copy {NAME} from the machine that made it, or give it in {VARIABLE}",
        )
    return key


def _hashed(key: bytes, said: list[str]) -> str:
    return hmac.new(key, canonical(said), hashlib.sha256).hexdigest()


def _kept(path: Path, make: bool) -> bytes:
    with keeping(path, "key of the marks"):
        if make and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                write_whole(path, secrets.token_hex(_BYTES).encode(), over=False)
            except FileExistsError:
                pass  # another process was first
        if not path.exists():
            hint = f"copy it from the machine that made it, or give it in {VARIABLE}"
            raise NotAttested("the key of this project's marks is not on this machine", place=str(path), hint=hint)
        if path.stat().st_mode & 0o077:
            raise NotAttested("others can read the key of the marks", place=str(path), hint=f"chmod 600 {path}")
        return _read(path.read_text("ascii", "replace").strip(), str(path))


def _read(said: str, place: str) -> bytes:
    try:
        key = bytes.fromhex(said)
    except ValueError:
        key = b""
    if len(key) != _BYTES:
        raise ConfigError("this is no key of marks", place=place, hint=f"{2 * _BYTES} hexadecimal digits")
    return key
