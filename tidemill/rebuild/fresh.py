"""A new environment with the recorded pins, in a folder that goes: pip installs each by its name, and nothing else.

No version is chosen: what cannot be had as it was recorded is an error. Tidemill itself is linked into it, and must be the recorded one.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path

from tidemill.engine.fingerprint.environment import PYTHON, library_version
from tidemill.errors import ModelError
from tidemill.process.child import Child
from tidemill.process.command import PASSED
from tidemill.rebuild.pins import OWN

SECONDS = 1800
"""For all of it: some hundred megabytes of wheels."""
WAY = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "NETRC"),
)
"""Words of the environment by which an index is reached, beside pip's own."""
Tell = Callable[[int, int, str], None]


@contextmanager
def environment(pins: Mapping[str, str], folder: Path, tell: Tell, python: str = PYTHON) -> Iterator[str]:
    """Its interpreter. ``pins``: distribution → version. Raises ModelError where they cannot be had."""
    _must_be_here(pins, python)
    home = folder / "environment"
    _run("venv", [str(home)], tell, 0, "a new environment")
    (there,) = home.glob("lib/python*/site-packages")
    _link(there)
    wanted = folder / "pins.txt"
    lines = sorted(f"{name}=={version}" for name, version in pins.items() if name != OWN)
    wanted.write_text("\n".join(lines) + "\n", "utf-8")
    program = str(home / "bin" / "python")
    quiet = ["--disable-pip-version-check", "--no-input", "--retries", "1", "--timeout", "15"]
    _run("pip", ["install", *quiet, "--no-deps", "-r", str(wanted)], tell, len(lines), "pip", program)
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


def _run(module: str, arguments: list[str], tell: Tell, of: int, what: str, python: str = "") -> None:
    """Run a module, and tell what it says, line by line; it ends with this process. Raises ModelError with its last words."""
    said, done, late = [""], 0, threading.Event()
    tell(0, of, what)
    reading, writing = os.pipe()
    with open(reading, encoding="utf-8", errors="replace") as lines:
        try:
            child = Child(module, arguments, log=writing, without=_hidden(), python=python)
        finally:
            os.close(writing)
        with child, _within(child, late):
            for line in lines:
                said = [*said[-20:], line.strip()]
                if line.startswith("Collecting "):
                    done += 1
                    tell(min(done, of), of, line.removeprefix("Collecting ").split(" ")[0])
            code = child.wait()
    if late.is_set():
        raise ModelError(f"{what} took longer than {SECONDS} s", place="pip")
    if code:
        wrong = [line for line in said if line.startswith("ERROR")] or said[-1:]
        hint = "a package index must be reachable; a version that was taken back there cannot be had any more"
        raise ModelError(f"the recorded environment cannot be had: {wrong[-1]}", place="pip", hint=hint)


@contextmanager
def _within(child: Child, late: threading.Event) -> Iterator[None]:
    """For at most `SECONDS`, also of one that says nothing."""

    def end() -> None:
        late.set()
        child.kill()

    clock = threading.Timer(SECONDS, end)
    clock.start()
    try:
        yield
    finally:
        clock.cancel()


def _hidden() -> list[str]:
    """What of this environment pip, and what it builds, do not see: nothing that could be a secret but the way to an index."""
    shown = {*PASSED, *WAY}
    return [name for name in os.environ if not (name in shown or name.upper() in shown or name.startswith("PIP_"))]
