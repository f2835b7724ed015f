"""Which artifacts there are; their bytes are in the artifact store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, delete

from tidemill.store.ports import Tx
from tidemill.store.records import Artifact
from tidemill.store.sql import schema
from tidemill.store.sql.database import Database
from tidemill.store.sql.rows import Rows

ARTIFACTS = Rows(Artifact, schema.artifacts, "artifact")
_GET = ARTIFACTS.where("digest")
_ALL = ARTIFACTS.select.order_by(schema.artifacts.c.digest)
_REMOVE = delete(schema.artifacts).where(schema.artifacts.c.digest == bindparam("gone"))


class Artifacts:
    def __init__(self, database: Database) -> None:
        self._db = database

    def put(self, artifact: Artifact, tx: Tx = None) -> None:
        """The same digest twice is one artifact; the first record of it stays."""
        self._db.write(lambda tx: ARTIFACTS.add_new(tx, [artifact]), tx)

    def get(self, digest: str) -> Artifact:
        row = self._db.first(_GET, given={"digest": digest})
        if row is None:
            raise ARTIFACTS.missing({"digest": digest})
        return ARTIFACTS.record(row)

    def list(self) -> Sequence[Artifact]:
        return ARTIFACTS.records(self._db.rows(_ALL))

    def remove(self, digests: Iterable[str], tx: Tx = None) -> None:
        gone = [{"gone": digest} for digest in digests]
        self._db.write(lambda tx: tx.execute(_REMOVE, gone) if gone else None, tx)
