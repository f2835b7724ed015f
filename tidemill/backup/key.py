"""The key of a project's backups: 32 bytes that are in no backup. Without it nobody can read one, whoever made it included."""

from __future__ import annotations

import secrets
from pathlib import Path

from tidemill.errors import ConfigError, NotAttested
from tidemill.files import secret_of, write_whole
from tidemill.scope.home import keeping

VARIABLE = "TIDEMILL_BACKUP_KEY"
"""It, or the file that ``…_FILE`` names, holds the key as 64 hexadecimal digits."""
NAME = "backup.key"
SIZE = 32


def key_of(keys: Path, *, make: bool = False) -> bytes:
    """The environment's, else the one in the folder of the project's keys; ``make``: the first use makes it there.

    Raises ConfigError for one that is none, NotAttested where there is none or others can read it, StoreError.
    """
    said = secret_of(VARIABLE)
    if said is not None:
        return _read(said, VARIABLE)
    path = keys / NAME
    with keeping(path, "key of the backups"):
        if make and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                write_whole(path, secrets.token_hex(SIZE).encode(), over=False)
            except FileExistsError:
                pass  # another process was first
        if not path.exists():
            hint = (
                f"give the one that the backups were made with in {VARIABLE}, or in the file that {VARIABLE}_FILE names"
            )
            raise NotAttested("the key of the backups is not on this machine", place=str(path), hint=hint)
        if path.stat().st_mode & 0o077:
            raise NotAttested("others can read the key of the backups", place=str(path), hint=f"chmod 600 {path}")
        return _read(path.read_text("ascii", "replace"), str(path))


def _read(said: str, place: str) -> bytes:
    try:
        key = bytes.fromhex(said.strip())
    except ValueError:
        key = b""
    if len(key) != SIZE:
        raise ConfigError("this is no key of backups", place=place, hint=f"{2 * SIZE} hexadecimal digits")
    return key
