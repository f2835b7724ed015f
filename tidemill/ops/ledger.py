"""The ledger: shown, and held against itself."""

from __future__ import annotations

from dataclasses import dataclass

from tidemill.errors import BadRequest
from tidemill.ledger.verify import Break, Found, Progress, nobody
from tidemill.ledger.verify import verify as look
from tidemill.ops.page import Before, Limit, Page, page
from tidemill.scope.project import Project
from tidemill.store.chain import LedgerRecord


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
    return _verified(look(project.store, (), progress))


def _verified(found: Found) -> Verified:
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
