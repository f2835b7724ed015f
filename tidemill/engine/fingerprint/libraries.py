"""Versions of installed libraries by the name they are imported under, read from the names of folders alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from functools import cache

_OTHER_NAMES = {
    "sklearn": "scikit_learn",
    "yaml": "pyyaml",
    "PIL": "pillow",
    "cv2": "opencv_python",
    "dateutil": "python_dateutil",
    "bs4": "beautifulsoup4",
}


def versions(names: Iterable[str]) -> dict[str, str]:
    """Version of each, or "?" where no distribution says.

    >>> list(versions(["numpy"]))
    ['numpy']
    """
    return {name: _version(name) for name in sorted(names)}


@cache
def _version(name: str) -> str:
    found = _installed().get(_OTHER_NAMES.get(name, name).lower())
    if found is None:
        from importlib.metadata import packages_distributions, version

        owners = packages_distributions().get(name)
        found = version(owners[0]) if owners else "?"
    return found


@cache
def _installed() -> dict[str, str]:
    """Distributions on the path, the first of a name being the one that is imported."""
    found: dict[str, str] = {}
    for folder in sys.path:
        try:
            entries = os.listdir(folder or ".")
        except OSError:
            continue
        for entry in entries:
            if entry.endswith(".dist-info"):
                name, _, version = entry.removesuffix(".dist-info").partition("-")
                found.setdefault(name.lower().replace(".", "_"), version)
    return found
