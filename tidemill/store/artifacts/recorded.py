"""An artifact store whose every artifact has a row: who keeps bytes through it need not think of the record."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tidemill.store.artifacts.local import LocalArtifacts
from tidemill.store.records import Artifact
from tidemill.types import Micros

if TYPE_CHECKING:
    from tidemill.store.sql.nouns import Named


class RecordedArtifacts(LocalArtifacts):
    """With rows. Bytes come first: a kill between the two leaves bytes that `tidemill gc` collects.

    `put` commits, so it is called outside of transactions. The engine is given ``plain``: it writes the rows of its steps'
    artifacts in its own transactions, with what their codecs are.
    """

    def __init__(self, root: Path, rows: Named[Artifact], now: Callable[[], Micros]) -> None:
        super().__init__(root)
        self.plain = LocalArtifacts(root)
        self._rows, self._now = rows, now

    def put(self, data: bytes) -> str:
        digest = super().put(data)
        self._rows.add_new(
            [Artifact(digest, "bytes", len(data), self._now())]
        )  # one that is there may be going just now
        return digest
