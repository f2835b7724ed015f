"""An artifact store whose every artifact has a row: who keeps bytes through it need not think of the record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tidemill.errors import NotFound
from tidemill.store.artifacts.base import ArtifactStore, Stat
from tidemill.store.ports import Artifacts
from tidemill.store.records import Artifact
from tidemill.types import Micros


@dataclass(frozen=True, slots=True)
class RecordedArtifacts:
    """The port over ``plain``, with rows. Bytes come first: a kill between the two leaves bytes that `tidemill gc` collects.

    `put` commits, so it is called outside of transactions. The engine is given ``plain``: it writes the rows of its steps'
    artifacts in its own transactions, with what their codecs are.
    """

    plain: ArtifactStore
    rows: Artifacts
    now: Callable[[], Micros]

    def put(self, data: bytes) -> str:
        digest = self.plain.put(data)
        try:
            self.rows.get(digest)  # a look costs less than a commit
        except NotFound:
            self.rows.put(Artifact(digest, "bytes", len(data), self.now()))
        return digest

    def get(self, digest: str) -> bytes:
        return self.plain.get(digest)

    def path(self, digest: str) -> Path:
        return self.plain.path(digest)

    def has(self, digest: str) -> bool:
        return self.plain.has(digest)

    def verify(self, digest: str) -> None:
        self.plain.verify(digest)

    def stat(self, digest: str) -> Stat:
        return self.plain.stat(digest)

    def delete(self, digest: str, idle: float = 0.0) -> int | None:
        return self.plain.delete(digest, idle)

    def digests(self) -> Iterator[str]:
        return self.plain.digests()
