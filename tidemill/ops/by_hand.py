"""A person's word on a release, asked of the server: signed in a child process, for the server never opens a key.

``python -m tidemill.ops.by_hand ROOT approve|reject RELEASE``, told who, why and in which role.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tidemill.access.caller import Caller
from tidemill.errors import ReleaseError, TidemillError
from tidemill.ops import releases
from tidemill.ops.releases import Reason, Role
from tidemill.process.child import Child
from tidemill.process.guarded import parent
from tidemill.process.supervised import log_file
from tidemill.scope.project import Project, open_project
from tidemill.types import JsonObject

SECONDS = 30.0
VERBS = {"approve": releases.approve, "reject": releases.reject}


def approve(project: Project, caller: Caller, release: str, reason: Reason, role: Role = None) -> None:
    """Say yes to a held release: its rollout begins."""
    _ask(project, caller, "approve", release, reason, role)


def reject(project: Project, caller: Caller, release: str, reason: Reason, role: Role = None) -> None:
    """Say no to a held release: it ends."""
    _ask(project, caller, "reject", release, reason, role)


def _ask(project: Project, caller: Caller, verb: str, release: str, reason: str, role: str | None) -> None:
    """Raises ReleaseError in the child's words, and Forbidden and NotFound at once."""
    caller.need("operate")
    release = project.store.releases.named(release).id
    with (
        log_file(project.logs, "by_hand") as log,
        Child(__name__, [str(project.root), verb, release], log=log) as child,
    ):
        try:
            answer = child.ask({"caller": asdict(caller), "reason": reason, "role": role}, SECONDS)
        except TimeoutError as exc:
            hint = f"tidemill {verb} {release}"
            raise ReleaseError(f"{verb} took longer than {SECONDS:g} s", hint=hint) from exc
    if answer is None:
        raise ReleaseError("the process that signs died", hint="see .tidemill/logs/by_hand.log")
    if answer:
        raise ReleaseError(answer["detail"], place=answer["place"], hint=answer["hint"])


def main(argv: Sequence[str]) -> None:
    """The child's side: an empty answer where it is done, else the problem."""
    root, verb, release = argv
    channel = parent()
    asked = channel.receive() if channel is not None else None
    if channel is None or asked is None:
        raise SystemExit("the server starts this process")
    problem: JsonObject = {}
    try:
        with open_project(Path(root)) as project:
            VERBS[verb](project, Caller(**asked["caller"]), release, asked["reason"], asked["role"])
    except TidemillError as exc:
        problem = exc.problem()
    channel.send(problem)


if __name__ == "__main__":
    main(sys.argv[1:])
