"""Every store of the project that may hold a subject's data. The verbs for people (rights) stand on this list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidemill.store.artifacts.holder import artifact_subjects, file_subjects
from tidemill.store.holder import DataHolder, RowHolder

if TYPE_CHECKING:
    from tidemill.scope.project import Project


def row_holders(project: Project) -> list[RowHolder]:
    """Those that can erase."""
    return list(project.live.holders())


def holders(project: Project) -> list[DataHolder]:
    """All of them."""
    from tidemill.data.tables.holder import TableSubjects  # here: the server, which knows these verbs, loads no tables

    named = project.store.named_in()
    return [
        *row_holders(project),
        named,
        TableSubjects(project),
        artifact_subjects(project.artifacts),
        file_subjects(project.state),
    ]
