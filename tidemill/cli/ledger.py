"""`tidemill ledger`."""

from __future__ import annotations

from pathlib import Path

import click

from tidemill.access.callers import local
from tidemill.cli.output import Answer, Column, Listing, Part, Table, command, listed, paged
from tidemill.cli.progress import shown
from tidemill.errors import NOT_ALL_RIGHT
from tidemill.ops import ledger as verbs
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


@command(ledger)
def head(project: Project) -> Answer:
    """Sign the head of all records and tell it to the anchors; not all right (9) where one does not take it."""
    found = verbs.sign(project, local(project))
    facts = {
        "records": f"{found.size:,}",
        "root": found.root,
        "signed": to_iso(found.at),
        "told": ", ".join(found.anchors) or "nobody",
    }
    failing = [Table({"anchor": "anchor", "tries": "tries", "error": "error"}, found.failing)] if found.failing else []
    return Answer(found, [facts, *failing], NOT_ALL_RIGHT if found.failing else 0)


@command(ledger)
@click.argument("record")
@click.option("--since", type=click.IntRange(1), help="The size of an earlier tree that somebody was told.")
def prove(project: Project, record: str, since: int | None) -> Answer:
    """That RECORD (its number, or its event) is in the last signed head, and that an earlier tree begins it (RFC 6962)."""
    found = verbs.prove(project, record, since)
    facts = {
        "record": found.record.seq,
        "hash": found.record.hash,
        "index": found.index,
        "size": found.head.size,
        "root": found.head.root,
    }
    earlier = {"earlier size": found.since, "its root": found.since_root}
    return Answer(found, [facts, "path:", *found.path, "", earlier, "consistency:", *found.consistency])


@command(ledger)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--details", is_flag=True, help="With what each record commits to, and its nonce: names and reasons, too."
)
def export(project: Project, file: Path, details: bool) -> Answer:
    """Write the whole ledger into FILE, a line of JSON a record; `tidemill ledger script` reads it."""
    with shown() as progress:
        n = verbs.export(project, file, details, lambda done, of: progress("exporting the ledger", done, of))
    return Answer({"file": str(file), "records": n}, [f"{plural(n, 'record')} written to {file}"])


@command(ledger, project=False)
def script() -> Answer:
    """A program of fifty lines that verifies an exported ledger, and needs Python alone.

    tidemill ledger script > verify_ledger.py
    """
    text = verbs.script()
    return Answer({"script": text}, [text.rstrip("\n")])
