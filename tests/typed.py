"""What a user types, done in this process, which has the libraries loaded: a command of its own spends half a second on that."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from pathlib import Path

import pytest

from tidemill.cli.main import main


def typed(*words: str, cwd: Path, home: str | Path | None = None, given: str = "") -> subprocess.CompletedProcess[str]:
    """What was said, and the exit code. ``given``: what it reads; ``home``: where this person's keys are, if not where the test's are."""
    code, out, err = 0, io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode()), "utf-8"))
        if home is not None:
            patch.setenv("TIDEMILL_HOME", str(home))
        try:
            main(list(words))
        except SystemExit as exc:
            code = int(exc.code or 0)
    return subprocess.CompletedProcess(["tidemill", *words], code, out.getvalue(), err.getvalue())
