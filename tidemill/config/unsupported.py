"""Settings of tidemill.toml that are documented, or plainly meant, and that this version does not build.

Said of the file as it was written, before it is decoded: whoever asks for such a thing hears that it is not available yet, not that it is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tidemill.types import JsonObject

OPS = ("count", "sum", "last", "since", "mean", "decayed_count", "hour", "weekday", "month", "trend", "embed")
"""What a feature may be made by; a word that is not among them is wrong, not early."""
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Later:
    """A setting that is refused: where it stands, and in words."""

    path: Path
    what: str
    hint: str = "leave it out for now"


def later(raw: JsonObject) -> Iterator[Later]:
    """Every such setting of the file, in its order. Takes any shape: what is wrong is said when it is decoded.

    >>> [found.what for found in later({"data": {"sales": {"source": "s3://a/b"}}})]
    ['a source at s3://']
    """
    for key, section in _table(raw.get("data")).items():
        source = _table(section).get("source")
        scheme = re.match(r"\s*([a-z][a-z0-9+.-]*)://", source, re.I) if isinstance(source, str) else None
        if scheme:
            hint = 'files of the project, or a function of your own: source = "steps:NAME"'
            yield Later(("data", key, "source"), f"a source at {scheme[1].lower()}://", hint)


def _table(value: Any) -> JsonObject:
    """The value, where it is a table."""
    return value if isinstance(value, dict) else {}
