"""A table's commit of an ingest, and what follows it: the online history, the profile, the metadata with its lineage.

All of it is made from the commit and its rows alone, and doing it twice changes nothing: a crash after the commit is
repaired by doing it again from the log.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce

import polars as pl

from tidemill.data.check.spelled import spelled
from tidemill.data.contract.contract import Contract, load_contract
from tidemill.data.ingest.events import RECTIFIED, Commit, ingest_events
from tidemill.data.ingest.items import items_told
from tidemill.data.ingest.late import columns_of, completed_by
from tidemill.data.profile.profile import Profile, profile
from tidemill.data.tables.tables import TableCommit, Tables, open_tables
from tidemill.errors import Damaged
from tidemill.ref import Ref
from tidemill.scope.project import Project
from tidemill.store.lineage import RECALLED
from tidemill.store.records import Artifact, DatasetVersion, Edge, IngestedFile, OnlineEvent, Tx, event_of
from tidemill.types import Micros, canonical


@dataclass(frozen=True)
class Target:
    """A dataset that rows are taken into, by its contract. Whoever writes holds the lock of its table."""

    project: Project
    dataset: str
    contract: Contract
    tables: Tables

    @staticmethod
    def of(project: Project, dataset: str) -> Target:
        """Raises NotFound, ContractError."""
        return Target(project, dataset, load_contract(project, dataset), open_tables(project))

    @property
    def in_history(self) -> bool:
        """Whether serving reads its rows as subjects' events: those that models learn from, where the contract has the roles."""
        contract, models = self.contract, self.project.datasets[self.dataset].models
        return bool(models and contract.subject and contract.item and contract.time)

    @property
    def last(self) -> DatasetVersion | None:
        """The last version that the metadata knows."""
        return self.project.store.datasets.first(dataset=self.dataset)


def catch_up(into: Target) -> list[DatasetVersion]:
    """Register the commits that a crash left without metadata; the versions that were.

    Raises Damaged when the metadata knows a version that the table has not.
    """
    last, made = into.last, list[DatasetVersion]()
    known = last.version if last else 0
    newest = into.tables.version(into.dataset) if into.tables.exists(into.dataset) else 0
    if newest < known:  # another machine may have come in between: of its commit the metadata knew already
        newest = into.tables.look_again(into.dataset)
    if newest < known:
        raise Damaged(
            f"the table ends at version {newest} and its metadata at {known}",
            place=f"dataset:{into.dataset}",
            hint=f"restore {into.tables.store.table(into.dataset)[0]} from a backup that is no older than the records",
        )
    for version in range(known + 1, newest + 1):
        made.append(register(into, version, into.tables.parts(into.dataset, [version], as_of=version)))
    return made


def register(
    into: Target, number: int, parts: Iterable[pl.DataFrame], profiles: Iterable[Profile] | None = None
) -> DatasetVersion:
    """Make a version's commit known, by its rows in parts: online history first (again and again the same), metadata last, in one transaction.

    ``profiles``: of the parts, where they are made already.
    """
    project, dataset, tables, last = into.project, into.dataset, into.tables, into.last
    logged = tables.commit(dataset, number)
    commit = Commit.of(logged)
    if any(f.name == RECALLED for f in commit.files):
        found = _taken_out(into, logged, commit)
    elif commit.files:
        found = _profile_of(project, last).merge(_take_in(into, parts, profiles)).told(commit.changed)
        found = _completed(into, logged, found, any(f.name == RECTIFIED for f in commit.files))
    else:
        if unserved(project):
            project.live.online.unload([c.ingest for c in tables.versions(dataset)])
        found = _take_in(into, tables.parts(dataset, range(1, number), as_of=number))
        for earlier in tables.versions(dataset)[: number - 1]:
            found = found.told(Commit.of(earlier).changed)
    times = found.columns.get(into.contract.time or "")
    artifact = _keep_profile(project, found)
    version = DatasetVersion(
        dataset=dataset,
        version=number,
        generation=last.generation if last else 1,
        digest=tables.digest(dataset, number),
        rows=found.rows,
        quarantined=commit.quarantined,
        created=commit.at,
        run=commit.run,
        time_min=_moment(times.least) if times else None,
        time_max=_moment(times.greatest) if times else None,
        profile=artifact.digest,
        ingest=logged.ingest,
    )
    files = [
        IngestedFile(dataset, f.digest, f.name, f.rows, f.quarantined, number, logged.ingest, commit.at)
        for f in commit.files
    ]

    def work(tx: Tx) -> None:
        project.store.artifacts.add_new([artifact], tx)
        project.store.datasets.add_with(version, files, tx)
        project.store.edges.add_new(_edges(version, commit, last), tx)
        for event in ingest_events(version, commit):
            project.store.events.add_once(event, tx)

    project.store.transact(work)
    return version


