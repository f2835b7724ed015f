"""When a method is not judged again: the same recipe against the same one, asked the same, on nearly the same requests.

A search may find one recipe month after month. Twelve looks at a bound of 95 % promote an equal one in 18 of 100 cases.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from tidemill.release.gates.ruling import CLOSED, Said
from tidemill.types import DAY, JsonObject, Micros, canonical, digest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidemill.store.records import ModelVersion, Verdict

QUARTER: Micros = 91 * DAY
"""So long a verdict that closes a method holds."""
LOOKS = 4
"""So often an undecided method is looked at; then it is closed, too."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the gate said of this method before."""

    verdict: Said
    said: str
    through: Micros  # the end of its last window
    span: Micros  # of all its windows together
    looks: int

    def holds(self, through: Micros) -> bool:
        """Whether the verdict still holds for windows that end here: half of the requests must be new ones.

        >>> undecided = Earlier("not_enough_data", "", 0, 60 * DAY, 1)
        >>> undecided.holds(29 * DAY), undecided.holds(30 * DAY), Earlier("worse", "", 0, 0, 1).holds(90 * DAY)
        (True, False, True)
        """
        closed = self.verdict in CLOSED or self.looks >= LOOKS
        return through < self.through + max(self.span // 2, QUARTER if closed else 0)


def pair_of(candidate: ModelVersion, champion: ModelVersion | None, terms: JsonObject) -> str:
    """What names two methods that are compared, and how: asked otherwise (another metric), it is another question."""
    return digest(canonical([candidate.recipe, champion.recipe if champion else None, terms]))


def earlier_of(verdicts: Iterable[Verdict], pair: str) -> Earlier | None:
    """The last of these verdicts that compared this pair of methods over windows of time, where it was no promotion."""
    found = [v for v in verdicts if v.gate == "method" and v.evidence.get("pair") == pair and "through" in v.evidence]
    if not found or found[-1].passed:
        return None
    last: JsonObject = found[-1].evidence
    verdict = cast("Said", found[-1].verdict)
    return Earlier(verdict, str(last["said"]), last["through"], last["span"], last["looks"])
