"""Datasets: their versions, the files in them, what was quarantined, what they look like."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter

from tidemill.api.asked import Opened
from tidemill.api.paging import After, Limit, Page, page
from tidemill.api.scoped import reads
from tidemill.errors import NotFound
from tidemill.scope.project import Project
from tidemill.store.records import DatasetVersion, IngestedFile
from tidemill.types import did_you_mean

router = APIRouter(prefix="/api/data", tags=["data"])


@dataclass(frozen=True)
class Dataset:
    """A dataset as it stands."""

    name: str
    source: str
    contract: str
    versions: int
    rows: int
    quarantined: int  # of all ingests together
    latest: DatasetVersion | None


@reads(router, "")
def datasets(project: Opened) -> Page[Dataset]:
    """All datasets that tidemill.toml declares."""
    return Page([_dataset(project, name) for name in sorted(project.datasets)])


@reads(router, "/{dataset}")
def show(project: Opened, dataset: str) -> Dataset:
    """One dataset."""
    _expect(project, dataset)
    return _dataset(project, dataset)


@reads(router, "/{dataset}/versions")
def versions(project: Opened, dataset: str, limit: Limit = 100, after: After = None) -> Page[DatasetVersion]:
    """Its versions, the latest first."""
    _expect(project, dataset)
    found = sorted(project.store.datasets.list(dataset), key=lambda v: -v.version)
    return page(found, lambda v: str(v.version), limit, after)


@reads(router, "/{dataset}/files")
def files(project: Opened, dataset: str, limit: Limit = 100, after: After = None) -> Page[IngestedFile]:
    """The source files that are in it, in order of ingest."""
    _expect(project, dataset)
    return page(project.store.datasets.files(dataset), lambda f: f.digest, limit, after)


@reads(router, "/{dataset}/versions/{version}/profile")
def profile(project: Opened, dataset: str, version: int) -> Any:
    """What the columns of a version look like."""
    _expect(project, dataset)
    found = project.store.datasets.get(dataset, version)
    if found.profile is None:
        raise NotFound(f"{dataset}@{version} has no profile")
    return json.loads(project.artifacts.get(found.profile))


def _dataset(project: Project, name: str) -> Dataset:
    config, found = project.datasets[name], project.store.datasets.list(name)
    latest = max(found, key=lambda v: v.version, default=None)
    quarantined = sum(v.quarantined for v in found)
    return Dataset(name, config.source, config.contract, len(found), latest.rows if latest else 0, quarantined, latest)


def _expect(project: Project, name: str) -> None:
    if name not in project.datasets:
        raise NotFound(f"no dataset {name!r}", hint=did_you_mean(name, project.datasets))
