"""What a contract's roles mean for rows that are in the dataset already.

The online history, the profile and the span of time are made by the roles. When they are given after rows were taken
in, the table is read again by them: a version without new rows, whose commit names the changed contract, so that a
crash after it is repaired from the log like any other. History that was made by other roles is made anew as long as
nothing was answered from it; after that it is never rewritten, for every answer can be traced back to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from tidemill.data.contract.contract import Contract
from tidemill.data.ingest.commit import Commit, meta_of
from tidemill.data.ingest.history import unserved
from tidemill.data.ingest.register import keep_contract, register
from tidemill.data.tables.tables import ORIGIN, Tables
from tidemill.errors import ContractError
from tidemill.store.records import DatasetVersion
from tidemill.types import named_id

if TYPE_CHECKING:
    from tidemill.scope.project import Project


class Meaning(NamedTuple):
    """What is made of a row: its event in the online history (None without the roles for one), its time, whose it is."""

    event: tuple[str, ...] | None
    time: str | None
    subject: str | None


def meaning(contract: Contract) -> Meaning:
    """What this contract makes of a row."""
    event: tuple[str, ...] | None = None
    if contract.subject and contract.item and contract.time:
        event = (contract.subject, contract.item, contract.time, contract.value or "", *contract.key)
    return Meaning(event, contract.time, contract.subject)


def must_adopt(project: Project, tables: Tables, dataset: str, contract: Contract, last: DatasetVersion | None) -> bool:
    """Whether rows that are in wait to be read by the contract's present roles: they were given since.

    The caller holds the lock and has caught up. Raises ContractError when the history was made by other roles.
    """
    now = meaning(contract)
    behind, made = _so_far(project, tables, dataset, contract) if last else (False, set())
    others = made - {now.event} if now.event else set()
    if others and not unserved(project):
        raise ContractError(
            f"the history of {dataset} was made by other roles or another key than the contract now says",
            place=contract.place,
            hint=f"{_differ(sorted(others)[0], now.event or ())}; a server runs or has answered from it, so it is kept: "
            "write them as they were, or begin a project with this contract in a new folder",
        )
    return behind or bool(others)


def adopt(
    project: Project, tables: Tables, dataset: str, contract: Contract, last: DatasetVersion | None, run: str | None
) -> DatasetVersion:
    """Read the rows that are in by the contract's present roles: a new version without new rows. See `must_adopt`."""
    assert last is not None
    at = project.clock.now()
    ingest_id = named_id("ing", dataset, "again", contract.digest, str(last.version))
    nothing = pl.DataFrame(schema=contract.stored | ORIGIN)
    keep_contract(project, dataset)
    meta = meta_of([], run, at, contract.digest)
    version = tables.append(dataset, nothing, ingest=ingest_id, at=at, meta=meta)
    return register(project, tables, dataset, contract, Commit(version, ingest_id, (), at, run), nothing, last)


def _so_far(project: Project, tables: Tables, dataset: str, contract: Contract) -> tuple[bool, set[tuple[str, ...]]]:
    """Whether rows wait to be read by the present roles, and by which roles the history was made."""
    now, behind, made = meaning(contract), False, set[tuple[str, ...]]()
    meant = {contract.digest: now}  # by the contract
    for commit in tables.versions(dataset):
        digest = str(commit.meta.get("tidemill.contract", contract.digest))
        if digest not in meant:
            meant[digest] = _meant(project, digest, now)
        then = meant[digest]
        again = commit.meta.get("tidemill.files") == "[]"
        behind = then != now or (behind and not again)
        if then.event:
            made = {then.event} if again else made | {then.event}
    return behind, made


def _meant(project: Project, digest: str, now: Meaning) -> Meaning:
    """What this contract made of a row. One that was not kept is taken for the present one."""
    return meaning(Contract.parse(project.artifacts.get(digest).decode())) if project.artifacts.has(digest) else now


def _differ(then: tuple[str, ...], now: tuple[str, ...]) -> str:
    names = ("subject", "item", "time", "value")
    said = [f"{n} was {a or 'none'}, is {b or 'none'}" for n, a, b in zip(names, then, now, strict=False) if a != b]
    if then[4:] != now[4:]:
        said.append(f"key was {list(then[4:])}, is {list(now[4:])}")
    return ", ".join(said)
