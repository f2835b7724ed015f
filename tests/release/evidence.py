"""Evidence of two arms, as a rollout's check is given it."""

from __future__ import annotations

from typing import Any

from tidemill.release.rollout.rules import Arm, Evidence


def pair(
    release: str, canary: Arm | None = None, champion: Arm | None = None, in_stage: int = 0, **more: Any
) -> Evidence:
    """Of the release's own answers and those of what it is compared with."""
    return Evidence(release, canary or Arm(), champion or Arm(), in_stage, **more)