def unserved(project: Project) -> bool:
    """Whether nothing was answered or told yet and no server runs: the history may be made anew."""
    live, runs = project.live, (project.state / "up.json").exists() or project.store.scorers.live()
    return not (runs or live.predictions.count() or sum(live.outcomes.count().values()))


def untold(into: Target) -> bool:
    """Whether it is a table of items, of which nothing is known though rows are in: they came before it was one."""
    if items_told(into.project, into.dataset, into.contract, into.tables) is None:
        return False
    return bool(into.last and into.last.rows) and not into.project.live.items.count_now(into.dataset)


def _take_in(into: Target, parts: Iterable[pl.DataFrame], profiles: Iterable[Profile] | None = None) -> Profile:
    """Each part's rows into the online history; their profile. Serving knows the rows that models learn from, and no others."""
    told = items_told(into.project, into.dataset, into.contract, into.tables)
    found = list(profiles) if profiles is not None else None
    own = list[Profile]()
    for part in parts if found is None or into.in_history or told is not None else ():
        if part.height:
            if into.in_history:
                into.project.live.online.load(online_events(into.dataset, into.contract, part))
                _admit(into, part)
            if told is not None:
                told.load(part)
            if found is None:
                own.append(profile_of(into.contract, part))
    if (
        found is None
    ):  # several are merged as they are kept, wherever they were made: a sketch as it was made gives other bytes
        found = [Profile.from_json(one.to_json()) for one in own] if len(own) > 1 else own
    return reduce(Profile.merge, found, Profile(0, {}))


def profile_of(contract: Contract, rows: pl.DataFrame) -> Profile:
    """The profile of a dataset's rows."""
    return profile(rows.select(contract.names), (contract.subject,) if contract.subject else ())


def _completed(into: Target, logged: TableCommit, found: Profile, corrects: bool) -> Profile:
    """The profile with the values that came late, of whose columns the rows are read again; a row that is an event now is one.

    ``corrects``: what an event said before goes."""
    contract, tables = into.contract, into.tables
    names = [name for name, _ in logged.replaced.values()]
    if not names:
        return found
    late = completed_by(tables.scan(into.dataset, names).collect(), logged.ingest)
    columns = columns_of(late, logged.ingest)
    if into.in_history and {contract.subject, contract.item, contract.time, contract.value} & {*columns}:
        events = [*online_events(into.dataset, contract, late)]
        if corrects:
            keys = late.select(event_key(contract)).to_series().drop_nulls().to_list()
            into.project.live.online.correct(into.dataset, keys, events)
        else:
            into.project.live.online.load(events)
        _admit(into, late)
    if (told := items_told(into.project, into.dataset, contract, tables)) is not None:
        told.load(late)
    whole = tables.read(into.dataset, logged.version).select(columns).collect()
    return found.renewed(profile(whole, (contract.subject,) if contract.subject else ()))


