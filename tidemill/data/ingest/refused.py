"""Files that ingests refused, as the records remember them: judged or read again only where that can change something.

Rows that broke the contract are judged again when the dataset has changed, and at each ingest where some are in the
future. What could not be read at all (no table, a bomb, bytes that end their reader) is not read again while it stays as
it is, unless somebody asks (`forget`) or another version of Tidemill comes, whose reader may do better. Nothing here
loads what reads tables.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import msgspec

from tidemill.errors import DataBlocked, DataError, SourceError

if TYPE_CHECKING:
    from tidemill.store.records import Tx
    from tidemill.store.sql.store import MetadataStore

READER = version("tidemill")
"""Whose reader could not read a file: another may do better."""
_AGAIN = "it is not read again until it changes, or somebody asks: tidemill data retry"


class Refused(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One of them. ``reader``: the version that could not read it; nothing where it was read. ``beside``: the version of the
    dataset that its rows were judged beside; none where time may change what becomes of them.
    """

    file: str
    size: int
    contract: str
    message: str
    place: str = ""
    hint: str = ""
    reader: str = ""
    beside: int | None = None

    def stands(self, size: int) -> bool:
        """Whether it would not be read now either. A Delta table may have got its missing files: its size then is another."""
        return self.reader == READER and self.size == size

    def error(self) -> DataError:
        """What it was refused with."""
        if not self.reader:
            return DataBlocked(self.message, place=self.place, hint=self.hint)
        return SourceError(self.message, place=self.place, hint="; ".join(filter(None, (self.hint, _AGAIN))))


def refused(store: MetadataStore, dataset: str) -> dict[str, Refused]:
    """By digest, in the order of the source."""
    kept = store.settings.get(f"refused:{dataset}")
    try:
        return msgspec.convert(kept or {}, dict[str, Refused])
    except msgspec.ValidationError:  # kept by another version: the files are judged once more
        return {}


def remember(store: MetadataStore, dataset: str, found: dict[str, Refused], tx: Tx = None) -> None:
    """These, and no others."""
    store.settings.set(f"refused:{dataset}", msgspec.to_builtins(found), tx)


def forget(store: MetadataStore, dataset: str, tx: Tx = None) -> list[str]:
    """Let the next ingest read again what could not be read; the names of those files."""
    found = refused(store, dataset)
    unread = [one.file for one in found.values() if one.reader]
    if unread:
        remember(store, dataset, {d: msgspec.structs.replace(one, reader="") for d, one in found.items()}, tx)
    return unread
