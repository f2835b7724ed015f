"""What every artifact store promises: bytes named by their SHA-256, checked at every read, never changed in place.

What `put` has returned is kept; `get` returns exactly those bytes or raises `Damaged` (a wrong byte) or `NotFound`. Writing the
same bytes again is the same artifact. `tidemill.testing.artifacts` is the suite that each store must pass.
"""

from __future__ import annotations

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tidemill.errors import Damaged, NotFound

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class Stat(NamedTuple):
    size: int  # bytes
    idle: float  # seconds since it was put or verified last (wall time)


class Artifacts(ABC):
    """Bytes by their digest."""

    root: Path
    """The folder on this machine that holds them, or copies of some."""

    @property
    @abstractmethod
    def address(self) -> str:
        """What `tidemill.store.artifacts.open_artifacts` opens in another process; it holds no secret."""

    @abstractmethod
    def put(self, data: bytes) -> str:
        """Keep the bytes; their digest. Raises DiskFull (nothing is left behind) or StoreError."""

    @abstractmethod
    def get(self, digest: str) -> bytes:
        """Exactly the bytes that were put. Raises Damaged, NotFound."""

    @abstractmethod
    def path(self, digest: str) -> Path:
        """A read-only file of this machine with these bytes, verified just now. Raises Damaged, NotFound."""

    @abstractmethod
    def has(self, digest: str) -> bool:
        """Whether it is there; `verify` says whether it is right."""

    @abstractmethod
    def verify(self, digest: str) -> None:
        """Reads every byte. Raises Damaged, NotFound."""

    @abstractmethod
    def stat(self, digest: str) -> Stat:
        """Raises NotFound."""

    @abstractmethod
    def delete(self, digest: str, idle: float = 0.0) -> int | None:
        """The bytes that were freed; None where it is not there, or was put or verified within ``idle`` seconds."""

    @abstractmethod
    def digests(self) -> Iterator[str]:
        """Every digest that is there, sorted."""

    @abstractmethod
    def sweep(self) -> int:
        """Removes what killed writers left half written, and says how many."""


def name_of(digest: str) -> str:
    """The 64 hex digits. Raises NotFound for what is no digest."""
    if not DIGEST.fullmatch(digest):
        raise NotFound(f"{digest!r} is not a digest", hint="a digest is 'sha256:' and 64 hex digits")
    return digest.removeprefix("sha256:")


def check(found: str, digest: str, place: str) -> None:
    """Raises Damaged where these 64 hex digits are not those of the digest."""
    if f"sha256:{found}" != digest:
        raise Damaged(
            f"the bytes are not those of {digest[:19]}…",
            place=place,
            hint="the disk or somebody changed them; make the artifact again",
        )


def check_bytes(data: bytes, digest: str, place: str) -> None:
    check(hashlib.sha256(data).hexdigest(), digest, place)