def _taken_out(into: Target, logged: TableCommit, commit: Commit) -> Profile:
    """The profile of the rows that are left; what a recalled file's rows were as events goes, and whoever holds its subjects hears of it."""
    dataset, contract, files = into.dataset, into.contract, [note for f in commit.files for note in f.notes]
    for old in logged.replaced if into.in_history else ():
        gone = into.tables.scan(dataset, [old]).filter(pl.col("_file").is_in(files)).collect()
        into.project.live.online.correct(dataset, gone.select(event_key(contract)).to_series().drop_nulls(), [])
    left = into.tables.parts(dataset, range(1, logged.version + 1), as_of=logged.version)
    found = reduce(Profile.merge, (profile_of(contract, part) for part in left if part.height), Profile(0, {}))
    for earlier in into.tables.versions(dataset)[: logged.version - 1]:
        found = found.told(Commit.of(earlier).changed)
    return Profile.from_json(found.to_json())


def _admit(into: Target, rows: pl.DataFrame) -> None:
    """Outcomes that were told of items which nobody sold until these rows came are part of the history now."""
    outcomes, item = into.project.live.outcomes, into.contract.item or ""
    if waiting := outcomes.quarantined():
        sold = waiting.keys() & set(rows[item].cast(pl.String).drop_nulls().unique())
        mine = {e.name for e in into.project.endpoints.values() if e.model.dataset.name == into.dataset}
        found = [outcome for outcome in outcomes.held_of(sorted(sold)) if outcome.endpoint in mine]
        into.project.live.online.load(event_of(outcome, into.dataset) for outcome in found if outcome.value)
        outcomes.admit(found)


def event_key(contract: Contract) -> pl.Expr:
    """What makes a row one event, live and in a file: its key, else its place in its file.

    A moment is spelled as `to_iso` does, so that feedback can name it (`tidemill.data.contract.key`). A file stands by the
    first 16 digits of its digest: it would be most of what is kept of a row.
    """
    if contract.key:
        return spelled(contract.key, contract.columns)
    file = pl.col("_file").str.slice(len("sha256:"), 16)
    return pl.concat_str(file, pl.col("_row").cast(pl.String), separator="/")


def online_events(dataset: str, contract: Contract, rows: pl.DataFrame) -> Iterator[OnlineEvent]:
    """The rows as serving's history knows them, in the table's order. Without a value column every row counts 1."""
    value = pl.col(contract.value).cast(pl.Float64) if contract.value else pl.lit(1.0)
    shaped = rows.select(
        event_key(contract).alias("key"),
        pl.col(contract.subject or "").cast(pl.String).alias("subject"),
        pl.col(contract.item or "").cast(pl.String).alias("item"),
        pl.col(contract.time or "").cast(pl.Datetime("us")).dt.epoch("us").alias("at"),
        value.alias("value"),
        pl.col("_file").alias("file"),
        pl.col("_row").alias("row"),
        pl.col("_ingest").alias("ingest"),
    )
    whole = shaped.drop_nulls().filter(pl.col("value") != 0)
    return (OnlineEvent(seq=0, dataset=dataset, **row) for row in whole.iter_rows(named=True))


def _profile_of(project: Project, last: DatasetVersion | None) -> Profile:
    kept = last.profile if last else None
    return Profile.from_json(json.loads(project.artifacts.get(kept))) if kept else Profile(0, {})


def _keep_profile(project: Project, found: Profile) -> Artifact:
    data = canonical(found.to_json())
    return Artifact(project.artifacts.plain.put(data), "json", len(data), project.clock.now())


def _moment(value: float | None) -> Micros | None:
    return None if value is None else int(value)


def _edges(version: DatasetVersion, commit: Commit, last: DatasetVersion | None) -> list[Edge]:
    ref, at = str(Ref("dataset", version.dataset, version.version)), version.created
    edges = [Edge(f"file:{f.digest}", ref, "ingested", at) for f in commit.files if f.name != RECALLED]
    edges += [Edge(f"file:{note}", ref, RECALLED, at) for f in commit.files if f.name == RECALLED for note in f.notes]
    edges.append(Edge(f"artifact:{commit.contract}", ref, "read", at))
    edges.append(Edge(ref, f"artifact:{version.profile}", "wrote", at))
    if last:
        edges.append(Edge(str(Ref("dataset", last.dataset, last.version)), ref, "ingested", at))
    if version.run:
        edges.append(Edge(f"run:{version.run}", ref, "wrote", at))
    return edges
