"""Whether what was taken back is refused everywhere, or a switch made everywhere: by every scorer of the stores that is alive."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tidemill.store.records import Scorer
    from tidemill.store.sql.store import MetadataStore

LEASE = 10.0
"""Seconds that a scorer may answer for without having looked at the store."""
LOOK = 0.05
LONGEST = 2 * LEASE
"""Seconds of waiting: every lease that is not renewed has ended by then."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """By whom it is known."""

    confirmed: int  # scorers that have seen it
    ended: int  # scorers whose lease ended before: they answer nobody until they have seen it
    waiting: tuple[str, ...] = ()  # hosts of scorers that are alive and have not said so

    @property
    def everywhere(self) -> bool:
        return not self.waiting


def acknowledged(store: MetadataStore, longest: float = LONGEST) -> Acknowledged:
    """Wait until each scorer that is alive knows the tokens as they are now, or is alive no more.

    One that begins after the first look here has read the tokens after it.
    """
    revision = store.tokens.revision()
    return _wait(store, lambda scorer: scorer.tokens >= revision, longest)


def limited(store: MetadataStore, longest: float = LONGEST) -> Acknowledged:
    """As `acknowledged`, of the limits on people's data as they are now."""
    revision = store.limits.revision()
    return _wait(store, lambda scorer: scorer.limits >= revision, longest)


def switched(store: MetadataStore, endpoint: str, environment: str, longest: float = LONGEST) -> Acknowledged:
    """Wait until at each scorer that is alive nobody answers whom the releases as they are now do not let answer, or its lease has ended.

    One that begins after the first look here has read the releases after it.
    """
    revision = store.releases.revision()

    def knows(scorer: Scorer) -> bool:
        known = scorer.endpoints.get(endpoint, {}).get("receded", -1)
        return max(scorer.releases, int(known)) >= revision

    return _wait(store, knows, longest, environment)


def _wait(
    store: MetadataStore, knows: Callable[[Scorer], bool], longest: float, environment: str | None = None
) -> Acknowledged:
    until = time.monotonic() + longest
    asked = {scorer.id for scorer in store.scorers.live() if environment in (None, scorer.environment)}
    while True:
        live = {scorer.id: scorer for scorer in store.scorers.live() if scorer.id in asked}
        behind = [scorer for scorer in live.values() if not knows(scorer)]
        if not behind or time.monotonic() >= until:
            hosts = tuple(sorted(scorer.host for scorer in behind))
            return Acknowledged(len(live) - len(behind), len(asked) - len(live), hosts)
        time.sleep(LOOK)
