"""What a demo plays, and how it speaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tidemill.recipes.recommend.shop import OPENING
from tidemill.types import DAY, JsonObject, Micros

if TYPE_CHECKING:
    from tidemill.scope.project import Project
    from tidemill.serve.client import Client

LAST_DAY = 374  # The shop was open, or closed, for so many days after the opening

SABOTAGE = OPENING + 200 * DAY
"""From this day on, at the first moment without a canary, somebody forces a bad model past the gates."""

RIGHTS = 40
"""At the end of this day the chapter on people's rights begins, where it is asked for; it takes six days."""

Tell = Callable[[str, JsonObject], None]
"""How the demo speaks: (what, facts). ``stage``, ``progress``, ``event``, ``day``, ``ready``."""


class Chapter(Protocol):
    """What else is done at the ends of some days, and who is forgotten in it."""

    def at_end(self, day: int) -> None: ...

    @property
    def customer(self) -> str: ...

    @property
    def forgotten_at(self) -> Micros: ...

    def gone(self) -> set[str]:
        """The keys of outcomes that went with them."""
        ...


Begin = Callable[["Project", "Client", Any, Tell], Chapter]
"""Begins a chapter beside the running shop, whose rows it is given."""


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
