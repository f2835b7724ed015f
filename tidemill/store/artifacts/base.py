"""The artifact store's port: bytes named by their SHA-256, checked at every read.

Promise: what `put` has returned survives kill -9 and power loss (tmp, fsync, rename, directory fsync); `get` returns
exactly those bytes or raises `Damaged` (a wrong byte) or `NotFound`. Nothing is ever changed in place. A full disk is
`DiskFull` and leaves no part.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol


class Stat(NamedTuple):
    size: int  # bytes
    idle: float  # seconds since it was put or verified last (wall time)


class ArtifactStore(Protocol):
    def put(self, data: bytes) -> str:
        """Keep the bytes; their digest (``sha256:…``)."""
        ...

    def get(self, digest: str) -> bytes: ...
    def path(self, digest: str) -> Path:
        """A read-only local file with these bytes, verified just now."""
        ...

    def has(self, digest: str) -> bool: ...
    def verify(self, digest: str) -> None: ...
    def stat(self, digest: str) -> Stat:
        """Raises NotFound."""
        ...

    def delete(self, digest: str, idle: float = 0.0) -> int | None:
        """The bytes that were freed; None where there are none, or where they were put or verified within ``idle`` seconds.

        Whoever puts or verifies them at the same moment either still has them afterwards, or sees that they are gone.
        """
        ...

    def digests(self) -> Iterator[str]: ...
