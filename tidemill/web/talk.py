"""What people wrote under a record, and whether whoever looks may write there, too."""

from __future__ import annotations

from dataclasses import dataclass

from tidemill.ops import comments
from tidemill.ops.comments import CommentShown
from tidemill.web.site import Ask


@dataclass(frozen=True, slots=True)
class Talk:
    """``mine``: the ids of those that whoever looks may take back."""

    about: str
    said: list[CommentShown]
    may: bool
    mine: frozenset[str]
    known: bool  # whether there are people to name


def talk(ask: Ask, ref: str) -> Talk:
    """The comments under this record."""
    said, caller = comments.about(ask.project, ref), ask.caller
    mine = frozenset(
        one.comment.id
        for one in said
        if one.comment.removed is None
        and (
            one.comment.principal == caller.principal
            if caller.principal or one.comment.principal
            else one.comment.who == caller.name
        )
    )
    may = ask.may("comment.write")
    return Talk(ref, said, may, mine if may else frozenset(), bool(caller.principal))
