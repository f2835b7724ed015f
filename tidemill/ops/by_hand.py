"""A person's word, asked of the server and done in a child process: the server never opens a key, nor makes live pairs.

``python -m tidemill.ops.by_hand ROOT approve|reject|vote|advance ID``, told who, and what else the verb is given.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.errors import ReleaseError, TidemillError
from tidemill.ops import approvals, releases
from tidemill.ops.approvals import ApprovalShown, Envelope, Seen, Why
from tidemill.ops.releases import Reason, Role
from tidemill.process.child import Child
from tidemill.process.guarded import parent
from tidemill.process.supervised import log_file
from tidemill.scope.project import Project, open_project
from tidemill.types import Json, JsonObject

SECONDS = 30.0
VERBS: dict[str, Callable[..., object]] = {
    "approve": releases.approve,
    "reject": releases.reject,
    "vote": approvals.vote,
    "advance": releases.advance,
}


@needs("release.approve")
def approve(project: Project, caller: Caller, release: str, reason: Reason, role: Role = None) -> None:
    """Say yes to a held release: its rollout begins."""
    found = releases.named_here(project, release).id
    _ask(project, caller, "approve", found, SECONDS, reason=reason, role=role)


@needs("release.approve")
def reject(project: Project, caller: Caller, release: str, reason: Reason, role: Role = None) -> None:
    """Say no to a held release: it ends."""
    found = releases.named_here(project, release).id
    _ask(project, caller, "reject", found, SECONDS, reason=reason, role=role)


@needs("approval.vote")
def vote(
    project: Project,
    caller: Caller,
    approval: str,
    yes: bool,
    reason: Why = "",
    role: Role = None,
    seen: Seen = None,
    envelope: Envelope = None,
) -> ApprovalShown:
    """Say yes or no to what is asked; with an envelope as the voter's own key has signed it."""
    found = approvals.named(project, approval).id
    if envelope is not None:  # no key of the project is needed
        return approvals.vote(project, caller, found, yes, reason, role, seen, envelope)
    _ask(project, caller, "vote", found, SECONDS, yes=yes, reason=reason, role=role, seen=seen)
    return approvals.show(project, found)


@needs("release.advance")
def advance(project: Project, caller: Caller, release: str) -> None:
    """Look at the release under way now, live pairs too: to its next stage, or back, or wait."""
    found = releases.named_here(project, releases.under_way(project, release).id).id
    _ask(project, caller, "advance", found, project.limit("watch"))


def _ask(project: Project, caller: Caller, verb: str, id: str, seconds: float, **more: Json) -> None:
    """Raises ReleaseError in the child's words."""
    with (
        log_file(project.logs, "by_hand") as log,
        Child(__name__, [str(project.root), verb, id], log=log) as child,
    ):
        try:
            answer = child.ask({"caller": _plain(caller), "more": more}, seconds)
        except TimeoutError as exc:
            hint = f"tidemill {'release advance' if verb == 'advance' else verb} {id}"
            raise ReleaseError(f"{verb} took longer than {seconds:g} s", hint=hint) from exc
    if answer is None:
        raise ReleaseError(f"the process that was to {verb} it died", hint="see .tidemill/logs/by_hand.log")
    if answer:
        raise ReleaseError(answer["detail"], place=answer["place"], hint=answer["hint"])


def _plain(caller: Caller) -> JsonObject:
    """As JSON can say it."""
    may = None if caller.may is None else sorted(caller.may)
    return {**asdict(caller), "may": may}


def _caller(said: JsonObject) -> Caller:
    """The caller of whom the server says this."""
    may = None if said["may"] is None else frozenset(said["may"])
    return Caller(**{**said, "scopes": tuple(said["scopes"]), "roles": tuple(said["roles"]), "may": may})


def main(argv: Sequence[str]) -> None:
    """The child's side: an empty answer where it is done, else the problem."""
    root, verb, id = argv
    channel = parent()
    asked = channel.receive() if channel is not None else None
    if channel is None or asked is None:
        raise SystemExit("the server starts this process")
    problem: JsonObject = {}
    try:
        with open_project(Path(root)) as project:
            VERBS[verb](project, _caller(asked["caller"]), id, **asked["more"])
    except TidemillError as exc:
        problem = exc.problem()
    channel.send(problem)


if __name__ == "__main__":
    main(sys.argv[1:])
