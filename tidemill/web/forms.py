"""What a person sends beside the buttons of `actions`: votes, comments, their view, roles of people. Each is a verb of `ops`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from tidemill.access.caller import Caller
from tidemill.access.needs import needed_by
from tidemill.errors import BadRequest
from tidemill.ops import approvals, by_hand, comments, me, people
from tidemill.scope.project import Project
from tidemill.web.site import home_of, link

Given = Mapping[str, str]
Do = Callable[[Project, Caller, Given, Given], str]


@dataclass(frozen=True, slots=True)
class Form:
    """One form: where it is sent to, the verb that it calls, and what does it: given the path's parameters and the fields,
    it says where the browser goes next."""

    path: str
    verb: Callable[..., object]
    do: Do
    switches: bool = False  # whether who answers may be another after it

    @property
    def permission(self) -> str:
        return needed_by(self.verb)


def _vote(project: Project, caller: Caller, at: Given, form: Given) -> str:
    word = form.get("word", "")
    if word not in ("yes", "no"):
        raise BadRequest("a vote is yes or no", place="word", hint="press one of the two buttons")
    reason, role, seen = " ".join(form.get("reason", "").split()), form.get("role") or None, form.get("seen") or None
    by_hand.vote(project, caller, at["approval"], word == "yes", reason, role, seen)
    return link(f"/approvals/{quote(at['approval'], safe='')}", done="vote")


def _take_back(project: Project, caller: Caller, at: Given, form: Given) -> str:
    approvals.take_back(project, caller, at["approval"])
    return link(f"/approvals/{quote(at['approval'], safe='')}", done="take-back")


def _comment(project: Project, caller: Caller, at: Given, form: Given) -> str:
    made = comments.add(project, caller, form.get("about", ""), form.get("text", ""), form.get("reply_to") or None)
    return f"{home_of(made.comment.about) or '/inbox'}#comments"


def _comment_gone(project: Project, caller: Caller, at: Given, form: Given) -> str:
    return f"{home_of(comments.remove(project, caller, at['comment']).comment.about) or '/inbox'}#comments"


def _view(project: Project, caller: Caller, at: Given, form: Given) -> str:
    if not (view := form.get("view", "")):
        raise BadRequest("it does not say which view", place="view", hint="press one of the buttons")
    me.choose(project, caller, view)
    return "/"


def _roles(project: Project, caller: Caller, at: Given, form: Given) -> str:
    wanted = [name.removeprefix("role.") for name in form if name.startswith("role.")]
    people.roles(project, caller, at["person"], tuple(wanted))
    return link("/people", done="roles")


def _disable(project: Project, caller: Caller, at: Given, form: Given) -> str:
    people.disable(project, caller, at["person"])
    return link("/people", done="disable")


def _enable(project: Project, caller: Caller, at: Given, form: Given) -> str:
    people.enable(project, caller, at["person"])
    return link("/people", done="enable")


FORMS: tuple[Form, ...] = (
    Form("/approvals/{approval}/vote", by_hand.vote, _vote, switches=True),
    Form("/approvals/{approval}/take-back", approvals.take_back, _take_back),
    Form("/comments", comments.add, _comment),
    Form("/comments/{comment}/remove", comments.remove, _comment_gone),
    Form("/me/view", me.choose, _view),
    Form("/people/{person}/roles", people.roles, _roles),
    Form("/people/{person}/disable", people.disable, _disable),
    Form("/people/{person}/enable", people.enable, _enable),
)
