"""A repository around a project."""

from __future__ import annotations

import subprocess
from pathlib import Path


def git(folder: Path, *said: str) -> str:
    who = ("-c", "user.name=ada", "-c", "user.email=ada@example.org")
    return subprocess.run(["git", *who, *said], cwd=folder, check=True, capture_output=True, text=True).stdout
