"""The project's own code as it was: out of its repository at the recorded commit, or as it is now where it was in none.

Nothing is written to the repository: no worktree is added to it, `git archive` reads the commit.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

from tidemill.engine.fingerprint.environment import GIT, outside
from tidemill.errors import ModelError
from tidemill.files import write_whole
from tidemill.scope.sources import files
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.scope.project import Project

MOST = 500_000_000
"""Bytes of a commit's files below the project's folder."""
SECONDS = 120
STATE = ".tidemill"


def lay(project: Project, code: JsonObject, into: Path) -> None:
    """tidemill.toml, contracts and code, as ``code`` (of a run's record) says, in this empty folder.

    Raises ModelError where the repository does not give them any more; NotAvailableYet, ConfigError.
    """
    if code.get("commit"):
        _check_out(project, code, into)
    else:
        for path in (Path("tidemill.toml"), *files(project)):
            (into / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(project.root / path, into / path)


def _check_out(project: Project, code: JsonObject, into: Path) -> None:
    _check_size(_git(project.root, ["ls-tree", "-r", "-l", _commit(code)]))
    _unpack(_git(project.root, ["archive", "--format=tar", _commit(code)]), into)
    if code.get("diff"):
        depth = len(Path(_git(project.root, ["rev-parse", "--show-prefix"]).decode().strip()).parts)
        asked = ["apply", f"-p{depth + 1}", f"--exclude={STATE}/*", "--whitespace=nowarn", "-"]
        _git(into, asked, project.artifacts.get(code["diff"]))
    if not (into / "tidemill.toml").is_file():
        raise ModelError(f"commit {code['commit'][:12]} has no tidemill.toml in this folder", place=str(project.root))


def _check_size(listed: bytes) -> None:
    """Of a commit's files, before they are read. Raises ModelError."""
    sizes = (line.split(b"\t")[0].split()[-1] for line in listed.splitlines())
    if sum(int(size) for size in sizes if size.isdigit()) > MOST:
        raise ModelError(f"the commit is larger than {MOST:,} bytes", place="git archive")


def _unpack(packed: bytes, into: Path) -> None:
    """The regular files of a tar, one by one, each below the folder; a link is none, and no state is taken that somebody committed:
    what is built anew would be found there."""
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive:
            parts = Path(member.name).parts
            if not member.isreg() or member.name.startswith("/") or ".." in parts or STATE in parts[:1]:
                continue
            found = archive.extractfile(member)
            assert found is not None  # of a regular file
            path = into.joinpath(*parts)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, found.read(), 0o755 if member.mode & 0o100 else 0o644, sync=False)


def _commit(code: JsonObject) -> str:
    """The commit's name: a number, and no word for git. Raises ModelError."""
    name = str(code["commit"])
    if not re.fullmatch(r"[0-9a-f]{40,64}", name):
        raise ModelError(f"{name[:40]!r} is no commit", place="git")
    return name


def commits_between(project: Project, one: JsonObject, other: JsonObject) -> list[tuple[str, str, str]]:
    """(commit before, commit, its subject) of each that touched the project's folder from the one code to the other, oldest first."""
    if not one.get("commit") or not other.get("commit"):
        return []
    span = f"{_commit(one)}..{_commit(other)}"
    asked = ["log", "--no-show-signature", "--reverse", "--first-parent", "--format=%H%x09%s", span, "--", "."]
    lines = _git(project.root, asked).decode(errors="replace").splitlines()
    found = [line.partition("\t")[::2] for line in lines]
    before = [str(one["commit"]), *(commit for commit, _ in found)]
    return [(was, commit, subject) for was, (commit, subject) in zip(before, found)]


def unknown(code: JsonObject) -> list[str]:
    """What the record does not hold of the code, in words: files that were changed and are in no diff."""
    if "unknown" in code:
        return [str(code["unknown"])]
    lost = code.get("dirty") and not code.get("diff")
    return [f"changed and kept nowhere: {', '.join(code.get('changed', [])[:5])}"] if lost else []


def _git(folder: Path, arguments: list[str], given: bytes = b"") -> bytes:
    """What git says. Raises ModelError where it cannot, or says too much."""
    alone = outside() | ({"GIT_CEILING_DIRECTORIES": str(folder.parent)} if given else {})  # a copy is in no repository
    try:
        done = subprocess.run(
            [*GIT, *arguments], cwd=folder, input=given, capture_output=True, timeout=SECONDS, env=alone, check=False
        )
    except (OSError, subprocess.SubprocessError) as exc:
        raise ModelError(f"git did not answer: {type(exc).__name__}", place=f"git {arguments[0]}") from exc
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        hint = "the commit that the version was built from must be in the project's repository: git fetch"
        raise ModelError(
            f"the code of then cannot be had: {said[-1] if said else done.returncode}", place="git", hint=hint
        )
    if len(done.stdout) > MOST:
        raise ModelError(f"git says more than {MOST:,} bytes", place=f"git {arguments[0]}")
    return done.stdout
