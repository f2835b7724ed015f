"""What a person does on the page: approve, reject, halt, roll back. One verb, one function; the page calls and says.

A yes or a no is signed with the approval key. The server holds no key, so these two run as the command line's verbs in a child process.
"""

from __future__ import annotations

import hmac
import json
import subprocess
import sys
from collections.abc import Callable, Mapping

from noria.errors import BadRequest, Forbidden, ReleaseError
from noria.kernel.records import Token
from noria.project import Project
from noria.types import digest

SECONDS = 20
LONGEST = 500


def csrf(token: Token) -> str:
    """What a form of this session must carry: made of the session's secret, and of no use without it."""
    return digest(f"form {token.id} {token.hash}".encode()).removeprefix("sha256:")


def check_csrf(token: Token, form: Mapping[str, str]) -> None:
    """Raises Forbidden unless the form came from a page of this very session."""
    if not hmac.compare_digest(form.get("csrf", "").encode(), csrf(token).encode()):
        raise Forbidden("this form does not belong to your session", way_out="load the page again and repeat it")


def act(project: Project, action: str, release_id: str, reason: str) -> str:
    """Do it, and say what was done. Raises BadRequest, NotFound, ReleaseError."""
    reason = " ".join(reason.split())
    if not reason:
        raise BadRequest(
            "say why: the reason is kept with the release", place="reason", way_out="go back and write one"
        )
    if len(reason) > LONGEST:
        raise BadRequest(f"the reason is longer than {LONGEST} characters", place="reason")
    release = project.store.releases.get(release_id)
    _VERBS[action](project, release.id, reason)
    return f"{release.model.removeprefix('model:')}: {_DONE[action]}"


def _halt(project: Project, release_id: str, reason: str) -> None:
    from noria.release.rollout import halt

    halt(project, release_id, by="page", reason=reason)


def _roll_back(project: Project, release_id: str, reason: str) -> None:
    from noria.release.rollout import roll_back

    roll_back(project, release_id, by="page", reason=reason)


def _approve(project: Project, release_id: str, reason: str) -> None:
    _command(project, "approve", release_id, reason)


def _reject(project: Project, release_id: str, reason: str) -> None:
    _command(project, "reject", release_id, reason)


def _command(project: Project, verb: str, release_id: str, reason: str) -> None:
    """``noria approve`` or ``noria reject`` in a child: it opens the key, not this process."""
    line = [sys.executable, "-m", "noria", verb, f"--reason={reason}", "--json", release_id]
    try:
        done = subprocess.run(line, cwd=project.root, capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired as exc:
        raise ReleaseError(
            f"{verb} took longer than {SECONDS} s", way_out=f"in a terminal: noria {verb} {release_id}"
        ) from exc
    if done.returncode:
        raise ReleaseError(_said(done.stderr) or _said(done.stdout) or f"{verb} ended with {done.returncode}")


def _said(output: bytes) -> str:
    """The error in a child's words, whether it speaks JSON or not."""
    text = output.decode("utf-8", "replace").strip()
    try:
        found = json.loads(text)
    except ValueError:
        return "\n".join(text.splitlines()[-3:])
    return str(found.get("detail") or found.get("message") or text) if isinstance(found, dict) else text


Verb = Callable[[Project, str, str], None]
_VERBS: dict[str, Verb] = {"approve": _approve, "reject": _reject, "halt": _halt, "rollback": _roll_back}
_DONE = {"approve": "approved", "reject": "rejected", "halt": "halted", "rollback": "rolled back"}
ACTIONS = tuple(_VERBS)
