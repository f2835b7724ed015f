"""What people write to runs, versions, releases, decisions and alarms: kept beside them, taken back by who wrote it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from msgspec import Meta

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.errors import BadRequest, Conflict, Forbidden, NotFound
from tidemill.model import registry
from tidemill.ops.act import act
from tidemill.ops.approvals import names_of
from tidemill.ops.page import Before, Limit, Page, page
from tidemill.ref import Ref
from tidemill.scope.project import Project
from tidemill.store.people import Comment, Principal
from tidemill.store.records import Event, Tx
from tidemill.types import JsonObject, new_id

LONGEST = 4_000
MOST_NAMED = 20
"""People whom one comment names."""
KINDS = ("run", "model", "release", "decision", "alarm", "approval", "dataset")
Text = Annotated[str, Meta(min_length=1, max_length=LONGEST)]
About = Annotated[str, Meta(max_length=300, description="A ref: release:ID, model:NAME@VERSION, run:ID …")]
_NAMED = re.compile(r"(?<![\w@])@([\w](?:[\w.+@-]*[\w])?)")


@dataclass(frozen=True)
class CommentShown:
    """A comment, whose it is by name, and whom it names; one that was taken back has no text."""

    comment: Comment
    name: str
    mentions: list[str]


@needs("comment.write")
def add(project: Project, caller: Caller, about: About, text: Text, reply_to: str | None = None) -> CommentShown:
    """Write something to a record. ``@name`` puts it into that person's inbox. Raises NotFound, BadRequest."""
    if not text.strip():
        raise BadRequest("a comment says something", place="text", hint='tidemill comment REF "what you have seen"')
    if len(text) > LONGEST:
        raise BadRequest(f"longer than {LONGEST:,} characters", place="text", hint="write it somewhere, and say where")
    ref, store = named(project, about), project.store
    mentioned = _mentioned(project, text)
    made = Comment(
        id=new_id("comment"),
        about=ref,
        principal=caller.principal,
        at=project.clock.now(),
        text=text.strip(),
        reply_to=_replied(project, ref, reply_to),
        who="" if caller.principal else caller.name,
        mentions=tuple(one.id for one in mentioned),
    )
    data: JsonObject = {"comment": made.id, "reply_to": made.reply_to, "mentions": len(mentioned)}
    event = Event(new_id("event"), made.at, "comment", ref, data)

    def work(tx: Tx) -> None:
        store.comments.add(made, tx)
        store.events.add(event, tx)

    act(project, caller, "comment.write", work)
    return _shown(project, [made])[0]


def ls(project: Project, about: About, limit: Limit = 100, before: Before = None) -> Page[CommentShown]:
    """What was written to a record, the latest first."""
    found = page(project.store.comments.page, limit, before, about=named(project, about))
    return Page(_shown(project, found.items), found.next)


@needs("comment.write")
def remove(project: Project, caller: Caller, comment: str) -> CommentShown:
    """Take one's own comment back: its text is gone. Raises NotFound, Forbidden, Conflict."""
    found, now = project.store.comments.named(comment), project.clock.now()
    mine = found.principal == caller.principal if found.principal or caller.principal else found.who == caller.name
    if not mine:
        raise Forbidden("only who wrote it takes it back", place=found.about, hint="answer it: tidemill comment")
    gone = replace(found, text="", mentions=(), removed=now)
    event = Event(new_id("event"), now, "comment_removed", found.about, {"comment": found.id})

    def work(tx: Tx) -> None:
        if project.store.comments.get(found.id, tx).removed is not None:
            raise Conflict("it was taken back before", place=found.about, hint=f"tidemill comment {found.about}")
        project.store.comments.update(found.id, tx, text="", mentions=(), removed=now)
        project.store.events.add(event, tx)

    act(project, caller, "comment.write", work)
    return _shown(project, [gone])[0]


def about(project: Project, ref: str) -> list[CommentShown]:
    """The last comments on a record, the oldest first: what stands under it where it is shown."""
    found = project.store.comments.page(limit=50, about=ref)
    return _shown(project, found[::-1])


def named(project: Project, text: str) -> str:
    """The ref of what is commented on, whole. Raises NotFound, BadRequest."""
    ref, store = Ref.parse(text), project.store
    if ref.kind not in KINDS:
        raise BadRequest(f"nobody comments on a {ref.kind}", place="about", hint=f"it is one of: {', '.join(KINDS)}")
    if ref.kind == "model":
        return registry.resolve(project, text).ref
    if ref.kind == "dataset":
        name, version = Ref.versioned("dataset", text)
        if store.datasets.look_up(name, version) is None:
            raise NotFound(f"no {text}", hint="tidemill data ls")
        return str(ref)
    nouns: dict[str, Callable[[str], Any]] = {
        "run": store.runs.named,
        "release": store.releases.named,
        "decision": store.decisions.named,
        "alarm": store.alarms.named,
        "approval": store.approvals.named,
    }
    return f"{ref.kind}:{nouns[ref.kind](ref.name).id}"


def _replied(project: Project, ref: str, reply_to: str | None) -> str:
    if not reply_to:
        return ""
    found = project.store.comments.named(reply_to)
    if found.about != ref:
        raise BadRequest(f"{found.id} is about {found.about}", place="reply_to", hint=f"tidemill comment {found.about}")
    return found.id


def _mentioned(project: Project, text: str) -> list[Principal]:
    """The people whom it names; a name that is nobody's is text. Raises BadRequest."""
    names = list(dict.fromkeys(name.lower() for name in _NAMED.findall(text)))
    if len(names) > MOST_NAMED:
        raise BadRequest(f"it names more than {MOST_NAMED} people", place="text", hint="name those who have to know")
    found = (project.store.principals.called(name) for name in names)
    return [one for one in found if one is not None and one.disabled is None]


def _shown(project: Project, comments: Sequence[Comment]) -> list[CommentShown]:
    ids = [id for one in comments for id in (one.principal, *one.mentions)]
    names = names_of(project, ids)
    return [
        CommentShown(one, names.get(one.principal, one.who), [names.get(id, "") for id in one.mentions])
        for one in comments
    ]
