"""Where a release lands: the port, and the endpoint on this machine."""

from __future__ import annotations

from typing import Protocol

from tidemill.release.rollout.rollout import arm
from tidemill.store.ports import MetadataStore
from tidemill.types import JsonObject


class Target(Protocol):
    """A place that serves an endpoint's releases.

    Promise: after `follow` returned, the place serves what the store says, or is on its way to; called again it changes
    nothing more. It never decides: who is champion stands in the store alone. `status` says what it serves now.
    """

    name: str

    def follow(self, endpoint: str) -> None: ...
    def status(self, endpoint: str) -> JsonObject: ...


class LocalTarget:
    """`tidemill up` on this machine. Its scorer follows the store's revision by itself, so there is nothing to carry."""

    name = "local"

    def __init__(self, store: MetadataStore) -> None:
        self._store = store

    def follow(self, endpoint: str) -> None:
        """Nothing to do: the commit that changed the release is what the scorer waits for."""

    def status(self, endpoint: str) -> JsonObject:
        """The champion, the canary and its share, and the revision that the scorer should be at."""
        champion = self._store.releases.champion(endpoint)
        canary = next(iter(self._store.releases.list(endpoint, "canary")), None)
        return {
            "endpoint": endpoint,
            "revision": self._store.releases.revision(),
            "champion": champion.model if champion else None,
            "canary": canary.model if canary else None,
            "share": canary.stages[canary.stage]["share"] if canary else 0.0,
        }

    def arm(self, endpoint: str, subject: str) -> str:
        """Which release answers this subject here."""
        return arm(next(iter(self._store.releases.list(endpoint, "canary")), None), subject)
