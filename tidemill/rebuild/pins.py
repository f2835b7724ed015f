"""The pins of a record held against what is installed here: Python, and every library that a training can reach."""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from importlib.metadata import PackageNotFoundError, requires
from typing import TYPE_CHECKING

from tidemill.engine.fingerprint.environment import PYTHON, library_version, pins
from tidemill.rebuild.report import Pin

if TYPE_CHECKING:
    from tidemill.model.recorded import Recorded

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
OWN = "tidemill"


def differing(record: Recorded) -> list[Pin]:
    """Where this environment is not the recorded one: a rebuild with these would be one with other libraries."""
    found = [Pin("python", record.python, PYTHON)] if record.python != PYTHON else []
    here, then = pins(), record.pins
    for name in sorted(reached(record.libraries, here.keys() | then.keys())) if then else ():
        if name != OWN and then.get(name, "") != here.get(name, ""):
            found.append(Pin(name, then.get(name, ""), here.get(name, "")))
    named = {pin.name for pin in found}
    for name, version in record.libraries.items():
        if name not in named and library_version(name) != version:
            found.append(Pin(name, version, library_version(name).replace("?", "")))
    return found


def needed(record: Recorded) -> dict[str, str]:
    """The recorded pins of what a training can reach: what a new environment of it has."""
    names = reached(record.libraries, record.pins.keys())
    return {name: version for name, version in record.pins.items() if name in names}


def reached(libraries: Iterable[str], known: Set[str]) -> set[str]:
    """Tidemill's requirements and those of these libraries, all the way down, by normal name: those of them that are ``known``."""
    found, waiting = set[str](), [OWN, *map(normal, libraries)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _required(name, known)
    return found


def _required(name: str, known: Set[str]) -> list[str]:
    try:
        lines = requires(name) or []
    except PackageNotFoundError:
        return []
    found = []
    for line in lines:
        required, optional = _NAME.match(line), "extra ==" in line
        if required and (not optional or name == OWN) and normal(required[0]) in known:
            found.append(normal(required[0]))
    return found


def normal(name: str) -> str:
    """As `pins` names a distribution.

    >>> normal("Some_Library.Core")
    'some-library-core'
    """
    return re.sub(r"[-_.]+", "-", name).lower()
