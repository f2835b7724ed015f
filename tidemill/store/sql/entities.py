"""What models of entities would be asked about each of them now: made by jobs, read by the server, one row an entity."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sqlalchemy import Connection, bindparam, delete, insert, select

from tidemill.store.records import EntityInputs
from tidemill.store.sql import schema
from tidemill.store.sql.database import CHUNK
from tidemill.store.sql.nouns import Records
from tidemill.store.sql.rows import Rows
from tidemill.types import Micros

ENTITIES = Rows(EntityInputs, schema.entity_inputs, "inputs of an entity", "model", "subject")
_own = schema.entity_inputs.c
_DROP = delete(schema.entity_inputs).where(
    _own.model == bindparam("model"), _own.subject.in_(bindparam("subjects", expanding=True))
)
_OLD = select(_own.subject).where(_own.model == bindparam("model"), _own.at < bindparam("before"))


class Entities(Records[EntityInputs]):
    """By model and subject."""

    def hold(self, model: str, held: Sequence[EntityInputs]) -> None:
        """These in place of what was held of the same. A few at a time in each transaction: an answer never waits for all of them."""
        for start in range(0, len(held), CHUNK):
            self._db.write(partial(_replace, model, held[start : start + CHUNK]), alone=False)

    def drop(self, model: str, before: Micros) -> int:
        """What was made before this moment goes: how many. Those entities were not active any more."""
        old = [str(row[0]) for row in self._db.rows(_OLD, given={"model": model, "before": before})]
        for start in range(0, len(old), CHUNK):
            self._db.write(partial(_drop, model, old[start : start + CHUNK]), alone=False)
        return len(old)


def _drop(model: str, subjects: Sequence[str], tx: Connection) -> None:
    tx.execute(_DROP, {"model": model, "subjects": subjects})


def _replace(model: str, held: Sequence[EntityInputs], tx: Connection) -> None:
    _drop(model, [one.subject for one in held], tx)
    tx.execute(insert(schema.entity_inputs), [ENTITIES.row(one) for one in held])
