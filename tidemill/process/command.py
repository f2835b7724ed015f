"""Become a command that somebody else wrote: ``python -m tidemill.process.command FOLDER MEMORY PORT INSTANCE COMMAND…``.

Started as a `Child`, so that a guardian stands beside it. It gets the folder, a limit of memory, and of this environment only what
programs need to be found and to write text: no word that could be a secret.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Sequence
from pathlib import Path

from tidemill.process.memory import let

PASSED = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH", "LD_LIBRARY_PATH"),
    *("OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES"),
)
"""What of the environment it sees."""


def main(argv: Sequence[str]) -> None:
    folder, memory, port, instance, *command = argv
    environment = {name: os.environ[name] for name in PASSED if name in os.environ}
    environment |= {"PORT": port, "TIDEMILL_INSTANCE": instance, "PYTHONPATH": _path()}
    let(resource.RLIMIT_CORE, 0)
    let(resource.RLIMIT_DATA, int(memory))
    program = sys.executable if command[0] in ("python", "python3") else command[0]
    try:
        os.chdir(folder)
        os.execvpe(program, [program, *command[1:]], environment)  # noqa: S606 - no shell: a list of arguments
    except OSError as exc:
        sys.exit(f"{exc.filename or program}: {exc.strerror}")


def _path() -> str:
    """PYTHONPATH as somebody said it: with this package's folder in it another Python would take its libraries from here."""
    here = str(Path(__file__).resolve().parents[2])
    return os.pathsep.join(one for one in os.environ.get("PYTHONPATH", "").split(os.pathsep) if one not in ("", here))


if __name__ == "__main__":
    main(sys.argv[1:])
