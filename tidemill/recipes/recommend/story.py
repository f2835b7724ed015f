"""What a demo plays, and how it speaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tidemill.recipes.recommend.shop import OPENING
from tidemill.types import DAY, JsonObject, Micros

LAST_DAY = 374  # The shop was open, or closed, for so many days after the opening

SABOTAGE = OPENING + 200 * DAY
"""From this day on, at the first moment without a canary, somebody forces a bad model past the gates."""

Tell = Callable[[str, JsonObject], None]
"""How the demo speaks: (what, facts). ``stage``, ``progress``, ``event``, ``day``, ``ready``."""


@dataclass(frozen=True)
class Story:
    """What to play: how many days (all of them when None), and with which seed."""

    folder: Path
    days: int | None = None
    seed: int = 0

    @property
    def length(self) -> int:
        return self.days or LAST_DAY

    @property
    def end(self) -> Micros:
        """Of the last day: what is decided then still belongs to it."""
        return OPENING + self.length * DAY
