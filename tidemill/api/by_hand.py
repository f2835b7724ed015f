"""A person's decisions, carried out. What must be signed is signed in a child process: the server never opens a key.

``python -m tidemill.api.by_hand ROOT approve|reject RELEASE``, told who, why and in which role.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tidemill.errors import ReleaseError, TidemillError
from tidemill.process.child import Child
from tidemill.process.guarded import parent
from tidemill.process.supervised import log_file
from tidemill.release import approvals
from tidemill.scope.project import Project, open_project
from tidemill.types import JsonObject

SECONDS = 30.0
VERBS = ("approve", "reject")


async def do(verb: Callable[..., Any], *args: Any, **words: Any) -> Any:
    """Run a verb that waits for the store in a thread."""
    return await asyncio.to_thread(verb, *args, **words)


async def say(project: Project, verb: str, release: str, who: str, reason: str, role: str | None) -> None:
    """`approve` or `reject` in a child. Raises ReleaseError in the child's words, and NotFound at once."""
    await do(project.store.releases.get, release)
    await do(_ask, project, verb, release, {"who": who, "reason": reason, "role": role})


def _ask(project: Project, verb: str, release: str, words: JsonObject) -> None:
    with (
        log_file(project.logs, "by_hand") as log,
        Child(__name__, [str(project.root), verb, release], log=log) as child,
    ):
        try:
            answer = child.ask(words, SECONDS)
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
    word = channel.receive() if channel is not None else None
    if channel is None or word is None:
        raise SystemExit("the server starts this process")
    problem: JsonObject = {}
    try:
        with open_project(Path(root)) as project:
            act = {"approve": approvals.approve, "reject": approvals.reject}[verb]
            act(project, release, word["who"], word["reason"], word["role"])
    except TidemillError as exc:
        problem = exc.problem()
    channel.send(problem)


if __name__ == "__main__":
    main(sys.argv[1:])
