"""Who answers for a team: every scorer of the stores, what it serves, and whether it keeps up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from tidemill.scope.project import Project
from tidemill.store.records import Scorer
from tidemill.types import Micros

WORST = ("ok", "lags", "degraded", "fallback", "not_writing", "damaged", "no_model")
"""What a scorer says of an endpoint, the worst last."""
GONE = "gone"


@dataclass(frozen=True, slots=True)
class ScorerShown:
    """A scorer by its last heartbeat. Times are the store's clock."""

    host: str
    address: str
    pid: int
    environment: str  # "": the default one
    state: str  # ok | lags | degraded | fallback | not_writing | damaged | no_model, the worst of its endpoints; gone: no stop, and no word
    endpoints: dict[str, str]  # what it says of each
    serves: dict[str, dict[str, str]]  # endpoint -> variant -> model ref
    position: int  # of the feed that its answers can see
    since: Micros
    heard: Micros  # its last word

    @property
    def name(self) -> str:
        return f"{self.host} ({self.address})"


def scorers(project: Project) -> list[ScorerShown]:
    """Those of every environment that are alive, and those that went without a word in the last hour; none where one alone answers, by
    stores in the folder."""
    store = project.store
    revision, alive = store.revisions()["releases"], {scorer.id for scorer in store.scorers.live()}
    return [_shown(scorer, scorer.id in alive, scorer.releases < revision) for scorer in store.scorers.known()]


def _shown(scorer: Scorer, alive: bool, behind: bool) -> ScorerShown:
    worse = partial(max, key=WORST.index)
    said = {name: str(found["health"]) for name, found in scorer.endpoints.items()}
    endpoints = {name: worse((health, "lags")) if behind else health for name, health in said.items()}
    return ScorerShown(
        *(scorer.host, scorer.address, scorer.pid, scorer.environment),
        state=worse(endpoints.values()) if alive else GONE,
        endpoints=endpoints,
        serves={name: dict(found["variants"]) for name, found in scorer.endpoints.items()},
        position=scorer.position,
        since=scorer.since,
        heard=scorer.beat,
    )


def healths(found: Sequence[ScorerShown], environment: str) -> dict[str, str]:
    """By endpoint the worst that a scorer of the environment says of it; nothing of one that none answers."""
    alive = [one.endpoints for one in found if one.environment == environment and one.state != GONE]
    names = {name for endpoints in alive for name in endpoints}
    return {name: max((e[name] for e in alive if name in e), key=WORST.index) for name in names}


def saying(found: Sequence[ScorerShown], endpoint: str, health: str) -> str:
    """Where it is so, for people: `` on HOST (ADDRESS)``."""
    names = [one.name for one in found if one.state != GONE and one.endpoints.get(endpoint) == health]
    return f" on {', '.join(names)}" if names else ""
