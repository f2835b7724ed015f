"""What becomes of a file's rows: good, bad with reasons, or in the dataset already. Nothing is stored here.

Rows that are in already count once, and are told; they are neither bad nor doubled. So a file that grows, and a
function that gives the whole table each time, add what is new. A row is in already when

- its key is in the table, with the same value in every column; another value under a known key is a duplicate, or
- an earlier file of the same name brought the same row. Each row that came then stands for one row now, so that rows
  that were twice in the file stay twice. This is all there is to go by where the contract names no key.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from tidemill.data.check.checks import Checked, duplicate
from tidemill.data.contract.contract import Contract
from tidemill.data.discover.sources import SourceFile, read
from tidemill.data.ingest.quarantine import broken_rows
from tidemill.data.tables.keys import KeyIndex, same
from tidemill.data.tables.tables import QUARANTINE, Tables
from tidemill.store.records import IngestedFile
from tidemill.types import Micros

if TYPE_CHECKING:
    from tidemill.scope.project import Project


def check_file(contract: Contract, file: SourceFile, now: Micros) -> Checked:
    """What the contract says of a file's rows; lines that are no rows are bad ones. Nothing is stored.

    Raises SourceError, ContractError.
    """
    rows = read(file)
    frame = rows.frame.with_columns(pl.lit(file.digest).alias("_file"))
    if "_line" not in frame.columns:
        frame = frame.with_columns(pl.lit(None, pl.Int64).alias("_line"))
    checked = contract.check(frame, now)
    return checked.with_bad(broken_rows(file, rows.broken)) if rows.broken else checked


def judge_file(
    tables: Tables,
    contract: Contract,
    file: SourceFile,
    now: Micros,
    earlier: list[IngestedFile],
    indexes: list[tuple[str, KeyIndex]],
) -> Checked:
    """`check_file`, and then what the dataset holds: rows that are in are set aside, other rows of their keys are bad."""
    checked = set_aside(check_file(contract, file, now), contract.names, tables, earlier, indexes)
    for reason, index in indexes:
        checked = checked.reject(index.known(checked.good), reason)
    return checked


def set_aside(
    checked: Checked,
    names: Sequence[str],
    tables: Tables,
    earlier: Sequence[IngestedFile],
    indexes: Sequence[tuple[str, KeyIndex]],
) -> Checked:
    """The outcome without the rows that are in. ``earlier``: the files of the same name that were taken.

    A row with a whole key is found by it. Only for the others, of which there mostly are none where there is a key, is
    what the name ever brought read again.
    """
    unkeyed = pl.repeat(True, checked.good.height, dtype=pl.Boolean, eager=True)
    for _, index in indexes[:1]:
        checked = checked.aside(index.holds(checked.good, names))
        unkeyed = index.unkeyed(checked.good)
    if earlier and unkeyed.any():
        rows = tables.added(earlier[0].dataset, sorted({f.version for f in earlier}))
        if rows.height:
            rows = rows.filter(pl.col("_file").is_in([f.digest for f in earlier]))
            checked = checked.aside(unkeyed & same(_numbered(checked.good, names), _numbered(rows, names)))
    return checked


def new_bad(bad: pl.DataFrame, tables: Tables, earlier: Sequence[IngestedFile]) -> pl.DataFrame:
    """The bad rows without those that an earlier file of the name has put into quarantine, for the same reasons.

    To be asked when the file was judged: there each of them counts.
    """
    took = {f.ingest for f in earlier if f.quarantined}
    if not took or not bad.height:
        return bad
    name = earlier[0].dataset + QUARANTINE
    there = tables.added(name, [c.version for c in tables.versions(name) if c.ingest in took])
    there = there.filter(pl.col("_file").is_in([f.digest for f in earlier]))
    return bad.filter(~same(_judged(bad), _judged(there)))


def _judged(bad: pl.DataFrame) -> pl.DataFrame:
    """Bad rows as they came and why they are bad, and which of its equals each is."""
    return _numbered(bad.select("_raw", pl.col("_reasons").list.join("\n")), ("_raw", "_reasons"))


def _numbered(rows: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """These columns, and which of its equals each row is."""
    return rows.select(*names, pl.int_range(pl.len()).over(names).alias("?nth"))


def taken_by_name(project: Project, dataset: str) -> dict[str, list[IngestedFile]]:
    """The files that are in, by their names: the same name may have brought other bytes."""
    found: dict[str, list[IngestedFile]] = {}
    for file in project.store.files.list(dataset=dataset):
        found.setdefault(file.name, []).append(file)
    return found


def key_indexes(tables: Tables, dataset: str, contract: Contract, version: int) -> list[tuple[str, KeyIndex]]:
    """The index of each unique set of columns, with the reason for a row that is in it. The caller holds the lock."""
    found = []
    for names in contract.sets:
        index = KeyIndex(tables, dataset, names)
        index.catch_up(version)
        found.append((duplicate(contract.key, names), index))
    return found
