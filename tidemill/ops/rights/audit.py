"""Twelve questions of an auditor, each answered from the records by their ids."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tidemill.rights.audit.asked import QUESTIONS
from tidemill.rights.audit.asked import answer as answer_to
from tidemill.rights.documents.statement import Document
from tidemill.scope.project import Project

Name = Annotated[str, Meta(max_length=100)]
About = Annotated[
    str, Meta(max_length=300, description="A version, of some questions an answer's id; left out: the one that serves")
]


def ls(project: Project) -> list[dict[str, str]]:
    """What can be asked, and about what."""
    return [{"question": name, "text": one.text, "about": one.about} for name, one in QUESTIONS.items()]


def show(project: Project, question: Name, about: About = "") -> Document:
    """The answer as of now, with the records that each sentence stands on; it is not kept. Raises NotFound, BadRequest."""
    return answer_to(project, question, about)
