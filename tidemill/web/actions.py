"""What a person does on the page: approve, reject, pause, resume, halt, roll back; close an alarm. Each is the verb that the API calls too."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping

from tidemill.access.caller import Caller
from tidemill.errors import BadRequest, Forbidden
from tidemill.ops import by_hand, records, releases
from tidemill.scope.project import Project
from tidemill.store.records import Token
from tidemill.types import digest

LONGEST = 500
ACTIONS: dict[tuple[str, str], Callable[..., object]] = {
    ("release", "approve"): by_hand.approve,
    ("release", "reject"): by_hand.reject,
    ("release", "halt"): releases.halt,
    ("release", "rollback"): releases.roll_back,
    ("release", "pause"): releases.pause,
    ("release", "resume"): releases.resume,
    ("alarm", "close"): records.close_alarm,
}
"""By what it is done to, and its name."""


def csrf(token: Token) -> str:
    """What a form of this session must carry: made of the session's secret, and of no use without it."""
    return digest(f"form {token.id} {token.hash}".encode()).removeprefix("sha256:")


def check_csrf(token: Token, form: Mapping[str, str]) -> None:
    """Raises Forbidden unless the form came from a page of this very session."""
    if not hmac.compare_digest(form.get("csrf", "").encode(), csrf(token).encode()):
        raise Forbidden("this form does not belong to your session", hint="load the page again and repeat it")


def act(project: Project, noun: str, action: str, id: str, caller: Caller, form: Mapping[str, str]) -> None:
    """Do it to the record of this id. Raises BadRequest, NotFound, NotApproved, ReleaseError, Conflict."""
    reason = " ".join(form.get("reason", "").split())
    if not reason:
        raise BadRequest(f"say why: the reason stays with the {noun}", place="reason", hint="go back and write one")
    if len(reason) > LONGEST:
        raise BadRequest(f"the reason is longer than {LONGEST} characters", place="reason")
    role = {"role": form.get("role") or None} if action in ("approve", "reject") else {}
    ACTIONS[noun, action](project, caller, id, reason, **role)
