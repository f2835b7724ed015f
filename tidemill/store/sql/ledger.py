"""The ledger as rows."""

from __future__ import annotations

from tidemill.store.chain import LedgerHead, LedgerRecord
from tidemill.store.sql import schema
from tidemill.store.sql.rows import Rows

LEDGER = Rows(LedgerRecord, schema.ledger, "ledger record", "seq", moment="at")
HEADS = Rows(LedgerHead, schema.ledger_heads, "ledger head", "size", moment="at")
