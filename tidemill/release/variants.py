"""What an endpoint can answer with: any number of variants, one of which takes a subject's request.

A variant is named by its kind: ``champion``, ``canary`` or ``holdout`` (answers a share for good, so that what the others bring
can be measured); those of an A/B test are ``arm:RELEASE``. A release's status says which one it is. A release in ``shadow`` is no
variant, nor is a canary whose rollout begins in shadow (`in_shadow`): what was asked is asked of it afterwards, from the log
(`tidemill.release.pairs`, `tidemill.release.rollout.mirror`), and the scorer does not load what may not answer.

Who is in what is drawn by a hash of the subject alone: the same in every scorer, after every restart, and while a share grows. A
stage may name the ``salt`` of its draw, else it is the release's id: the two arms of a test have one salt, and take the lower
and the upper (``top``) end of it, so that neither ever meets the other; a holdout keeps its own whatever answers it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tidemill.data.limited import LIMITED
from tidemill.ref import short_name
from tidemill.store.records import Release, Tx

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint

CHAMPION, CANARY, HOLDOUT, ARM = "champion", "canary", "holdout", "arm"
LAST_GOOD, BASELINE = "last_good", "baseline"
FALLBACKS = (LAST_GOOD, BASELINE, LIMITED)
"""How an answer is marked that is not the champion's though it should be: an earlier champion's, or what is usual; ``limited``: what is usual,
to one whose data may not be used."""
UNASKED = (BASELINE, LIMITED)
"""Of what is usual: no model was asked."""
BESIDE = (HOLDOUT, ARM, CANARY)
"""Kinds that run beside the champion, in the order in which they are asked whether they take a subject: who is held out is part
of no test, and who is in a test of no canary."""


def baseline_of(model: str) -> str:
    """As the log names who gave the usual answer that was kept with a model.

    >>> baseline_of("model:shop@4"), kept_with("baseline:shop@4"), kept_with("model:shop@4")
    ('baseline:shop@4', 'model:shop@4', 'model:shop@4')
    """
    return f"{BASELINE}:{short_name(model)}"


def kept_with(model: str) -> str:
    """The model that a usual answer was kept with; of any other answer who gave it."""
    return f"model:{short_name(model)}" if model.startswith(f"{BASELINE}:") else model


def named(kind: str, releases: Sequence[Release]) -> dict[str, Release]:
    """The variants of these releases, all of one kind: of arms there may be several, else the first counts."""
    return {f"{ARM}:{r.id}": r for r in releases} if kind == ARM else dict(zip([kind], releases))


def choose(beside: Iterable[tuple[str, Release]], unit: str) -> str:
    """The variant that answers this unit: the first of those beside the champion that takes it, else the champion.

    ``unit``: the subject, or the prediction's id where there is none. No champion makes nobody's share larger: what was
    let out to a part has not been seen by all.
    """
    for name, release in beside:
        if takes(release, unit):
            return name
    return CHAMPION


def takes(release: Release, unit: str) -> bool:
    """Whether the unit falls into the share of the release's stage: by hash, so that it stays while the share grows."""
    share, at = _share(release), place(_salt(release), unit)
    return at >= 1 - share if release.stages[release.stage].get("top") else at < share


def beside_for_good(release: Release) -> bool:
    """Whether it answers, or answered, a share beside the champion and was on the way to no more: an arm, or a holdout's."""
    return release.status in (ARM, HOLDOUT) or any("salt" in stage for stage in release.stages)


def place(salt: str, unit: str) -> float:
    """Where a unit stands in a draw, evenly in [0, 1)."""
    hashed = hashlib.sha256(f"{salt}\x1f{unit}".encode()).digest()
    return int.from_bytes(hashed[:8], "big") / 2**64


def chances(beside: Iterable[tuple[str, Release]]) -> Mapping[str, float]:
    """By variant the chance that a subject is drawn for it, the champion's too: the propensity of its answers."""
    found: dict[str, float] = {}
    left, salts = 1.0, dict[str, float]()  # of those that are drawn together: what was left before the first of them
    for name, release in beside:
        share, salt = _share(release), _salt(release)
        before = salts.setdefault(salt, left)
        found[name] = before * share
        left -= found[name]
    return {**found, CHAMPION: max(0.0, left)}


def _share(release: Release) -> float:
    """What its stage says; a paused one takes nobody, and the same ones again when it goes on."""
    return 0.0 if release.evidence.paused is not None else float(release.stages[release.stage]["share"])


def _salt(release: Release) -> str:
    return str(release.stages[release.stage].get("salt") or release.id)


def in_shadow(release: Release) -> bool:
    """Whether it is a canary in a stage in which it answers nobody."""
    return release.status == "canary" and bool(release.stages[release.stage].get("shadow"))


def answers_nobody(release: Release) -> bool:
    """Whether it is a canary that is loaded and tried, and has no share yet."""
    return release.status == "canary" and release.stages[release.stage]["share"] <= 0 and not in_shadow(release)


def keeps_the_one_before(release: Release) -> bool:
    """Whether the release before it stays loaded while it bakes, so that the switch back loads nothing."""
    baking = release.status == "champion" and release.evidence.bake_until is not None
    return baking and int(release.stages[-1].get("span", 0)) > 0


def end(scope: Endpoint, release: Release, status: str, reason: str, by: str, tx: Tx) -> None:
    """One that stands beside the champion answers no more. ``status``: halted, or replaced by another that answers
    the same: what is superseded has been champion."""
    seen = replace(release.evidence, halted={"reason": reason, "by": by})
    scope.store.releases.update(release.id, tx, status=status, ended=scope.clock.now(), evidence=seen)
