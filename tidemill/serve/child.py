"""Child processes that never outlive their parent: ``python -m tidemill.serve.child PARENT MODULE ARGUMENT…``."""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tidemill.scope.project import Project

PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int | None) -> None:
    """Ask the kernel for SIGTERM when the parent is gone (Linux). Without a parent to watch, nothing."""
    if parent is None or not sys.platform.startswith("linux"):
        return
    libc: Any = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it went before we could ask
        raise SystemExit(0)


def command(module: str, arguments: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The command line of ``python -m module arguments`` and its environment.

    The current folder is not searched for code (-P): a file called json.py in it stays a file.
    """
    here = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(p for p in (here, os.environ.get("PYTHONPATH", "")) if p)
    return [sys.executable, "-P", "-m", module, *arguments], {**os.environ, "PYTHONPATH": path}


def spawn(module: str, arguments: Sequence[str], log: IO[bytes], **more: Any) -> subprocess.Popen[bytes]:
    """Start the module as a child of this process, its output in the log."""
    line, env = command(module, arguments)
    return subprocess.Popen(line, stdout=log, stderr=log, env=env, **more)


def log_file(project: Project, name: str) -> IO[bytes]:
    """``.tidemill/logs/NAME.log``, to append to, for its owner's eyes alone."""
    folder = project.state / "logs"
    folder.mkdir(mode=0o700, exist_ok=True)
    return os.fdopen(os.open(folder / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")


def main(argv: Sequence[str]) -> None:
    """Run a module that knows nothing of this."""
    parent, module, *arguments = argv
    die_with_parent(int(parent))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
