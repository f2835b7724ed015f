"""What the parts of the story share: one seed, one clock, and the two kinds of text."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from tidemill.scope.project import Project
from tidemill.store import records as r
from tidemill.store.records import Artifact
from tidemill.types import DAY, Micros, named_id, parse_time

NOW = parse_time("2011-06-20T09:30:00")
START = parse_time("2011-01-10")
HOUR = DAY // 24
TEMPLATE = Path(__file__).parents[2] / "tidemill" / "recipes" / "recommend" / "template"
HOSTILE = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)> {{ 7*7 }} \u202eevil\u202c שלום"
ITEMS = [f"{n}{s}" for n in range(20_700, 22_900, 37) for s in ("", "A")]


class Teller:
    """Writes records into a project's stores."""

    def __init__(self, project: Project, hostile: bool = False) -> None:
        self.p, self.store = project, project.store
        self.random = random.Random(7)
        self.hostile = hostile
        self.releases: list[str] = []

    def text(self, calm: str) -> str:
        return HOSTILE if self.hostile else calm

    def event(self, at: Micros, kind: str, subject: str, **data: Any) -> str:
        name = named_id("event", kind, subject, str(at))
        self.store.events.add(r.Event(name, at, kind, subject, data))
        return name

    def artifact(self, data: bytes, codec: str = "json") -> str:
        found = self.p.artifacts.put(data)
        self.store.artifacts.add_new([Artifact(found, codec, len(data), NOW)])
        return found

    def run_id(self, version: int) -> str:
        return named_id("run", str(version))
