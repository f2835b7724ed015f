"""What an endpoint can answer with: any number of variants, one of which takes a subject's request.

A variant is named by its kind: ``champion``, ``canary`` or ``holdout`` (answers a share for good, so that what the others bring
can be measured); those of an A/B test are ``arm:RELEASE``. A release's status says which one it is. Today's rollouts make champion
and canary. A release in ``shadow`` is no variant: what was asked is asked of it afterwards, from the log
(`tidemill.release.pairs`), and the scorer does not load what may not answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from tidemill.store.records import Release

CHAMPION, CANARY, HOLDOUT, ARM = "champion", "canary", "holdout", "arm"
BESIDE = (CANARY, HOLDOUT, ARM)
"""Kinds that run beside the champion, in the order in which they are asked whether they take a subject."""


def named(kind: str, releases: Sequence[Release]) -> dict[str, Release]:
    """The variants of these releases, all of one kind: of arms there may be several, else the first counts."""
    return {f"{ARM}:{r.id}": r for r in releases} if kind == ARM else dict(zip([kind], releases))


def choose(beside: Iterable[tuple[str, Release]], unit: str) -> str:
    """The variant that answers this unit: the first of those beside the champion that takes it, else the champion.

    ``unit``: the subject, or the prediction's id where there is none. No champion makes nobody's share larger: what was
    let out to a part has not been seen by all.
    """
    return next((name for name, release in beside if takes(release, unit)), CHAMPION)


def takes(release: Release, unit: str) -> bool:
    """Whether the unit falls into the share of the release's stage: by hash, so that it stays while the share grows."""
    hashed = hashlib.sha256(f"{release.id}\x1f{unit}".encode()).digest()
    chance = int.from_bytes(hashed[:8], "big") / 2**64
    return bool(chance < release.stages[release.stage]["share"])
