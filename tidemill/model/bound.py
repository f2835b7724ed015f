"""What a training will not look at whole, and whether it has room: by the records of its data alone, before a row of it is read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tidemill.errors import NotEnoughMemory
from tidemill.ref import Ref
from tidemill.tasks.table import training_of

if TYPE_CHECKING:
    from tidemill.learning.search import Settings
    from tidemill.learning.trainer import Bound
    from tidemill.scope.project import Model
    from tidemill.store.records import DatasetVersion


def bound(model: Model, data: Sequence[str], settings: Settings) -> list[str]:
    """What is left out by count, in sentences: `data` are the versions of `refs_of`. Nothing for a task that leaves nothing out.

    Raises NotEnoughMemory where such a training takes more than a job may have.
    """
    of = training_of(model.task).bound
    version = model.project.store.datasets.get(*Ref.versioned("dataset", data[0]))
    if of is None or version.profile is None:
        return []
    found, most = (
        of(version.rows, _learned(version, settings), _distinct(model, version), settings),
        model.project.memory,
    )
    if found.bytes > most:
        raise _too_large(model, version, found, most)
    return found.left_out


def _learned(version: DatasetVersion, settings: Settings) -> int:
    """About so many rows are within what the model learns from, were they evenly spread."""
    if settings.train is None or version.time_min is None or version.time_max is None:
        return version.rows
    return min(version.rows, round(version.rows * settings.train / max(version.time_max - version.time_min, 1)))


def _distinct(model: Model, version: DatasetVersion) -> dict[str, int]:
    """About how many values each column has."""
    assert version.profile is not None
    columns = json.loads(model.project.artifacts.get(version.profile))["columns"]
    return {name: int(column.get("distinct", 0)) for name, column in columns.items()}


def _too_large(model: Model, version: DatasetVersion, found: Bound, most: int) -> NotEnoughMemory:
    return NotEnoughMemory(
        f"to learn from {version.rows:,} rows takes about {found.bytes / 1e9:,.1f} GB, and a job may have {most / 1e9:,.1f} GB: "
        "nothing was read or built",
        place=f"[model.{model.name}]",
        hint='let it learn from the latest rows alone: train = "180 days"; or more memory: [jobs] memory',
    )
