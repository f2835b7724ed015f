"""Tokens of programs and one-use login codes, as hashes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete

from tidemill.store.ports import Tx
from tidemill.store.records import Token
from tidemill.store.sql import schema
from tidemill.store.sql.database import Database
from tidemill.store.sql.rows import Rows

TOKENS = Rows(Token, schema.tokens, "token")
_token = schema.tokens.c


class Tokens:
    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, token: Token, tx: Tx = None) -> None:
        self._db.write(lambda tx: TOKENS.add(tx, token), tx)

    def by_hash(self, hash: str) -> Token | None:
        row = self._db.first(TOKENS.select.where(_token.hash == hash))
        return None if row is None else TOKENS.record(row)

    def list(self) -> Sequence[Token]:
        return TOKENS.records(self._db.rows(TOKENS.select.order_by(_token.created, _token.id)))

    def delete(self, token_id: str, tx: Tx = None) -> bool:
        gone = delete(schema.tokens).where(_token.id == token_id)
        return self._db.write(lambda tx: tx.execute(gone).rowcount == 1, tx)
