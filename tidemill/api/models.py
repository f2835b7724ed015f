"""Model versions: the list, one of them, two side by side."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter

from tidemill.api.asked import Opened
from tidemill.api.paging import After, Limit, Page, page
from tidemill.api.scoped import reads
from tidemill.errors import NotFound
from tidemill.model import registry
from tidemill.store.records import ModelVersion, Verdict
from tidemill.types import JsonObject

router = APIRouter(tags=["models"])


@dataclass(frozen=True)
class Shown:
    """A model version with what its gates said, and the names that point at it."""

    model: ModelVersion
    ref: str
    aliases: list[str]
    verdicts: list[Verdict]


@reads(router, "/api/models")
def models(project: Opened, limit: Limit = 100, after: After = None) -> Page[ModelVersion]:
    """All versions, the latest first."""
    found = sorted(project.store.models.list(project.endpoint().name), key=lambda m: -m.version)
    return page(found, lambda m: m.ref, limit, after)


@reads(router, "/api/models/{model}")
def show(project: Opened, model: str) -> Shown:
    """One version, by number, alias (champion, challenger, latest) or reference."""
    found = registry.resolve(project, model)
    aliases = project.store.models.aliases(found.name)
    return Shown(
        found,
        found.ref,
        sorted(a for a, version in aliases.items() if version == found.version),
        list(project.store.releases.verdicts(found.ref)),
    )


@reads(router, "/api/models/{model}/card")
def card(project: Opened, model: str) -> Any:
    """Its model card."""
    found = registry.resolve(project, model)
    if found.card is None:
        raise NotFound(f"{found.ref} has no card")
    text = project.artifacts.get(found.card).decode("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        return {"card": text}


@reads(router, "/api/compare")
def compare(project: Opened, first: str, second: str) -> JsonObject:
    """Two versions side by side."""
    return registry.compare(project, first, second)
