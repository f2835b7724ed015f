"""The ledger: the latest acts, its signed heads and where they are anchored, and whether it holds."""

from __future__ import annotations

from typing import Any

from tidemill.ops import ledger as verbs
from tidemill.ops.approvals import names_of
from tidemill.store.chain import SOMEBODY
from tidemill.web.site import Ask, Page, Shown, by_key, home_of

HEADS = 5


def ledger(ask: Ask) -> Shown:
    part = by_key(ask, "/ledger", verbs.show, export=None, principal=ask.text("principal"))
    names = names_of(ask.project, [one.principal for one in part.rows])
    heads = ask.project.store.ledger_heads.list()
    asked = ask.text("verify") == "1"
    values: dict[str, Any] = {
        "part": part,
        "names": names,
        "somebody": SOMEBODY,
        "homes": {one.seq: home_of(one.subject) if ":" in one.subject else None for one in part.rows},
        "heads": sorted(heads, key=lambda one: one.size, reverse=True)[:HEADS],
        "verified": verbs.verify(ask.project) if asked else None,
    }
    return Shown("Ledger", values)


PAGES = (Page("/ledger", "ledger.html", "ledger", ledger, "ledger.read"),)
