"""What a table's commit says of an ingest: enough to do what follows it again from the log."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from tidemill.data.tables.tables import TableCommit
from tidemill.types import JsonObject, Micros


@dataclass(frozen=True, slots=True)
class Commit:
    """A table's commit as `register` needs it. ``files``: {digest, name, rows, quarantined, reasons}."""

    version: int
    ingest: str
    files: tuple[JsonObject, ...]
    at: Micros
    run: str | None

    @staticmethod
    def of(commit: TableCommit) -> Commit:
        """Read back from the table's log."""
        files = tuple(json.loads(commit.meta["tidemill.files"]))
        run = commit.meta.get("tidemill.run") or None
        return Commit(commit.version, commit.ingest, files, int(commit.meta["tidemill.at"]), run)

    @property
    def quarantined(self) -> int:
        return sum(f["quarantined"] for f in self.files)


def meta_of(files: Sequence[JsonObject], run: str | None, at: Micros, contract: str) -> dict[str, str]:
    """What is written into the table's log; `Commit.of` reads it. ``contract``: the digest of the one it was judged by."""
    return {
        "tidemill.files": json.dumps(files),
        "tidemill.run": run or "",
        "tidemill.at": str(at),
        "tidemill.contract": contract,
    }
