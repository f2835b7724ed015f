"""`tidemill docs`: what an auditor asks for, written from the records."""

from __future__ import annotations

import click

from tidemill.cli.output import Answer, Listing, Table, command
from tidemill.ops.rights import documents as verbs
from tidemill.rights.documents.statement import markdown
from tidemill.scope.project import Project


@click.group(cls=Listing)
def docs() -> None:
    """Documents from records: record of processing, impact assessment, index for the AI Act, data sheet."""


@command(docs)
def ls(project: Project) -> Answer:
    """What can be asked for."""
    found = verbs.ls(project)
    return Answer(found, [Table({"document": "document", "title": "title", "of": "of"}, found)])


@command(docs)
@click.argument("document")
def show(project: Project, document: str) -> Answer:
    """DOCUMENT as of now, as Markdown: each sentence with the records that it stands on, gaps marked."""
    found = verbs.show(project, document)
    return Answer(found, [markdown(found)])
