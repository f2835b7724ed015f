"""What the people in a dataset are to be told."""

from __future__ import annotations

from tidemill.rights.notices import Notice, notice
from tidemill.scope.project import Project


def show(project: Project, dataset: str) -> Notice:
    """What is to be told to whoever's data comes into this dataset, and what nobody has said of it yet. Raises NotFound, ContractError."""
    return notice(project, dataset)
