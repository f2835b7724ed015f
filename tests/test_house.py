"""The repository itself: pins, make, and what is said on a machine where something is missing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PINS = sorted((ROOT / "requirements").glob("*.txt"))
TARGETS = ("demo", "test", "check", "bench", "docs", "lock")


@pytest.mark.parametrize("path", PINS, ids=lambda path: path.name)
def test_every_pin_has_hashes_and_no_pin_an_address(path):
    text = path.read_text()
    assert "://" not in text and "--index" not in text and "--find-links" not in text
    pins = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert pins and all(re.match(r"[a-z0-9][a-z0-9.\[\]-]*==\S+", pin) and pin.endswith("\\") for pin in pins)
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", text)) >= len(pins)


def test_there_are_pins_for_running_for_serving_for_developing_and_for_the_night():
    assert {path.stem for path in PINS} == {"runtime", "serving", "dev", "ray"}


def test_the_pins_of_the_server_and_the_runtime_are_the_ones_that_are_developed_with():
    found = {path.stem: dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", path.read_text(), re.M)) for path in PINS}
    for name in ("runtime", "serving"):
        assert found[name].items() <= found["dev"].items()


def test_make_alone_says_what_there_is():
    told = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
    for target in TARGETS:
        assert re.search(rf"^  make {target}\s+\S", told, re.M), target


def test_ci_runs_what_the_readme_says():
    assert "exec make test\n" in (ROOT / ".ci/run").read_text()
    assert re.search(r"^    make demo\b.*\n    make test\b", (ROOT / "README.md").read_text(), re.M)
    told = subprocess.run(
        ["make", "-n", "-B", "test"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    ).stdout
    for program in ("ruff format --check", "ruff check", "mypy", "lint-imports", "pytest"):
        assert re.search(rf"(bin/|-m ){program}\b", told), program


def test_without_root_it_says_what_is_missing_and_only_ci_fails(tmp_path):
    """On a path with nothing but a shell, python, and an `id` that says one is nobody."""
    for name in ("bash", "python3"):
        (tmp_path / name).symlink_to(shutil.which(name) or sys.executable)
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n")
    (tmp_path / "apt-get").write_text("#!/bin/sh\nexit 99\n")
    for name in ("id", "apt-get"):
        (tmp_path / name).chmod(0o755)
    kept = {key: value for key, value in os.environ.items() if key not in ("CI", "TIDEMILL_CHROMIUM")}
    for ci, code in (("", 0), ("true", 1)):
        told = subprocess.run(
            [str(ROOT / ".ci/system-packages"), "tests"],
            env={**kept, "PATH": str(tmp_path), "CI": ci},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert told.returncode == code, told.stderr
        assert "not installed: chromium" in told.stderr and "needs root: apt-get install" in told.stderr
        assert ("the tests that need them are skipped" in told.stderr) == (ci == "")
