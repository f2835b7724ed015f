"""The source files that one version learned from and another did not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidemill.data.contract.contract import load_contract
from tidemill.data.tables.tables import open_tables
from tidemill.model.recorded import Recorded
from tidemill.ref import Ref
from tidemill.types import Micros

if TYPE_CHECKING:
    from tidemill.scope.project import Project
    from tidemill.store.records import IngestedFile


def files_between(project: Project, one: Recorded, other: Recorded, until: Micros) -> list[IngestedFile]:
    """The source files that the other version's data has and the one's has not, in the order in which they came.

    Of those whose rows have a time only what is from before ``until``: from later rows nothing was learned.
    """
    before = dict(Ref.versioned("dataset", ref) for ref in one.model.data)
    found = []
    for ref in other.model.data:
        dataset, version = Ref.versioned("dataset", ref)
        came = project.store.files.list(dataset=dataset)
        late = _later(project, dataset, version, until)
        found += [file for file in came if before.get(dataset, 0) < file.version <= version and file.digest not in late]
    return sorted(found, key=lambda file: (file.at, file.version, file.name))


def _later(project: Project, dataset: str, version: int, until: Micros) -> set[str]:
    """The files of which every row is from this moment on."""
    import polars as pl

    time = load_contract(project, dataset).time
    if time is None:
        return set()
    at = pl.col(time).cast(pl.Datetime("us")).dt.epoch("us")
    rows = open_tables(project).read(dataset, version).group_by("_file").agg(at.min().alias("first"))
    return set(rows.filter(pl.col("first") >= until).collect()["_file"].to_list())
