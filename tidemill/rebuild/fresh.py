"""A new environment with the recorded pins, in a folder that goes: pip installs each by its name, and nothing else.

No version is chosen: what cannot be had as it was recorded is an error. Tidemill itself is linked into it, and must be the recorded one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path

from tidemill.engine.fingerprint.environment import PYTHON, library_version
from tidemill.errors import ModelError
from tidemill.rebuild.pins import OWN

SECONDS = 1800
"""For all of it: some hundred megabytes of wheels."""
Tell = Callable[[int, int, str], None]


@contextmanager
def environment(pins: Mapping[str, str], folder: Path, tell: Tell, python: str = PYTHON) -> Iterator[str]:
    """Its interpreter. ``pins``: distribution → version. Raises ModelError where they cannot be had."""
    _must_be_here(pins, python)
    home = folder / "environment"
    _run([sys.executable, "-m", "venv", str(home)], tell, 0, "a new environment")
    wanted = folder / "pins.txt"
    lines = sorted(f"{name}=={version}" for name, version in pins.items() if name != OWN)
    wanted.write_text("\n".join(lines) + "\n", "utf-8")
    program = str(home / "bin" / "python")
    quiet = ["--disable-pip-version-check", "--no-input", "--retries", "1", "--timeout", "15"]
    _run([program, "-m", "pip", "install", *quiet, "--no-deps", "-r", str(wanted)], tell, len(lines), "pip")
    (there,) = home.glob("lib/python*/site-packages")
    _link(there)
    yield program


def _link(packages: Path) -> None:
    """Tidemill among these packages: its code, and what its metadata say, entry points among it."""
    (packages / OWN).symlink_to(Path(__file__).resolve().parents[1])
    told = packages / f"{OWN}-{library_version(OWN)}.dist-info"
    told.mkdir()
    for name in ("METADATA", "entry_points.txt"):
        if text := distribution(OWN).read_text(name):
            (told / name).write_text(text, "utf-8")


def _must_be_here(pins: Mapping[str, str], python: str) -> None:
    """Raises ModelError for what pip cannot bring: another Python, another Tidemill."""
    here = library_version(OWN)
    if python != PYTHON:
        raise ModelError(
            f"Python {python} was recorded, and this is {PYTHON}", place="python", hint=f"run it with Python {python}"
        )
    if pins.get(OWN, here) != here:
        raise ModelError(
            f"tidemill {pins[OWN]} was recorded, and this is {here}",
            place=OWN,
            hint=f"run it with tidemill {pins[OWN]}",
        )


def _run(command: list[str], tell: Tell, of: int, what: str) -> None:
    """Run it and tell what it says, line by line. Raises ModelError with its last words."""
    until, said, done = time.monotonic() + SECONDS, [""], 0
    clean = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    }
    tell(0, of, what)
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=clean
    ) as child:
        assert child.stdout is not None
        for line in child.stdout:
            said = [*said[-20:], line.strip()]
            if line.startswith("Collecting "):
                done += 1
                tell(min(done, of), of, line.removeprefix("Collecting ").split(" ")[0])
            if time.monotonic() > until:
                child.kill()
                raise ModelError(f"{what} took longer than {SECONDS} s", place="pip")
    if child.returncode:
        wrong = [line for line in said if line.startswith("ERROR")] or said[-1:]
        hint = "a package index must be reachable; a version that was taken back there cannot be had any more"
        raise ModelError(f"the recorded environment cannot be had: {wrong[-1]}", place="pip", hint=hint)
