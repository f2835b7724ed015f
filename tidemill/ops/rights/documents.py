"""Documents that an auditor asks for, from the project's records."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tidemill.rights.documents.statement import Document
from tidemill.rights.documents.written import DOCUMENTS, write
from tidemill.scope.project import Project

Name = Annotated[str, Meta(max_length=100)]


def ls(project: Project) -> list[dict[str, str]]:
    """What can be asked for."""
    return [{"document": name, "title": title, "of": of} for name, (title, of, _) in DOCUMENTS.items()]


def show(project: Project, document: Name) -> Document:
    """One of them, as of now; it is not kept. Raises NotFound."""
    return write(project, document)
