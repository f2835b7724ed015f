"""A release in the shadow stage of its rollout, asked what was asked live: the loop says when, the worker has it asked apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import msgspec

from tidemill.data.limited import used
from tidemill.release.rollout.mirror import MOST, Look, added, arm_of
from tidemill.release.rollout.rollout import moment
from tidemill.release.rollout.rules import Evidence
from tidemill.release.rollout.timing import elapsed
from tidemill.release.variants import in_shadow
from tidemill.rules.kept import mark_of, position_of
from tidemill.serve.candidate import SubprocessCandidateServer
from tidemill.store.payloads import Mirror
from tidemill.store.records import Prediction, Release, Tx
from tidemill.types import SECOND, JsonObject, Micros

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint

A_STAGE = 24
"""So many looks at a release in shadow in the time of its stage."""
LEAST: Micros = 60 * SECOND
START, TOTAL = 200.0, 60.0
"""Seconds in which its server must be there, and for all that is asked at a look: what the loop waits for."""


class Mirroring(Protocol):
    """Asks a bundle these requests, each once, in a process apart; see `SubprocessCandidateServer.mirror`."""

    def mirror(self, bundle_digest: str, requests: Sequence[JsonObject]) -> Look: ...


def of_mirror(release: Release) -> Evidence:
    """What the rules of a rollout are asked about a release in shadow."""
    seen = seen_of(release)
    return Evidence(release.id, arm_of(seen), in_stage=seen.asked, mirror=seen)


def seen_of(release: Release) -> Mirror:
    """What a release has been asked in shadow so far."""
    return release.evidence.mirror or Mirror(release.stage_since)


def mirror_due(release: Release, now: Micros) -> bool:
    """Whether a release in shadow is to be asked now: some times in its stage, and when that is over; not while it is paused."""
    span, seen = int(release.stages[release.stage]["span"]), seen_of(release)
    if release.evidence.paused is not None:
        return False
    over = elapsed(release, seen.through) < span <= elapsed(release, now)
    return over or now >= seen.through + max(span // A_STAGE, LEAST)


def mirror(scope: Endpoint, release: Release, now: Micros, server: Mirroring | None = None) -> Release:
    """Ask a release in shadow what came since it was asked last. Written down with how far that was, in one: killed, it is asked again.

    Raises DiskFull and StoreBusy where this machine is at fault.
    """
    seen, champion = seen_of(release), scope.champion()
    found, of = scope.live.predictions.spread(MOST, **scope.here, since=seen.through, until=now)
    if not in_shadow(release) or release.evidence.paused is not None or champion is None or not of:
        return release
    asked = sorted(
        used(scope, found), key=lambda one: one.watermark
    )  # so that what was known then is read once, and goes forward
    asking = server or SubprocessCandidateServer(scope, start=START, total=TOTAL)
    look = asking.mirror(scope.store.models.get(release.model).bundle, [asked_again(one) for one in asked])
    beside = ((_own(one, champion.model), one.latency_us) for one in asked)
    made = added(seen, look, beside, of, now)

    def work(tx: Tx) -> Release:
        current = scope.store.releases.get(release.id, tx)
        if moment(current) != moment(release) or current.evidence.mirror != release.evidence.mirror:
            return current  # somebody was first, or has ended it
        evidence = replace(current.evidence, mirror=made)  # a look takes minutes: who paused it meanwhile has paused it
        scope.store.releases.update(release.id, tx, evidence=evidence)
        return replace(current, evidence=evidence)

    return scope.store.transact(work)


def asked_again(one: Prediction) -> JsonObject:
    """A logged request as a candidate's server takes it, by the rules that it was answered by."""
    given, output = msgspec.json.decode(one.inputs or b"{}"), msgspec.json.decode(one.output)
    if mark := mark_of(output):
        given |= {"rules": mark, "items_at": position_of(output, one.watermark), "draw": one.id}
    return {**given, "subject": one.subject or None, "at": one.at, "watermark": one.watermark}


def _own(one: Prediction, champion: str) -> JsonObject | None:
    """The champion's own answer."""
    said: JsonObject | None = msgspec.json.decode(one.output) if one.model == champion else None
    return said
