"""An artifact store whose every artifact has a row: who keeps bytes through it need not think of the record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tidemill.store.artifacts.port import Artifacts, Stat
from tidemill.store.records import Artifact
from tidemill.types import Micros

if TYPE_CHECKING:
    from tidemill.store.sql.nouns import Named


class RecordedArtifacts(Artifacts):
    """With rows. Bytes come first: a kill between the two leaves bytes that `tidemill gc` collects.

    `put` commits, so it is called outside of transactions. The engine is given ``plain``: it writes the rows of its steps'
    artifacts in its own transactions, with what their codecs are.
    """

    def __init__(self, plain: Artifacts, rows: Named[Artifact], now: Callable[[], Micros]) -> None:
        self.plain, self.root = plain, plain.root
        self._rows, self._now = rows, now

    @property
    def address(self) -> str:
        return self.plain.address

    def put(self, data: bytes) -> str:
        digest = self.plain.put(data)
        self._rows.add_new(
            [Artifact(digest, "bytes", len(data), self._now())]
        )  # one that is there may be going just now
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

    def sweep(self) -> int:
        return self.plain.sweep()
