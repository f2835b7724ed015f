"""Model versions and their aliases."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, select, update

from tidemill.errors import NotFound
from tidemill.ref import Ref
from tidemill.store.ports import Tx
from tidemill.store.records import ModelVersion
from tidemill.store.sql import schema
from tidemill.store.sql.database import Database
from tidemill.store.sql.paging import given, page
from tidemill.store.sql.rows import Rows

MODELS = Rows(ModelVersion, schema.models, "model")
_model, _alias = schema.models.c, schema.aliases.c
_GET = MODELS.where("name", "version")


def set_alias(tx: Connection, name: str, alias: str, version: int) -> None:
    """The alias points at this version from now on."""
    here = (_alias.name == name) & (_alias.alias == alias)
    if not tx.execute(update(schema.aliases).where(here).values(version=version)).rowcount:
        tx.execute(schema.aliases.insert().values(name=name, alias=alias, version=version))


class Models:
    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, model: ModelVersion, tx: Tx = None) -> None:
        self._db.write(lambda tx: MODELS.add(tx, model), tx)

    def next_version(self, name: str, tx: Tx = None) -> int:
        newest = self._db.value(select(func.max(_model.version)).where(_model.name == name), tx)
        return int(newest or 0) + 1

    def get(self, ref: str) -> ModelVersion:
        name, version = Ref.versioned("model", ref)
        row = self._db.first(_GET, given={"name": name, "version": version})
        if row is None:
            raise NotFound(f"no model {ref!r}", hint="tidemill models ls")
        return MODELS.record(row)

    def list(self, name: str | None = None) -> Sequence[ModelVersion]:
        query = MODELS.select.order_by(_model.name, _model.version)
        if name is not None:
            query = query.where(_model.name == name)
        return MODELS.records(self._db.rows(query))

    def page(self, name: str | None = None, *, before: str | None = None, limit: int = 50) -> Sequence[ModelVersion]:
        key = None if before is None else dict(zip(("name", "version"), Ref.versioned("model", before)))
        order = (_model.created, _model.name, _model.version)
        return page(self._db, MODELS, order, key, limit, *given((_model.name, name)))

    def alias(self, name: str, alias: str, version: int, tx: Tx = None) -> None:
        def work(tx: Connection) -> None:
            if tx.execute(select(_model.name).where(_model.name == name, _model.version == version)).first() is None:
                raise NotFound(f"no model 'model:{name}@{version}'", hint="tidemill models ls")
            set_alias(tx, name, alias, version)

        self._db.write(work, tx)

    def unalias(self, name: str, alias: str, version: int, tx: Tx = None) -> None:
        here = (_alias.name == name) & (_alias.alias == alias) & (_alias.version == version)
        self._db.write(lambda tx: tx.execute(delete(schema.aliases).where(here)), tx)

    def aliases(self, name: str) -> dict[str, int]:
        query = select(_alias.alias, _alias.version).where(_alias.name == name).order_by(_alias.alias)
        return {row.alias: row.version for row in self._db.rows(query)}
