"""The data pipeline, ingest → check → version → profile, as steps of the engine; `ingest` is all of it in one call."""

from __future__ import annotations

import json

from tidemill.data.discover.discover import pending
from tidemill.data.ingest.ingest import ingest, load_contract, reconcile
from tidemill.data.ingest.notices import tell_again
from tidemill.data.ingest.roles import check_columns, lacking
from tidemill.data.ingest.validate import check_file
from tidemill.data.tables.tables import open_tables
from tidemill.engine import Context, pipeline, step
from tidemill.errors import DataError, NotFound
from tidemill.scope.project import Project
from tidemill.types import JsonObject

__all__ = ["data_pipeline", "ingest", "reconcile"]


@step(name="ingest", impure="files come and go by themselves")
def find_new(dataset: str, ctx: Context) -> list[JsonObject]:
    """The source's files that are not in the dataset yet: {digest, name, bytes}. Raises SourceError, ContractError."""
    project: Project = ctx.resource("project")
    tables, contract = open_tables(project), load_contract(project, dataset)
    check_columns(tables, dataset, contract)
    if error := lacking(project, dataset, contract):
        raise error
    cache = tables.root / f".{dataset}.seen.json"
    source = project.dataset(dataset).source
    again: dict[str, str] = {}
    files = pending(project.store, project.root, dataset, source, cache, again=again)
    tell_again(project, dataset, again)
    for file in files:
        ctx.read(f"file:{file.digest}")
    return [{"digest": f.digest, "name": f.name, "bytes": f.size} for f in files]


@step(name="check", impure="reads the files, and the clock for rows of the future")
def check_new(dataset: str, files: list[JsonObject], ctx: Context) -> list[JsonObject]:
    """What the contract says of each new file: rows, bad rows, reasons. Nothing is stored or stopped yet."""
    project: Project = ctx.resource("project")
    contract, tables = load_contract(project, dataset), open_tables(project)
    cache = tables.root / f".{dataset}.seen.json"
    source = project.dataset(dataset).source
    wanted = {f["digest"] for f in files}
    found: list[JsonObject] = []
    for file in pending(project.store, project.root, dataset, source, cache):
        if file.digest not in wanted:
            continue
        try:
            checked = check_file(contract, file, project.clock.now())
        except DataError as exc:
            found.append({"name": file.name, "error": str(exc)})
            continue
        found.append({"name": file.name, "rows": checked.rows, "bad": checked.bad.height, "reasons": checked.counts})
        ctx.progress(len(found), len(files), file.name)
    return found


@step(name="version", impure="writes the dataset")
def make_version(dataset: str, checks: list[JsonObject], ctx: Context) -> JsonObject:
    """The dataset's version with every new file in it (the present one, when there is none). Raises DataBlocked."""
    project: Project = ctx.resource("project")
    made = ingest(project, dataset, run=ctx.run or None)
    version = made or project.store.datasets.get(dataset)
    ref = f"dataset:{dataset}@{version.version}"
    (ctx.wrote if made else ctx.read)(ref)
    return {
        "dataset": dataset,
        "version": version.version,
        "digest": version.digest,
        "rows": version.rows,
        "quarantined": version.quarantined,
    }


@step(name="profile", version="the version names its bytes")
def show_profile(version: JsonObject, ctx: Context) -> JsonObject:
    """What a person reads of the version's profile (the sketches are in its artifact). Raises NotFound."""
    project: Project = ctx.resource("project")
    record = project.store.datasets.get(version["dataset"], version["version"])
    if record.profile is None:
        raise NotFound(f"version {record.version} of {record.dataset!r} has no profile")
    shown = json.loads(project.artifacts.get(record.profile))
    for column in shown["columns"].values():
        column.pop("sketches")
    return {**shown, "artifact": record.profile}


@pipeline(name="data")
def data_pipeline(dataset: str) -> JsonObject:
    """Source → checked, versioned, profiled dataset. Its outputs: version and profile."""
    files = find_new(dataset)  # type: ignore[call-arg]
    checks = check_new(dataset, files)  # type: ignore[call-arg]
    version = make_version(dataset, checks)  # type: ignore[call-arg]
    return {"version": version, "profile": show_profile(version)}  # type: ignore[call-arg]
