"""What a release in shadow was asked, and what came of it, as people are shown it."""

from __future__ import annotations

from dataclasses import dataclass

from tidemill.release.rollout.mirror import quantile, summary
from tidemill.store.records import Release


@dataclass(frozen=True)
class MirrorShown:
    """Of the requests that were asked live. Times in microseconds: the release's own, and the champion's for the same requests."""

    asked: int
    of: int
    agreement: float | None  # 0 to 1, with what the champion answered
    errors: dict[str, int]
    p50_us: int | None
    p99_us: int | None
    champion_p50_us: int | None
    champion_p99_us: int | None
    memory: tuple[int, int]  # bytes of its process: before the first request of the latest look, after the last
    said: str


def mirror_of(release: Release) -> MirrorShown | None:
    """None of a release that was in shadow of none of its stages, or was asked nothing yet."""
    seen = release.evidence.mirror
    if seen is None:
        return None
    return MirrorShown(
        seen.asked,
        seen.of,
        seen.agreed / seen.compared if seen.compared else None,
        dict(seen.errors),
        quantile(seen.took, 0.5),
        quantile(seen.took, 0.99),
        quantile(seen.champion_took, 0.5),
        quantile(seen.champion_took, 0.99),
        seen.memory,
        summary(seen),
    )
