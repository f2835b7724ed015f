"""Documents out of the artifact store, for looking at: small JSON and text, verified by their digest."""

from __future__ import annotations

import json
from typing import Any

from tidemill.errors import Damaged
from tidemill.scope.project import Project

MOST = 2_000_000
"""Bytes; larger ones are not shown."""


def document(project: Project, digest: str) -> Any:
    """The JSON of an artifact. Raises NotFound, Damaged."""
    data = project.artifacts.get(digest)
    if len(data) > MOST:
        return {}
    try:
        return json.loads(data)
    except (ValueError, UnicodeDecodeError) as exc:
        raise Damaged("not JSON", place=digest) from exc


def text(project: Project, digest: str) -> str:
    """The text of an artifact: itself, or the one text in a JSON document. Raises NotFound."""
    data = project.artifacts.get(digest)[:MOST].decode("utf-8", "replace")
    try:
        said = json.loads(data)
    except ValueError:
        return data
    if isinstance(said, dict):
        return next((v for k in ("markdown", "text") if isinstance(v := said.get(k), str)), data)
    return said if isinstance(said, str) else data
