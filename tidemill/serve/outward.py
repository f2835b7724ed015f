"""What leaves with an error: the thing, the place and the hint, and no path or address behind the machine that answers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TypeVar

from tidemill.errors import TidemillError
from tidemill.scope.home import tidemill_home

E = TypeVar("E", bound=TidemillError)
_ABSOLUTE = re.compile(r"(?<![\w:/.~-])/(?:[^\s/'\"`:,;()]+/)+([^\s/'\"`:,;()]*)")

_SERVER = re.compile(r'postgres\w*(?:\+\w+)?://\S+|server (?:at "[^"]*", port \d+|on socket "[^"]*")')


def outward(exc: E, root: Path) -> E:
    """The same error, as a client may read it: paths below the project's folder begin there, of others the name is left.

    >>> from tidemill.errors import DiskFull
    >>> str(outward(DiskFull("no room in /var/lib/x.db", place="/srv/shop/.tidemill/live.db"), Path("/srv/shop")))
    '.tidemill/live.db: no room in x.db'
    >>> str(outward(DiskFull('the server at "10.0.0.7", port 5432 is full'), Path("/srv/shop")))
    'the database is full'
    """
    inside = exc.status >= 500  # what a refused request is told of has addresses of the server in it
    for name in ("message", "place", "hint"):
        setattr(exc, name, _told(getattr(exc, name), root, inside))
    return exc


def _told(text: str, root: Path, inside: bool) -> str:
    text = _SERVER.sub("database", text) if inside else text
    if "/" not in text:
        return text
    text = text.replace(f"{root}/", "").replace(str(root), root.name).replace(str(tidemill_home()), "$TIDEMILL_HOME")
    return _ABSOLUTE.sub(r"\1", text) if inside else text
