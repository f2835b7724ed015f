"""A person's decisions, carried out. What must be signed is signed in a child process: the server never opens a key.

``python -m tidemill.api.by_hand ROOT approve|reject RELEASE``, with who, reason and role as JSON on standard input.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tidemill.errors import ReleaseError, TidemillError
from tidemill.release import approvals
from tidemill.scope.project import Project, open_project
from tidemill.serve.child import command

SECONDS = 30.0
VERBS = ("approve", "reject")


async def do(verb: Callable[..., Any], *args: Any, **words: Any) -> Any:
    """Run a verb that waits for the store in a thread."""
    return await asyncio.to_thread(verb, *args, **words)


async def say(project: Project, verb: str, release: str, who: str, reason: str, role: str | None) -> None:
    """`approve` or `reject` in a child. Raises ReleaseError in the child's words, and NotFound at once."""
    await do(project.store.releases.get, release)
    line, env = command("tidemill.api.by_hand", [str(project.root), verb, release])
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(*line, env=env, stdin=pipe, stdout=pipe, stderr=pipe)
    said = json.dumps({"who": who, "reason": reason, "role": role}).encode()
    try:
        out, err = await asyncio.wait_for(child.communicate(said), SECONDS)
    except TimeoutError as exc:
        child.kill()
        await child.wait()
        raise ReleaseError(f"{verb} took longer than {SECONDS:g} s", hint=f"tidemill {verb} {release}") from exc
    if child.returncode:
        raise _told(out, err)


def _told(out: bytes, err: bytes) -> ReleaseError:
    try:
        found = json.loads(out)
        return ReleaseError(found["detail"], place=found["place"], hint=found["hint"])
    except (ValueError, KeyError, TypeError):
        last = err.decode("utf-8", "replace").strip().splitlines()[-1:] or ["it died without a word"]
        return ReleaseError(last[0])


def main(argv: Sequence[str]) -> int:
    """The child's side."""
    root, verb, release = argv
    word = json.loads(sys.stdin.read())
    try:
        with open_project(Path(root)) as project:
            act = {"approve": approvals.approve, "reject": approvals.reject}[verb]
            act(project, release, word["who"], word["reason"], word["role"])
    except TidemillError as exc:
        print(json.dumps(exc.problem()))
        return exc.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
