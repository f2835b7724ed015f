"""Whether the dataset versions that a version learned from are what they were: by the digest of every file, version by version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidemill.data.tables.tables import open_tables
from tidemill.errors import Damaged, NotFound
from tidemill.rebuild.report import Seen
from tidemill.ref import Ref

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidemill.data.tables.tables import Tables
    from tidemill.scope.project import Project


def seen(project: Project, data: Iterable[str]) -> list[Seen]:
    """Each of these dataset versions (refs), every byte of it read."""
    return [_seen(project, *Ref.versioned("dataset", ref)) for ref in data]


def _seen(project: Project, dataset: str, version: int) -> Seen:
    tables, ref = open_tables(project), str(Ref("dataset", dataset, version))
    try:
        known = project.store.datasets.get(dataset, version)
        names = tables.files(dataset, version)
        for before in range(1, version + 1):
            if wrong := _wrong(project, tables, dataset, before):
                return Seen(ref, known.digest, len(names), wrong, str(Ref("dataset", dataset, before)))
    except NotFound as exc:
        return Seen(ref, "", 0, str(exc), ref)
    return Seen(ref, known.digest, len(names))


def _wrong(project: Project, tables: Tables, dataset: str, version: int) -> str:
    """What is wrong with what one version brought; nothing where it is as its record and its files' names say."""
    recorded, listed = project.store.datasets.get(dataset, version).digest, tables.digest(dataset, version)
    if recorded != listed:
        return f"its list of files is {listed[:19]}…, and {recorded[:19]}… was recorded"
    commit = tables.commit(dataset, version)
    for name in (*commit.files, *(new for new, _ in commit.replaced.values())):
        try:
            tables.store.verify(dataset, name)
        except NotFound:
            return f"its file {name} is gone"
        except Damaged:
            return f"its file {name} was changed{_rows(tables, dataset, name)}"
    return ""


def _rows(tables: Tables, dataset: str, name: str) -> str:
    """How many rows it holds now, and of which source files, where it can be read."""
    import polars as pl

    try:
        rows = tables.scan(dataset, [name]).select("_file", pl.len().over(pl.lit(1)).alias("n")).unique().collect()
    except Exception:  # noqa: BLE001 - whatever native code says of bytes that are no Parquet
        return ", and cannot be read any more"
    files = ", ".join(str(file)[:19] + "…" for file in rows["_file"].to_list()[:3])
    return f": one or more of its {rows['n'][0]:,} rows, from the source file {files}"
