"""The metadata store: `open_metadata` for the records of the loop, `open_live` for what serving writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tidemill.store.sql.light import lightly

if TYPE_CHECKING:
    from tidemill.store.sql.database import Database
    from tidemill.store.sql.live import LiveStore
    from tidemill.store.sql.store import MetadataStore
    from tidemill.store.sql.versions import Kind
    from tidemill.store.sql.write_ops import Combine

__all__ = ["is_made", "open_live", "open_metadata"]


def open_metadata(target: str | Path, *, schema: str = "", wait: float = 10.0, known: bool = False) -> MetadataStore:
    """The records of a project, from a file's path or a ``postgresql://`` URL; made or migrated where needed.

    ``wait``: seconds that a write waits for another process before it is `StoreBusy`. ``known``: it was there before, and
    one that is gone or empty is `Damaged`. ``schema``: of a database the part that is the project's; nothing said: as the URL says.

    >>> import tempfile, tidemill.store.records as r
    >>> store = open_metadata(Path(tempfile.mkdtemp()) / "tidemill.db")
    >>> store.settings.set("mode", "replay"); store.settings.get("mode")
    'replay'
    >>> store.close()
    """
    with lightly():
        from tidemill.store.sql.store import MetadataStore
        from tidemill.store.sql.versions import TIDEMILL

    return MetadataStore(_open(target, TIDEMILL, wait, known, schema))


def open_live(target: str | Path, *, schema: str = "", wait: float = 10.0, known: bool = False) -> LiveStore:
    """Predictions, outcomes and online events; as `open_metadata`. On PostgreSQL both may be one database."""
    with lightly():
        from tidemill.store.sql.live import LiveStore, combine
        from tidemill.store.sql.versions import LIVE

    return LiveStore(_open(target, LIVE, wait, known, schema, combine))


def is_made(url: str, schema: str) -> bool:
    """Whether a database has a store in this schema already; nothing is made. Raises StoreBusy, StoreError."""
    from tidemill.store.sql.postgres import has_tables
    from tidemill.store.sql.versions import TIDEMILL

    return has_tables(url, schema, TIDEMILL)


def _open(
    target: str | Path, kind: Kind, wait: float, known: bool, schema: str, combine: Combine | None = None
) -> Database:
    text = str(target)
    if text.startswith(("postgresql:", "postgresql+psycopg:", "postgres:")):
        from tidemill.store.sql.postgres import open_postgres

        return open_postgres(text, kind, schema=schema, wait=wait, combine=combine, known=known)
    from tidemill.store.sql.sqlite import open_sqlite

    path = Path(text.removeprefix("sqlite:///"))
    return open_sqlite(path, kind, wait=wait, combine=combine, known=known)
