"""What a run runs on: the code's commit (and the diff when it is dirty), Python, libraries and the machine."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tidemill.store.records import Artifact
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    from tidemill.store.artifacts.port import Artifacts

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
THREADS = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"),
    *(
        "OPENBLAS_CORETYPE",
        "NPY_DISABLE_CPU_FEATURES",
        "NPY_ENABLE_CPU_FEATURES",
    ),  # other kernels add up in another order
)
"""Variables that say how many threads add up, and by which kernels: another choice is another last digit."""
_MOST = 4_000_000  # bytes of a diff that are kept
_PLAIN = ("core.fsmonitor", "core.untrackedCache", "diff.noprefix", "diff.mnemonicPrefix", "diff.relative")
"""Settings of the user's that would change what git says, or run a program."""
_HOOK = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY")
GIT = ("git", *(word for name in _PLAIN for word in ("-c", f"{name}=false")), "--no-optional-locks")


def machine() -> JsonObject:
    """Python, system, host, cores and the settings of thread pools and kernels."""
    system = os.uname()
    threads = {name: os.environ[name] for name in THREADS if name in os.environ}
    return {
        "python": PYTHON,
        "implementation": sys.implementation.name,
        "system": f"{system.sysname} {system.release} {system.machine}",
        "host": system.nodename,
        "cores": os.cpu_count(),
        "threads": threads,
    }


@cache
def library_version(name: str) -> str:
    """The version of the distribution that is imported under this name, or "?" where none says.

    >>> library_version("numpy") != "?"
    True
    """
    from importlib.metadata import PackageNotFoundError, packages_distributions, version

    try:
        return version(name)
    except PackageNotFoundError:
        owners = packages_distributions().get(name)
        return version(owners[0]) if owners else "?"


@cache
def pins() -> dict[str, str]:
    """Every distribution that is installed where this process looks for code, with its version: what a rebuild installs.

    >>> pins()["numpy"] == library_version("numpy")
    True
    """
    return installed(sys.path)


def installed(path: Iterable[str]) -> dict[str, str]:
    """Every distribution in these folders, with its version; of two of one name the first."""
    found: dict[str, str] = {}
    for entry in path:
        folder = Path(entry or ".")
        for name in (
            sorted(os.listdir(folder)) if folder.is_dir() else ()
        ):  # names alone: reading each METADATA takes long
            project, _, version = name.removesuffix(".dist-info").partition("-")
            if name.endswith(".dist-info") and version:
                found.setdefault(re.sub(r"[-_.]+", "-", project).lower(), version)
    return found


def in_repository(root: Path) -> bool:
    return any(os.path.exists(folder / ".git") for folder in (root, *root.parents))  # noqa: PTH110 - never raises


def code_state(root: Path, artifacts: Artifacts, now: Micros) -> tuple[JsonObject, list[Artifact]]:
    """``commit``, ``dirty``, ``changed`` (files) and ``diff`` (digest of the artifact, returned too) where there are
    changes; ``unknown`` where git does not answer; nothing of a folder that the repository ignores."""
    from subprocess import SubprocessError

    try:
        status = _git(root, "status", "--porcelain=v2", "--branch", "-z", "--untracked-files=normal", "--", ".")
        lines = status.decode(errors="replace").split("\0")
        commit = next((line.split()[-1] for line in lines if line.startswith("# branch.oid ")), "")
        if not commit:  # a folder that is another user's, say: that is not a project without a repository
            return {"unknown": "git does not read the repository"}, []
        changed = [line.split(" ")[-1] for line in lines if line and not line.startswith("#")]
        if not changed:  # a folder that the repository ignores is in none: its commit says nothing of it
            return ({"commit": commit, "dirty": False} if _git(root, "ls-files", "--", ".") else {}), []
        diff = _git(root, "diff", "--binary", "--no-ext-diff", "--no-textconv", "--no-color", "HEAD", "--", ".")
    except (OSError, SubprocessError) as exc:
        return {"unknown": f"git did not answer: {type(exc).__name__}"}, []
    code: JsonObject = {"commit": commit, "dirty": True, "changed": changed[:50]}
    if not diff or len(diff) > _MOST:
        return code, []
    code["diff"] = artifacts.put(diff)
    return code, [Artifact(code["diff"], "bytes", len(diff), now)]


def _git(root: Path, *arguments: str) -> bytes:
    from subprocess import DEVNULL, PIPE, run

    return run(
        (*GIT, *arguments), cwd=root, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, timeout=10, env=outside()
    ).stdout


def outside() -> dict[str, str]:
    """The environment for git: without what a hook says of the repository that it is called in, which may be another."""
    return {name: value for name, value in os.environ.items() if name not in _HOOK}
