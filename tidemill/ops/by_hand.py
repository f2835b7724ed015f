"""A person's word on a release, asked of the server and done in a child process: the server never opens a key, nor makes live pairs.

``python -m tidemill.ops.by_hand ROOT approve|reject|advance RELEASE``, told who, and what else the verb is given.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.errors import ReleaseError, TidemillError
from tidemill.ops import releases
from tidemill.ops.releases import Reason, Role
from tidemill.process.child import Child
from tidemill.process.guarded import parent
from tidemill.process.supervised import log_file
from tidemill.scope.project import Project, open_project
from tidemill.types import JsonObject

SECONDS = 30.0
VERBS: dict[str, Callable[..., object]] = {
    "approve": releases.approve,
    "reject": releases.reject,
    "advance": releases.advance,
}


@needs("release.approve")
def approve(project: Project, caller: Caller, release: str, reason: Reason, role: Role = None) -> None:
    """Say yes to a held release: its rollout begins."""
    _ask(project, caller, "approve", release, SECONDS, reason=reason, role=role)


@needs("release.approve")
def reject(project: Project, caller: Caller, release: str, reason: Reason, role: Role = None) -> None:
    """Say no to a held release: it ends."""
    _ask(project, caller, "reject", release, SECONDS, reason=reason, role=role)


@needs("release.advance")
def advance(project: Project, caller: Caller, release: str) -> None:
    """Look at the release under way now, live pairs too: to its next stage, or back, or wait."""
    _ask(project, caller, "advance", releases.under_way(project, release).id, project.limit("watch"))


def _ask(project: Project, caller: Caller, verb: str, release: str, seconds: float, **more: str | None) -> None:
    """Raises ReleaseError in the child's words, and Forbidden and NotFound at once."""
    release = releases.named_here(project, release).id
    with (
        log_file(project.logs, "by_hand") as log,
        Child(__name__, [str(project.root), verb, release], log=log) as child,
    ):
        try:
            answer = child.ask({"caller": asdict(caller), "more": more}, seconds)
        except TimeoutError as exc:
            hint = f"tidemill {'release advance' if verb == 'advance' else verb} {release}"
            raise ReleaseError(f"{verb} took longer than {seconds:g} s", hint=hint) from exc
    if answer is None:
        raise ReleaseError(f"the process that was to {verb} it died", hint="see .tidemill/logs/by_hand.log")
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
            VERBS[verb](project, Caller(**asked["caller"]), release, **asked["more"])
    except TidemillError as exc:
        problem = exc.problem()
    channel.send(problem)


if __name__ == "__main__":
    main(sys.argv[1:])
