"""A contract that changed under rows that are in: which columns a table may gain, and what the roles mean for its rows.

The online history, the profile and the span of time are made by the roles. When they are given after rows were taken
in, the table is read again by them: a version without new rows, whose commit names the changed contract, so that a
crash after it is repaired from the log like any other. History that was made by other roles is made anew as long as
nothing was answered from it; after that it is never rewritten, for every answer can be traced back to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.data.contract.contract import Contract
from tidemill.data.ingest.events import Commit
from tidemill.data.ingest.late import completed_by, merged
from tidemill.data.ingest.register import Target, register, unserved, untold
from tidemill.data.profile.profile import Profile
from tidemill.data.tables.fill import Fill, filled, rewritten
from tidemill.data.tables.keys import KeyIndex
from tidemill.data.tables.schema import with_added
from tidemill.data.tables.tables import ORIGIN, SPAN
from tidemill.errors import ContractError
from tidemill.store.records import DatasetVersion
from tidemill.types import named_id


def check_columns(into: Target) -> bool:
    """Whether the contract has columns that are new to the table: they must be such that rows without them are good.

    A table keeps its columns. Raises ContractError that says what a change would break.
    """
    dataset, contract = into.dataset, into.contract
    if not into.tables.exists(dataset):
        return False
    stored = into.tables.columns(dataset)
    try:
        evolved = with_added(stored, contract.stored | ORIGIN, dataset)
    except ContractError as exc:
        message = f"{exc.message}: {_broken(into)}"
        raise ContractError(message, place=contract.place, hint=exc.hint) from exc
    keyed = {name for names in contract.sets for name in names}
    for column in contract.columns:
        if column.name not in stored and (column.required or column.name in keyed):
            what = "required" if column.required else "part of a key"
            raise ContractError(
                f"column {column.name!r} is new and {what}: {_broken(into)}",
                place=contract.place,
                hint="rows that are in have nothing there: leave out `required` and keep it out of keys, or read the "
                f"files anew under another name, [data.{dataset}_2]",
            )
    return len(evolved) > len(stored)


def _broken(into: Target) -> str:
    """Who reads the columns of the rows that are in: versions, views, models."""
    models = into.project.models.values()
    views = {view.name for model in models for view in model.views.values() if view.from_ == into.dataset}
    names = {model.name for model in models if model.dataset.name == into.dataset}
    used = [f"[features.{name}]" for name in sorted(views)] + [f"[model.{name}]" for name in sorted(names)]
    learn = f", and {', '.join(used)} learn from them" if used else ""
    return f"versions 1 to {into.tables.version(into.dataset)} of {into.dataset} hold it as it was{learn}"


class Summary(NamedTuple):
    """What is kept of the rows of one of a table's files: their profile, and for each unique set the sorted hashes of their keys."""

    profile: Profile
    keys: Sequence[NDArray[np.uint64]]


Summed = Callable[[Target, Sequence[str], Sequence[tuple[str, ...]]], Iterator[Summary]]
"""The summaries of these files, in their order, with the hashes of these sets of columns."""


class Meaning(NamedTuple):
    """What a contract makes of a row: its event in the online history (None without the roles for one), its time, whose it is."""

    event: tuple[str, ...] | None
    time: str | None
    subject: str | None

    @staticmethod
    def of(contract: Contract) -> Meaning:
        whole = contract.subject and contract.item and contract.time
        return Meaning(_roles(contract) if whole else None, contract.time, contract.subject)


def _roles(contract: Contract) -> tuple[str, ...]:
    return contract.subject or "", contract.item or "", contract.time or "", contract.value or "", *contract.key


