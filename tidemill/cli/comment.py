"""`tidemill comment REF [TEXT]`: write to a record, read what is written, take one's own back."""

from __future__ import annotations

import click

from tidemill.access.callers import local
from tidemill.cli.output import Answer, Column, Part, Table, command, listed, paged
from tidemill.errors import BadRequest
from tidemill.ops import comments
from tidemill.ops.text import minute
from tidemill.scope.project import Project

COMMENTS: dict[str, Column] = {
    "at": lambda one: minute(one.comment.at),
    "who": "name",
    "text": lambda one: "(taken back)" if one.comment.removed is not None else one.comment.text,
    "answers": lambda one: one.comment.reply_to,
    "comment": lambda one: one.comment.id,
}


@command()
@click.argument("ref")
@click.argument("text", required=False)
@click.option("--reply-to", help="The comment that it answers.")
@click.option("--remove", is_flag=True, help="REF is a comment of yours: take it back.")
@paged(100)
def comment(
    project: Project, ref: str, text: str | None, reply_to: str | None, remove: bool, limit: int, before: str | None
) -> Answer:
    """Write TEXT to REF (release:ID, model:shop@4, run:ID, decision:ID, alarm:ID); without TEXT, what is written there.

    @name puts it into that person's inbox.
    """
    if remove and text:
        raise BadRequest("--remove takes the comment alone", place="text", hint=f"tidemill comment {ref} --remove")
    if remove:
        return _one(comments.remove(project, local(project), ref))
    if text is not None:
        return _one(comments.add(project, local(project), ref, text, reply_to))
    return listed(comments.ls(project, ref, limit, before), COMMENTS, newest_last=True, empty="nothing is written")


def _one(found: comments.CommentShown) -> Answer:
    return Answer(found, [Table(COMMENTS, [found])])


def under(project: Project, ref: str) -> list[Part]:
    """What is written to a record, where it is shown: nothing where nothing is."""
    found = comments.about(project, ref)
    return ["\ncomments:", Table(COMMENTS, found)] if found else []
