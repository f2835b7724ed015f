"""`tidemill ledger`."""

from __future__ import annotations

import click

from tidemill.cli.output import Answer, Column, Listing, Part, Table, command, listed, paged
from tidemill.cli.progress import shown
from tidemill.ops import ledger as verbs
from tidemill.ops.status import NOT_ALL_RIGHT
from tidemill.ops.text import plural
from tidemill.scope.project import Project
from tidemill.types import to_iso

RECORDS: dict[str, Column] = {
    "record": "seq",
    "at": lambda one: to_iso(one.at),
    "principal": lambda one: one.principal or "tidemill",
    "act": "act",
    "subject": "subject",
    "event": "event",
}


class _Ledger(Listing):
    default = "show"


@click.group(cls=_Ledger)
def ledger() -> None:
    """Who did what, hashed record by record: what was changed afterwards is found."""


@command(ledger)
@click.option("--principal", help="What this principal (an id) did.")
@paged(20)
def show(project: Project, principal: str | None, limit: int, before: str | None) -> Answer:
    """The latest records."""
    found = verbs.show(project, principal, limit=limit, before=before)
    return listed(found, RECORDS, newest_last=True, empty="nothing was done yet")


@command(ledger)
def verify(project: Project) -> Answer:
    """Hold the ledger against itself, the details, its heads and its anchors; not all right (9) where it breaks."""
    with shown() as progress:
        found = verbs.verify(project, lambda done, of: progress("verifying the ledger", done, of))
    parts: list[Part] = [
        {
            "records": f"{found.records:,}",
            "root": found.root,
            "heads": f"{plural(found.heads, 'head')} of its own, {found.anchored} told elsewhere",
            **(
                {"erased": f"the details of {plural(found.erased, 'record')} are not there any more"}
                if found.erased
                else {}
            ),
        }
    ]
    if found.holds:
        return Answer(found, [*parts, "it holds"])
    breaks = [Table({"record": "record", "what": "what", "said": "said"}, found.breaks)]
    return Answer(found, [*parts, f"IT DOES NOT HOLD: {plural(found.broken, 'break')}", *breaks], NOT_ALL_RIGHT)
