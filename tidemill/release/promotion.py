"""From one environment to the next: what serves there comes here as the same bytes, when this environment's own rules are kept.

The rules are `[environment.NAME] promotion`; the gate of the same name holds a release to them, so that one by hand needs a
reason that is signed. Gates, approval and rollout are this environment's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidemill.errors import ReleaseError
from tidemill.release.variants import beside_for_good
from tidemill.types import Micros

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint
    from tidemill.store.records import Release

HINT = "wait, or release it by hand: tidemill release start MODEL --force WHY"


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a version that serves in the environment before is on its way into this one."""

    model: str
    release: Release
    source: str  # the environment where it serves
    served: Micros
    span: Micros  # that it has to have served
    requests: int  # counted up to what is asked for
    least: int

    @property
    def missing(self) -> tuple[str, ...]:
        """The rules that are not kept yet, each in words."""
        late = f"it has been champion in {self.source} for {_hours(self.served)} of {_hours(self.span)}"
        few = f"it has answered {self.requests:,} of {self.least:,} requests in {self.source}"
        return (*[late] * (self.served < self.span), *[few] * (self.requests < self.least))


def standing(scope: Endpoint) -> Standing | None:
    """Of the champion of the environment before; None where nothing serves there, or where this one comes after none."""
    before = scope.before
    champion = before.champion() if before is not None else None
    return _of(scope, champion) if champion is not None else None


def standing_of(scope: Endpoint, model: str) -> Standing | None:
    """Of this version: None unless it is champion there."""
    found = standing(scope)
    return found if found is not None and found.model == model else None


def _of(scope: Endpoint, champion: Release) -> Standing:
    rule, before, asked = scope.promotion, scope.before, 0
    assert before is not None
    if rule.min_requests:
        since = champion.stage_since if champion.started is None else champion.started
        asked = scope.live.predictions.given_by(champion.id, rule.min_requests, **before.here, since=since)
    served = scope.clock.now() - champion.stage_since - champion.evidence.uncounted
    return Standing(champion.model, champion, scope.config.after, served, rule.span, asked, rule.min_requests)


def due(scope: Endpoint) -> Standing | None:
    """What the loop takes through this environment's gates now: all rules are kept, nothing is on its way here, and it was not tried."""
    found = standing(scope)
    if found is None or found.missing:
        return None
    here = _tried(scope)
    if any(one.model == found.model or one.status in ("held", "canary", "shadow") for one in here):
        return None
    return found


def waiting(scope: Endpoint) -> str:
    """What keeps the champion of the environment before from coming here, in a sentence; nothing where nothing does."""
    found = standing(scope)
    if found is None or not found.missing or any(one.model == found.model for one in _tried(scope)):
        return ""
    return f"{found.model} waits: {' and '.join(found.missing)}"


def _tried(scope: Endpoint) -> list[Release]:
    """Releases here that were to be champion. An arm of a test was not, unless a rule broke: what failed people is not tried on all."""
    return [one for one in scope.releases() if not beside_for_good(one) or one.status == "rolled_back"]


def taken_back(scope: Endpoint, release: Release) -> str:
    """Whether the environment before has rolled the version back since this release was judged, in a sentence; nothing where not."""
    there = scope.before.releases("rolled_back") if scope.before else ()
    since = any(one.model == release.model and (one.ended or 0) >= release.created for one in there)
    return f"{release.model} was rolled back in {scope.config.after} meanwhile" if since else ""


def ready(scope: Endpoint) -> Standing:
    """What may be promoted now. Raises ReleaseError, which names each rule that is not kept."""
    known = scope.project.environments
    name = scope.environment or next(iter(known), "")
    place = f"environment {name}" if name else "tidemill.toml"
    found = standing(scope)
    if found is None and scope.before is not None:
        said, hint = (
            f"nothing serves in {scope.config.after}",
            f"TIDEMILL_ENVIRONMENT={scope.config.after} tidemill run",
        )
        raise ReleaseError(f"there is nothing to promote: {said}", place=place, hint=hint)
    if found is None:
        later = next((other for other, before in known.items() if before == name), "") if name else ""
        hint = f"TIDEMILL_ENVIRONMENT={later}" if later else "[environment.NAME] after names one"
        raise ReleaseError("there is nothing to promote: it comes after no environment", place=place, hint=hint)
    if found.missing:
        raise ReleaseError(f"{found.model} is not promoted yet: {' and '.join(found.missing)}", place=place, hint=HINT)
    return found


def _hours(span: Micros) -> str:
    """
    >>> _hours(50 * 3_600_000_000), _hours(90_000_000)
    ('2 d 2 h', '1 min')
    """
    minutes = span // 60_000_000
    days, hours = minutes // 1440, minutes // 60 % 24
    parts = [f"{days} d" * bool(days), f"{hours} h" * bool(hours), f"{minutes % 60} min" * (minutes < 60)]
    return " ".join(filter(None, parts))
