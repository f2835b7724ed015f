"""A person's rows go out of every version of their datasets, and of what the checks kept apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from tidemill.data.contract.contract import Contract
from tidemill.data.ingest.events import Commit
from tidemill.data.ingest.register import profile_of
from tidemill.data.profile.profile import Profile
from tidemill.data.tables.generation import Generation, last, local, without
from tidemill.data.tables.tables import QUARANTINE, Tables, open_tables
from tidemill.rights.subjects.held import kinds_of
from tidemill.store.holder import worded
from tidemill.store.records import Artifact, DatasetVersion, Tx
from tidemill.types import Micros, canonical

if TYPE_CHECKING:
    from tidemill.data.tables.generation import OnStep, Others
    from tidemill.scope.project import Project


def numbers(project: Project, kind: str) -> dict[str, int]:
    """Of each table that may hold a person of this kind the generation that it is. Raises NotAvailableYet for tables elsewhere."""
    tables = open_tables(project)
    names = [name for name, column in kinds_of(project).items() if column == kind]
    every = [table for name in names for table in (name, name + QUARANTINE) if tables.exists(table)]
    return {table: local(tables).generation(table) for table in every}


def take_out(project: Project, subject: str, kind: str, before: dict[str, int], on_step: OnStep) -> list[Generation]:
    """The generations that were made since ``before``: by this call, or by one that was stopped."""
    tables, made = open_tables(project), list[Generation]()
    for table in before:
        with tables.lock(table.removesuffix(QUARANTINE)):
            made += _one(project, tables, table, before[table], _others(subject, kind, table), on_step)
    return made


def _one(
    project: Project, tables: Tables, table: str, before: int, others: Others, on_step: OnStep
) -> Iterator[Generation]:
    """What a stopped call made is told first: its digests are those of a generation that may not be the last one now."""
    done = last(tables, table)
    if done is not None and done.number > before:
        _register(project, done)
        yield done
    made = without(tables, table, others, on_step)
    if made is not None:
        _register(project, made)
        yield made


def _others(subject: str, kind: str, table: str) -> Others:
    said = worded(subject)

    def of_rows(rows: pl.DataFrame) -> pl.Series:
        return rows.select(pl.col(kind).cast(pl.String).ne_missing(pl.lit(subject))).to_series()

    def of_raw(rows: pl.DataFrame) -> pl.Series:
        return pl.Series([not said(raw or "") for raw in rows["_raw"]], dtype=pl.Boolean)

    return of_raw if table.endswith(QUARANTINE) else of_rows


def _register(project: Project, made: Generation) -> None:
    """Each version that changed has a record of its own generation, with what it is now: the former one stays true of what was."""
    known = {one.version: one for one in project.store.datasets.list(dataset=made.dataset)}
    changed = {
        version: replace(known[version], generation=known[version].generation + 1, digest=now)
        for version, (was, now) in made.digests.items()
        if version in known and known[version].digest == was
    }
    if not changed:
        return
    profiles = _profiles(project, made.dataset)
    fresh = [_anew(project, changed[version], found) for version, found in profiles if version in changed]

    def work(tx: Tx) -> None:
        project.store.artifacts.add_new([profile for _, profile in fresh], tx)
        for version, _ in fresh:
            project.store.datasets.add(version, tx)

    project.store.transact(work)


def _profiles(project: Project, name: str) -> Iterator[tuple[int, Profile]]:
    """Of each version the profile of the rows that it has now: that of the one before with the rows that came, as an ingest makes it, so that
    each row is read once. Where a commit put files in the place of others all of them are read."""
    tables, contract = open_tables(project), Contract.load(project.dataset(name).contract_path)
    found, told = Profile(0, {}), list[Commit]()
    for commit in tables.versions(name):
        said, version = Commit.of(commit), commit.version
        told.append(said)
        if said.files and not commit.replaced:
            came = tables.parts(name, [version], as_of=version)
            found = _merged(contract, came, found).told(said.changed)
        else:
            found = _merged(contract, tables.parts(name, range(1, version + 1), as_of=version), Profile(0, {}))
            for one in told:
                found = found.told(one.changed)
        yield version, found


def _merged(contract: Contract, parts: Iterable[pl.DataFrame], start: Profile) -> Profile:
    """As they are kept: a sketch as it was made gives other bytes."""
    for part in parts:
        if part.height:
            start = Profile.from_json(start.merge(profile_of(contract, part)).to_json())
    return start


def _anew(project: Project, version: DatasetVersion, found: Profile) -> tuple[DatasetVersion, Artifact]:
    """The version's rows and profile, as they are now."""
    contract = Contract.load(project.dataset(version.dataset).contract_path)
    times = found.columns.get(contract.time or "")
    first, final = (times.least, times.greatest) if times else (None, None)
    data = canonical(found.to_json())
    profile = Artifact(project.artifacts.plain.put(data), "json", len(data), project.clock.now())
    told = replace(version, rows=found.rows, profile=profile.digest, time_min=_moment(first), time_max=_moment(final))
    return told, profile


def _moment(value: float | None) -> Micros | None:
    return None if value is None else int(value)
