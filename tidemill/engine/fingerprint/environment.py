"""What a run ran on: the code's commit (and the diff when it is dirty), Python, libraries and the machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tidemill.engine.fingerprint.fingerprint import PYTHON
from tidemill.store.records import Artifact
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    from subprocess import Popen

    from tidemill.store.artifacts.base import ArtifactStore

_MOST = 4_000_000  # bytes of a diff that are kept
_GIT = ("git", "-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false", "--no-optional-locks")


def machine() -> JsonObject:
    """Python, system, host, cores and the settings of thread pools."""
    system = os.uname()
    threads = {n: os.environ[n] for n in ("OMP_NUM_THREADS", "POLARS_MAX_THREADS") if n in os.environ}
    return {
        "python": PYTHON,
        "implementation": sys.implementation.name,
        "system": f"{system.sysname} {system.release} {system.machine}",
        "host": system.nodename,
        "cores": os.cpu_count(),
        "threads": threads,
    }


class CodeState:
    """The commit of the folder's repository; git is asked in the background, and waited for at the end."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._repository = next((f for f in (root, *root.parents) if os.path.exists(f / ".git")), None)  # noqa: PTH110 - never raises
        self._processes: list[Popen[bytes]] = []
        if self._repository is not None:
            self._start()

    def finish(self, artifacts: ArtifactStore, now: Micros) -> tuple[JsonObject, list[Artifact]]:
        """``commit``, ``dirty``, ``changed`` (files) and ``diff`` (digest of the artifact) where there are changes."""
        if not self._processes:
            return {}, []
        from subprocess import SubprocessError

        try:
            status, diff = (process.communicate(timeout=10)[0] for process in self._processes)
        except (OSError, SubprocessError) as exc:
            self.stop()
            return {"unknown": f"git did not answer: {type(exc).__name__}"}, []
        lines = status.decode(errors="replace").split("\0")
        commit = next((line.split()[-1] for line in lines if line.startswith("# branch.oid ")), "")
        changed = [line for line in lines if line and not line.startswith("#")]
        code: JsonObject = {"commit": commit, "dirty": bool(changed)}
        if not changed:
            return code, []
        code["changed"] = [line.split(" ")[-1] for line in changed[:50]]
        if not diff or len(diff) > _MOST:
            return code, []
        code["diff"] = artifacts.put(diff)
        return code, [Artifact(code["diff"], "bytes", len(diff), now)]

    @property
    def is_ready(self) -> bool:
        """Whether `finish` need not wait."""
        return all(process.poll() is not None for process in self._processes)

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
            process.communicate()
        self._processes = []

    def _start(self) -> None:
        status = (*_GIT, "status", "--porcelain=v2", "--branch", "-z", "--untracked-files=normal", "--", ".")
        diff = (*_GIT, "diff", "--no-ext-diff", "--no-textconv", "--no-color", "HEAD", "--", ".")
        try:
            self._processes.append(self._ask(status))
            self._processes.append(self._ask(diff))
        except OSError:  # no git on this machine
            self.stop()

    def _ask(self, command: tuple[str, ...]) -> Popen[bytes]:
        from subprocess import DEVNULL, PIPE, Popen

        quiet: int | IO[bytes] = DEVNULL
        return Popen(command, cwd=self._root, stdin=DEVNULL, stdout=PIPE, stderr=quiet)
