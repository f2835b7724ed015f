"""The data pipeline, and `ingest`: the one way for a source's files into a dataset, for the loop and for people."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from tidemill.data.ingest.apart import judged, parts_of, summed
from tidemill.data.ingest.ingest import Ingest, begin
from tidemill.engine import Context, pipeline, step
from tidemill.scope.places import asked
from tidemill.scope.project import Project
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.engine.context import OnEvent
    from tidemill.store.records import DatasetVersion


@step(name="ingest", impure="files come and go by themselves")
def take_files(dataset: str, ctx: Context) -> JsonObject:
    """The source's new files, checked, into the dataset's next version (the present one, when there is none).

    Raises SourceError, ContractError, DataBlocked.
    """
    project: Project = ctx.resource("project")
    held: Ingest | None = ctx.resource("ingest", None)
    with nullcontext(held) if held else begin(project, dataset) as work:
        began = project.store.runs.get(ctx.run).started if ctx.run else work.judge.now
        work.take(ctx.run or None, ctx.progress, parts_of(ctx, began, work.judge.now))
    version = project.store.datasets.get(dataset)
    mine = version.run == ctx.run  # also where a kill came between its commit and its record
    (ctx.wrote if mine else ctx.read)(f"dataset:{dataset}@{version.version}")
    counts = {"rows": version.rows, "quarantined": version.quarantined, "profile": version.profile}
    return {"dataset": dataset, "version": version.version, "digest": version.digest, **counts}


@pipeline(name="data")
def data_pipeline(dataset: str) -> JsonObject:
    """Source → checked, versioned, profiled dataset. Its output: the version."""
    return {"version": take_files(dataset)}  # type: ignore[call-arg]


def ingest(project: Project, dataset: str, on_event: OnEvent | None = None) -> DatasetVersion | None:
    """Take the source's new files into the dataset, in a run; the new version. None, and no run, when nothing is new.

    A file that cannot be read or breaks the contract beyond its share is left out, its rows kept in quarantine; the
    others are taken, and then its SourceError or DataBlocked is raised. It is tried again by the next ingest.
    """
    with begin(project, dataset) as work:
        own_code = project.datasets[dataset].source.startswith("steps:")  # files are read by no code of the project
        limits = asked(project.machines, judged.definition.name, summed.definition.name)
        engine, given = project.engine(own_code=own_code, apart=limits, ingest=work), {"dataset": dataset}
        if engine.cut_short(data_pipeline, given):  # by a kill; perhaps when all was done but to say so
            engine.run(data_pipeline, given, on_event=on_event)
        if not work.done and work.has_news():
            engine.run(data_pipeline, given, on_event=on_event)
        work.raise_refused()
        return work.made
