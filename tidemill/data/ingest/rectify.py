"""One row corrected, as its person has a right to: a new version of the dataset in which it says something else, and nothing else differs.

The version before goes on reading what the row said then. What it says now is judged by the contract first: where that is broken, nothing is
changed. Scorers know it by the feed of the histories, as they know whatever an ingest brings. A file that comes again with the
old value brings a duplicate, and changes nothing: it is to be mended at its source, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import polars as pl

from tidemill.data.check.checks import reasons_of
from tidemill.data.contract.contract import Contract
from tidemill.data.ingest.changes import commit_rows
from tidemill.data.ingest.events import RECTIFIED, Commit, FileSummary
from tidemill.data.ingest.judge import Judge
from tidemill.data.ingest.register import Target, catch_up
from tidemill.data.tables.fill import corrected
from tidemill.data.tables.tables import ORIGIN
from tidemill.errors import BadRequest, DataBlocked, NotFound
from tidemill.scope.project import Project
from tidemill.store.records import DatasetVersion
from tidemill.types import did_you_mean, digest, new_id

Values = Mapping[str, str]
"""By column, as a file would say it; "" is nothing."""


@dataclass(frozen=True)
class Correction:
    """A correction that may be made. ``columns``: those that say something else than the row does; none, where it says so already."""

    judge: Judge
    cells: pl.DataFrame
    columns: tuple[str, ...]

    @property
    def standing(self) -> int:
        """The version that it would change."""
        return self.judge.version

    def make(self) -> DatasetVersion:
        """The new version. A kill anywhere is made good from the table's own log."""
        into, now = self.judge.into, self.judge.now
        name = new_id("ing")  # of what the row says now, no digest is kept
        summary = FileSummary(digest=digest(name.encode()), name=RECTIFIED, rows=0, quarantined=0, completed=1)
        commit = Commit((summary,), now, None, into.contract.digest)
        none = pl.DataFrame(schema=into.contract.stored | ORIGIN)
        cells = self.cells.select(*into.contract.key, *self.columns)
        indexes = [index for _, index in self.judge.indexes]
        return commit_rows(into, commit, name, [none], indexes, [cells], fill=corrected)


@contextmanager
def correction(
    project: Project, dataset: str, key: Values, said: Values, of: Callable[[str], bool] = lambda subject: True
) -> Iterator[Correction]:
    """Hold the dataset, and judge what a row is to say. ``of``: whether the row is this person's.

    Raises NotFound where no such row is in, BadRequest for what may not be changed, DataBlocked where the contract would be broken.
    """
    into = Target.of(project, dataset)
    with into.tables.lock(dataset):
        catch_up(into)
        last = into.last
        if last is None:
            raise NotFound(f"no row of {dataset} is in", place=f"dataset:{dataset}")
        judge = Judge(into, last.version, project.clock.now())
        cells = _judged(judge, dict(key), dict(said))
        names = list(cells.columns)
        subject = into.contract.subject
        asked = dict.fromkeys([*names, *([subject] if subject else [])])
        frame = cells.with_columns(pl.lit(None, into.contract.stored[n]).alias(n) for n in asked if n not in names)
        there = judge.indexes[0][1].rows_of(frame, list(asked))
        if not there.height or (subject and not of(str(there[subject].cast(pl.String)[0]))):
            raise NotFound(
                f"no such row of {dataset} is this person's", place="key", hint="tidemill subject find shows them"
            )
        yield Correction(judge, cells, tuple(n for n in said if there[n].item() != cells[n].item()))


def _judged(judge: Judge, key: dict[str, str], said: dict[str, str]) -> pl.DataFrame:
    """The key and what is said, as the table has it."""
    contract = judge.into.contract
    _must_be_changeable(contract, judge.into.dataset, key, said)
    there = tuple(c for c in contract.columns if c.name in key or c.name in said)
    part = replace(contract, columns=there, unique=())
    checked = part.check(pl.DataFrame({name: [value] for name, value in {**key, **said}.items()}), judge.now)
    if checked.bad.height:
        reasons = ", ".join(reasons_of(checked.bad))
        raise DataBlocked(
            f"the contract would be broken: {reasons}", place=judge.into.dataset, hint="nothing was changed"
        )
    return checked.good.select(*contract.key, *said)


def _must_be_changeable(contract: Contract, dataset: str, key: dict[str, str], said: dict[str, str]) -> None:
    """Raises BadRequest."""
    if not contract.key or contract.revised:
        hint = "bring its rows again: of these the newest word counts" if contract.revised else "name one: tidemill.key"
        raise BadRequest(f"rows of {dataset} have no key by which one is found", place="dataset", hint=hint)
    if {*key} != {*contract.key}:
        raise BadRequest(
            f"a row of {dataset} has the key {', '.join(contract.key)}", place="key", hint="--key COLUMN=VALUE"
        )
    if not said:
        raise BadRequest("what is to be corrected?", place="set", hint="--set COLUMN=VALUE")
    fixed = {*contract.key, *(name for names in contract.unique for name in names), contract.subject}
    for name in said:
        if name not in contract.names:
            raise BadRequest(f"{dataset} has no column {name!r}", place="set", hint=did_you_mean(name, contract.names))
        if name in fixed:
            hint = "it says which row, or whose row, this is"
            raise BadRequest(f"{name!r} is part of a key, or names the person", place="set", hint=hint)
