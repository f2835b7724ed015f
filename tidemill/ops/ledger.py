"""The ledger: shown, and held against itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.errors import BadRequest, NotFound
from tidemill.files import write_whole
from tidemill.ledger import anchors, heads, keep
from tidemill.ledger.anchors import Failing
from tidemill.ledger.export import Proof
from tidemill.ledger.export import export as lines_of
from tidemill.ledger.export import prove as proof_of
from tidemill.ledger.verify import Break, Progress, nobody
from tidemill.ledger.verify import verify as look
from tidemill.ops.page import Before, Limit, Page, page
from tidemill.scope.project import Project
from tidemill.store.chain import LedgerRecord
from tidemill.types import Micros


@dataclass(frozen=True)
class Verified:
    """Whether the ledger holds, and where it does not. ``broken``: all breaks, of which ``breaks`` are the first."""

    records: int
    root: str
    last: str
    erased: int
    heads: int
    anchored: int
    broken: int
    breaks: tuple[Break, ...]

    @property
    def holds(self) -> bool:
        return not self.broken


def show(
    project: Project,
    principal: str | None = None,
    event: str | None = None,
    limit: Limit = 100,
    before: Before = None,
) -> Page[LedgerRecord]:
    """The records of the ledger, the latest first: who did what, without a name and without the details."""
    if before is not None and not (before.isascii() and before.isdigit()):
        raise BadRequest(f"{before!r} is no record's number", place="before", hint="`next` of the page before")
    number = int(before) if before is not None else None
    read = project.store.ledger.page
    return page(read, limit, number, key=lambda one: one.seq, principal=principal, event=event)


def verify(project: Project, progress: Progress = nobody) -> Verified:
    """Read all of it, and hold it against itself, its details, its heads and what was said of it elsewhere."""
    told, wrong = keep.told(project)
    found = look(project.store, told, progress)
    for one in wrong:
        found.breaks_at(one.record, one.what, one.said)
    return Verified(
        found.records,
        found.root,
        found.last,
        found.erased,
        found.heads,
        found.anchored,
        found.broken,
        tuple(found.breaks),
    )


@dataclass(frozen=True)
class HeadShown:
    """The last signed head, how many records have come since, and who was told of it."""

    size: int
    root: str
    at: Micros
    envelope: str
    records: int  # in the ledger now
    anchors: tuple[str, ...]  # that have taken it
    failing: tuple[Failing, ...]
    unsigned: str  # why a newer one could not be signed


def head(project: Project) -> HeadShown:
    """The last signed head. Raises NotFound before the first."""
    found, last = heads.last_head(project), project.store.ledger.last()
    if found is None:
        raise NotFound("no head of the ledger is signed yet", hint="tidemill ledger head")
    failing = tuple(anchors.failing(project))
    records = last.seq if last is not None else 0
    taken = tuple(anchor.partition("?")[0] for anchor in found.anchors)
    return HeadShown(found.size, found.root, found.at, found.envelope, records, taken, failing, keep.unsigned(project))


@needs("ledger.anchor")
def sign(project: Project, caller: Caller) -> HeadShown:
    """Sign the head of all records, and tell it to the anchors now. Raises Forbidden, BadRequest, NotAttested."""
    heads.make(project)
    anchors.tell(project, project.store.clock.now(), at_once=True)
    return head(project)


def prove(project: Project, record: str, since: int | None = None) -> Proof:
    """That a record (its number, or its event) is in the last signed head, and that an earlier tree of ``since`` records begins it."""
    return proof_of(project, record, since)


def export(project: Project, to: Path, with_details: bool = False, progress: Progress = nobody) -> int:
    """Write the whole ledger as lines of JSON, which the program of `script` reads; how many records. The file is whole or not there.

    Raises BadRequest."""
    written = 0

    def lines() -> Iterator[bytes]:
        nonlocal written
        for line in lines_of(project, with_details=with_details, progress=progress):
            yield line
            written += 1

    try:
        write_whole(to, lines())
    except OSError as exc:
        raise BadRequest(f"it cannot be written: {exc.strerror}", place=str(to)) from exc
    return written - 1


def script() -> str:
    """A program that holds an exported ledger against itself, and needs nothing of Tidemill."""
    return files("tidemill.ledger").joinpath("verify_ledger.py").read_text("utf-8")