def must_adopt(into: Target) -> bool:
    """Whether rows that are in wait to be read by the contract's present roles: they were given since, or nobody was told yet of items.

    The caller holds the lock and has caught up. Raises ContractError when the history was made by other roles.
    """
    versions = into.tables.versions(into.dataset)
    kept = into.project.artifacts.get(Commit.of(versions[-1]).contract)  # what changed before it was adopted then
    now, then = Meaning.of(into.contract), Meaning.of(Contract.parse(kept.decode()))
    if then.event and then.event != now.event and not unserved(into.project):
        raise ContractError(
            f"the history of {into.dataset} was made by other roles or another key than the contract now says",
            place=into.contract.place,
            hint=f"{_differ(then.event, _roles(into.contract))}; a server runs or has answered from it, so it is kept: "
            "write them as they were, or begin a project with this contract in a new folder",
        )
    return then != now or (bool(Commit.of(versions[-1]).files) and untold(into))


def adopt(into: Target, run: str | None, after: int) -> DatasetVersion:
    """Read the rows that are in by the contract's present roles: a new version without new rows. See `must_adopt`."""
    commit = Commit((), into.project.clock.now(), run, into.contract.digest)
    ingest_id = named_id("ing", into.dataset, "again", into.contract.digest, str(after))
    return commit_rows(into, commit, ingest_id, [pl.DataFrame(schema=into.contract.stored | ORIGIN)])


def commit_rows(
    into: Target,
    commit: Commit,
    ingest: str,
    rows: Iterable[pl.DataFrame],
    indexes: Sequence[KeyIndex] = (),
    pending: Sequence[pl.DataFrame] = (),
    summed: Summed | None = None,
    fill: Fill = filled,
) -> DatasetVersion:
    """The rows, in parts, at least one, as the dataset's next version, and what follows it. The contract is kept before the commit names it.

    ``pending``: what the files complete, of rows that are in and of these. The first index is that of the key. ``summed``: what looks
    at the table's files, where they are several. ``fill``: how rows take on what is pending.
    """
    into.project.artifacts.put(into.contract.text.encode())
    key, meta, replaced = into.contract.key, commit.meta, dict[str, pl.DataFrame]()
    if pending:
        cells = merged(pending, key)
        rows = (fill(part, cells, key, None) for part in rows)
        replaced = rewritten(into.tables, into.dataset, indexes[0].versions(cells), cells, key, ingest, fill)
        meta |= _span(into.contract, replaced, ingest)
    rest = iter(rows)
    first = next(rest)
    tables, dataset = into.tables, into.dataset
    fence = into.project.store.fence
    version = tables.append(
        dataset, first, ingest=ingest, at=commit.at, meta=meta, replaced=replaced, fence=fence, more=rest
    )
    files = [*tables.commit(dataset, version).files]
    parts = [first] if len(files) < 2 else None  # else they are read again, one by one
    del first
    if summed is not None and parts is None:
        found = list(summed(into, files, [index.columns for index in indexes]))
        for nth, index in enumerate(indexes):
            index.add_hashes((one.keys[nth] for one in found), version)
        return register(into, version, tables.parts(dataset, [version]), [one.profile for one in found])
    for index in indexes:
        index.add(parts or tables.parts(dataset, [version]), version)
    return register(into, version, parts or tables.parts(dataset, [version]))


def _span(contract: Contract, replaced: Mapping[str, pl.DataFrame], ingest: str) -> dict[str, Any]:
    """The first and last moment of the rows that are completed, for the log."""
    late = [completed_by(rows, ingest) for rows in replaced.values()]
    if contract.time is None or not late:
        return {}
    at = pl.concat(late).select(pl.col(contract.time).cast(pl.Datetime("us")).dt.epoch("us")).to_series().drop_nulls()
    return {SPAN: [at.min(), at.max()]} if len(at) else {}


def _differ(then: tuple[str, ...], now: tuple[str, ...]) -> str:
    names = ("subject", "item", "time", "value")
    said = [f"{n} was {a or 'none'}, is {b or 'none'}" for n, a, b in zip(names, then, now, strict=False) if a != b]
    if then[4:] != now[4:]:
        said.append(f"key was {list(then[4:])}, is {list(now[4:])}")
    return ", ".join(said)
