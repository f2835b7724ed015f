"""What an ingest would say of a source's files: good rows, bad ones and why, files that would be refused. Stores nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from tidemill.data.check.checks import Checked
from tidemill.data.discover.sources import SourceFile, find
from tidemill.data.ingest.evolution import check_columns
from tidemill.data.ingest.ingest import load_contract
from tidemill.data.ingest.validate import check_file, judge_file, key_indexes, taken_by_name
from tidemill.data.tables.tables import open_tables
from tidemill.errors import DataError
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.scope.project import Project


@dataclass(frozen=True, slots=True)
class Looked:
    """One file. ``taken``: it is in the dataset already; ``error``: why it would be refused, or cannot be read."""

    file: SourceFile
    taken: bool
    checked: Checked | None = None
    error: DataError | None = None


def preview(project: Project, dataset: str) -> Iterator[Looked]:
    """Every file of the source, in the order of an ingest. Raises SourceError, ContractError when there can be none."""
    contract, tables = load_contract(project, dataset), open_tables(project)
    check_columns(project, tables, dataset, contract)
    files = find(project.root, project.dataset(dataset).source)
    with tables.lock(dataset):  # what the indexes hold after this stays as it is, whoever writes
        version = tables.version(dataset) if tables.exists(dataset) else 0
        indexes = key_indexes(tables, dataset, contract, version)
    earlier = taken_by_name(project, dataset)
    seen: set[str] = set()
    for file in files:
        taken = file.digest in seen or bool(project.store.files.among(dataset, [file.digest]))
        seen.add(file.digest)
        checked: Checked | None = None
        try:
            if taken:
                checked = check_file(contract, file, project.clock.now())
            else:
                names = earlier.get(file.name, [])
                checked = judge_file(tables, contract, file, project.clock.now(), names, indexes)
                checked.judge(file.name)
                for _, index in indexes:
                    index.reserve(checked.good)
        except DataError as exc:
            exc.place = exc.place or file.name
            yield Looked(file, taken, checked, exc)
        else:
            yield Looked(file, taken, checked)


def bad_rows(bad: pl.DataFrame, name: str | None = None) -> list[JsonObject]:
    """Bad rows as people look at them: file, 0-based row, 1-based line (CSV), reasons, and the values as they came."""
    return [_shown(row, name or str(row.get("_name"))) for row in bad.iter_rows(named=True)]


def _shown(row: Mapping[str, Any], name: str) -> JsonObject:
    values: Any = row["_raw"]
    broken = any(reason.startswith("broken line") for reason in row["_reasons"])
    if not broken:
        values = {k: v for k, v in json.loads(values).items() if not k.startswith("_")}
    return {"file": name, "row": row["_row"], "line": row.get("_line"), "reasons": row["_reasons"], "values": values}
