"""Artifacts in object storage that speaks S3: each an object named by its digest, with copies in a folder.

Bytes are checked whenever they are fetched, and again whenever the copy on this machine is read: what was replaced behind our
back is `Damaged`, wherever. A copy saves the way, and is never the only one: `put` returns when the bucket has the bytes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tidemill.errors import Damaged, DiskFull, NotFound
from tidemill.store.artifacts.local import LocalArtifacts
from tidemill.store.artifacts.port import Artifacts, Stat, check_bytes, name_of
from tidemill.store.bucket import Bucket
from tidemill.store.copies import Copies, parted
from tidemill.types import digest as digest_of


class ObjectArtifacts(Artifacts):
    """At an address as `tidemill.store.copies.parted` takes it apart."""

    def __init__(self, address: str) -> None:
        self._address = address
        plain, folder, most = parted(address)
        self.bucket = Bucket(plain)
        self._bound = Copies(folder, most)
        self._copies = LocalArtifacts(folder / "artifacts")
        self.root = self._copies.root

    @property
    def address(self) -> str:
        return self._address

    def put(self, data: bytes) -> str:
        """As `Artifacts` says. One that is there is written again: so that it counts as used just now."""
        digest = self._copies.put(data) if self._bound.kept else digest_of(data)
        self.bucket.put(_key(digest), data)
        self._bound.came(len(data))
        return digest

    def get(self, digest: str) -> bytes:
        name_of(digest)
        if not self._bound.kept:  # what is there counts, not what an earlier time left here
            return self._fetch(digest)
        with suppress(NotFound, Damaged):  # a copy that is damaged is fetched anew
            data = self._copies.get(digest)
            self._bound.used(self._copies.file(digest))
            return data
        data = self._fetch(digest)
        with suppress(DiskFull):  # a copy saves the way, no more
            self._copies.put(data)
            self._bound.came(len(data))
        return data

    def path(self, digest: str) -> Path:
        with suppress(NotFound, Damaged):
            return self._copies.path(digest)
        self._copies.put(data := self._fetch(digest))
        self._bound.came(len(data))
        return self._copies.path(digest)

    def _fetch(self, digest: str) -> bytes:
        data = self.bucket.get(_key(digest), f"artifact {digest[:19]}…")
        try:
            check_bytes(data, digest, f"{self.bucket.place}/{_key(digest)}")
        except Damaged as exc:
            exc.hint = self._way_out(digest)
            raise
        return data

    def _way_out(self, digest: str) -> str:
        """A copy that is right, on this machine, or none."""
        try:
            file = self._copies.path(digest)
        except (NotFound, Damaged):
            return "somebody replaced the object: copy it from a machine that has it, or make the artifact again"
        return f"somebody replaced the object, and this machine has it as it was: put back {file}"

    def has(self, digest: str) -> bool:
        try:
            self.stat(digest)
        except NotFound:
            return False
        return True

    def verify(self, digest: str) -> None:
        """As `Artifacts` says, of the object itself; it counts as used just now."""
        self.put(self._fetch(digest))

    def stat(self, digest: str) -> Stat:
        found = self.bucket.look(_key(digest), f"artifact {digest[:19]}…")
        return Stat(found.size, max(0.0, time.time() - found.changed.timestamp()))

    def delete(self, digest: str, idle: float = 0.0) -> int | None:
        """As `Artifacts` says. The storage has no lock: one that is put again between the look and the deletion goes, and whoever
        reads it hears `NotFound`; keep ``idle`` at minutes."""
        try:
            found = self.stat(digest)
        except NotFound:
            return None
        if found.idle < idle:
            return None
        self.bucket.delete(_key(digest))
        self._copies.delete(digest)
        return found.size

    def digests(self) -> Iterator[str]:
        for found in self.bucket.below("sha256"):
            digest = f"sha256:{found.name.removeprefix('sha256/').replace('/', '')}"
            with suppress(NotFound):  # what else somebody put there is no artifact
                name_of(digest)
                yield digest

    def sweep(self) -> int:
        return self._copies.sweep()


def _key(digest: str) -> str:
    name = name_of(digest)
    return f"sha256/{name[:2]}/{name[2:]}"
