"""A new project from a recipe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tidemill.scope.names import declared_data


@dataclass(frozen=True)
class Source:
    """Where a dataset's files are looked for, and what columns they have."""

    dataset: str
    source: str
    contract: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Made:
    """A project's folder and the files that were written."""

    folder: str
    files: list[str]
    data: list[Source]


def new(folder: Path, recipe: str) -> Made:
    """Make a project from a recipe; nothing that is there is overwritten. Raises ProjectError."""
    from tidemill.data.contract.contract import Contract
    from tidemill.recipes.new import new_project

    written = [str(path) for path in new_project(folder, recipe)]
    sources = [
        Source(name, data.source, data.contract, tuple(Contract.load(folder / data.contract).names))
        for name, data in declared_data(folder).items()
    ]
    return Made(str(folder), written, sources)
