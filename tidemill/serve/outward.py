"""What leaves with an error: the thing, the place and the hint, and no path of the machine that answers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TypeVar

from tidemill.errors import TidemillError
from tidemill.scope.home import tidemill_home

E = TypeVar("E", bound=TidemillError)
_ABSOLUTE = re.compile(r"(?<![\w:/.~-])/(?:[^\s/'\"`:,;()]+/)+([^\s/'\"`:,;()]*)")


def outward(exc: E, root: Path) -> E:
    """The same error, as a client may read it: paths below the project's folder begin there, of others the name is left.

    >>> from tidemill.errors import DiskFull
    >>> str(outward(DiskFull("no room in /var/lib/x.db", place="/srv/shop/.tidemill/live.db"), Path("/srv/shop")))
    '.tidemill/live.db: no room in x.db'
    """
    inside = exc.status >= 500  # what a refused request is told of has addresses of the server in it
    for name in ("message", "place", "hint"):
        setattr(exc, name, _told(getattr(exc, name), root, inside))
    return exc


def _told(text: str, root: Path, inside: bool) -> str:
    if "/" not in text:
        return text
    text = text.replace(f"{root}/", "").replace(str(root), root.name).replace(str(tidemill_home()), "$TIDEMILL_HOME")
    return _ABSOLUTE.sub(r"\1", text) if inside else text
