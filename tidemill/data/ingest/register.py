"""What follows a table's commit: the online history, the profile, the metadata that names version, files and lineage.

All of it is made from the commit and its rows alone, and doing it twice changes nothing: a crash after the commit is
repaired by doing it again from the log.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import polars as pl

from tidemill.data.contract.contract import Contract
from tidemill.data.ingest.commit import Commit
from tidemill.data.ingest.events import ingest_events
from tidemill.data.ingest.history import online_events, unserved
from tidemill.data.profile.profile import Profile, profile
from tidemill.data.tables.tables import Tables
from tidemill.errors import Damaged, NotFound
from tidemill.scope.project import Project
from tidemill.store.records import Artifact, DatasetVersion, Edge, IngestedFile, Tx
from tidemill.types import Micros, canonical


def catch_up(project: Project, tables: Tables, dataset: str, contract: Contract) -> DatasetVersion | None:
    """The dataset's last version, after registering commits that a crash left without metadata.

    The caller holds the lock. Raises Damaged when the metadata knows a version that the table has not.
    """
    try:
        last: DatasetVersion | None = project.store.datasets.get(dataset)
    except NotFound:
        last = None
    known = last.version if last else 0
    newest = tables.version(dataset) if tables.exists(dataset) else 0
    if newest < known:
        raise Damaged(
            f"the table ends at version {newest} and its metadata at {known}",
            place=f"dataset:{dataset}",
            hint="restore .tidemill/tables from the same backup as .tidemill/tidemill.db",
        )
    for commit in tables.commits(dataset, known + 1) if newest > known else []:
        if commit.ingest:
            rows = tables.added(dataset, [commit.version])
            last = register(project, tables, dataset, contract, Commit.of(commit), rows, last)
    return last


def register(
    project: Project,
    tables: Tables,
    dataset: str,
    contract: Contract,
    commit: Commit,
    rows: pl.DataFrame,
    last: DatasetVersion | None,
) -> DatasetVersion:
    """Make the commit known: online history first (again and again the same), metadata last, in one transaction."""
    again = not commit.files  # the rows that are in, by a contract that gives them another meaning: see `roles`
    if again and unserved(project):
        project.live.online.unload([c.ingest for c in tables.versions(dataset)])
    parts = (tables.added(dataset, [v]) for v in range(1, commit.version)) if again else iter([rows])
    learned = (
        dataset if project.datasets[dataset].models else None
    )  # serving knows the rows that models learn from, and no others
    found, low, high = _take_in(project, contract, parts, learned)
    profiled, artifacts = _profile(project, found, None if again else last)
    contract_text = keep_contract(project, dataset)
    before = None if again else last
    version = DatasetVersion(
        dataset=dataset,
        version=commit.version,
        generation=last.generation if last else 1,
        digest=tables.digest(dataset, commit.version),
        rows=(found.rows if found else 0) + (before.rows if before else 0),
        quarantined=commit.quarantined,
        created=commit.at,
        run=commit.run,
        time_min=_least(low, before.time_min if before else None),
        time_max=_most(high, before.time_max if before else None),
        profile=profiled,
        ingest=commit.ingest,
    )
    files = [
        IngestedFile(
            dataset=dataset,
            digest=f["digest"],
            name=f["name"],
            rows=f["rows"],
            quarantined=f["quarantined"],
            version=commit.version,
            ingest=commit.ingest,
            at=commit.at,
        )
        for f in commit.files
    ]
    edges, events = _edges(version, files, contract_text, last), ingest_events(version, commit)

    def work(tx: Tx) -> None:
        for artifact in artifacts:
            project.store.artifacts.add_new([artifact], tx)
        project.store.datasets.add_with(version, files, tx)
        project.store.edges.add_new(edges, tx)
        for event in events:
            project.store.events.add_once(event, tx)

    project.store.transact(work)
    return version


def keep_contract(project: Project, dataset: str) -> str:
    """Keep the contract as it is written now; the digest of its text, which is the contract's own."""
    return project.artifacts.put((project.root / project.datasets[dataset].contract).read_bytes())


def _take_in(
    project: Project, contract: Contract, parts: Iterable[pl.DataFrame], learned: str | None
) -> tuple[Profile | None, Micros | None, Micros | None]:
    """Each part's rows into the online history as the dataset that a model ``learned`` from; their profile, and their first and last time."""
    found: Profile | None = None
    low: Micros | None = None
    high: Micros | None = None
    for part in parts:
        if not part.height:
            continue
        if learned and contract.subject and contract.item and contract.time:
            project.live.online.load(online_events(learned, contract, part))
        of_part = profile(part.select(contract.names), private=(contract.subject,) if contract.subject else ())
        found = found.merge(of_part) if found else of_part
        first, latest = _span(contract, part)
        low, high = _least(low, first), _most(high, latest)
    return found, low, high


def _profile(project: Project, found: Profile | None, last: DatasetVersion | None) -> tuple[str | None, list[Artifact]]:
    """The digest of the version's profile, and its record where its bytes are new."""
    if found is None:
        return (last.profile if last else None), []
    if last and last.profile:
        found = Profile.from_json(json.loads(project.artifacts.get(last.profile))).merge(found)
    data = canonical(found.to_json())
    digest = project.artifacts.plain.put(data)
    return digest, [Artifact(digest, "json", len(data), project.clock.now())]


def _span(contract: Contract, rows: pl.DataFrame) -> tuple[Micros | None, Micros | None]:
    if contract.time is None or not rows.height:
        return None, None
    at = rows[contract.time].cast(pl.Datetime("us")).dt.epoch("us")
    low, high = at.min(), at.max()
    return (low if isinstance(low, int) else None), (high if isinstance(high, int) else None)


def _edges(
    version: DatasetVersion, files: list[IngestedFile], contract: str, last: DatasetVersion | None
) -> list[Edge]:
    ref, at = f"dataset:{version.dataset}@{version.version}", version.created
    edges = [Edge(f"file:{f.digest}", ref, "ingested", at) for f in files]
    edges.append(Edge(f"artifact:{contract}", ref, "read", at))
    if last:
        edges.append(Edge(f"dataset:{last.dataset}@{last.version}", ref, "ingested", at))
    if version.profile:
        edges.append(Edge(ref, f"artifact:{version.profile}", "wrote", at))
    if version.run:
        edges.append(Edge(f"run:{version.run}", ref, "wrote", at))
    return edges


def _least(a: Micros | None, b: Micros | None) -> Micros | None:
    return min((v for v in (a, b) if v is not None), default=None)


def _most(a: Micros | None, b: Micros | None) -> Micros | None:
    return max((v for v in (a, b) if v is not None), default=None)
