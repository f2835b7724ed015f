"""Which scorers have a release in memory that is to take everybody at once."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from tidemill.errors import ServeError
from tidemill.release.variants import CANARY
from tidemill.store.records import Release

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint


def not_loaded(scope: Endpoint, release: Release) -> tuple[str, ...]:
    """In words, each scorer that is alive and does not have it; none where nobody serves."""
    alive = [one for one in scope.store.scorers.live() if one.environment == scope.environment]
    if alive:
        without = (s for s in alive if _variants(s.endpoints, scope.name).get(CANARY) != release.model)
        return tuple(f"{one.host} ({one.address}) has not loaded it" for one in without)
    return _beside(scope, release) if not scope.store.remote else ()


def _beside(scope: Endpoint, release: Release) -> tuple[str, ...]:
    """As the one scorer of the folder says, if it runs."""
    from tidemill.serve.client import Client

    try:
        with closing(Client.of(scope.project.root, timeout=10.0)) as client:
            told = client.post("/control/refresh", {})["endpoints"]
    except (ServeError, OSError):
        return ()
    here = _variants(told, scope.name).get(CANARY)
    loaded = isinstance(here, dict) and here.get("release") == release.id
    return () if loaded else ("the server has not loaded it",)


def _variants(endpoints: object, name: str) -> dict[str, object]:
    found = endpoints.get(name) if isinstance(endpoints, dict) else None
    variants = found.get("variants") if isinstance(found, dict) else None
    return variants if isinstance(variants, dict) else {}
