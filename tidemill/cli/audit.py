"""`tidemill audit`: an auditor's questions, answered from the records."""

from __future__ import annotations

import click

from tidemill.cli.output import Answer, Listing, Table, command
from tidemill.ops.rights import audit as verbs
from tidemill.rights.documents.statement import markdown
from tidemill.scope.project import Project


class Auditing(Listing):
    """A group that lists where nothing is asked, and answers where a question is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        self.default = "show" if args and not args[0].startswith("-") else "ls"
        return super().parse_args(ctx, args)


@click.group(cls=Auditing)
def audit() -> None:
    """Twelve questions of an auditor, one command each."""


@command(audit)
def ls(project: Project) -> Answer:
    """What can be asked."""
    found = verbs.ls(project)
    return Answer(found, [Table({"question": "question", "about": "about", "text": "text"}, found)])


@command(audit)
@click.argument("question")
@click.argument("about", default="")
def show(project: Project, question: str, about: str) -> Answer:
    """The answer to QUESTION (about a version or an answer: ABOUT), each sentence with its records, gaps marked."""
    found = verbs.show(project, question, about)
    return Answer(found, [markdown(found)])
