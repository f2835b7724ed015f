"""The gate that asks whether intervals hold what they promise: how often the truth of the test lay within them."""

from __future__ import annotations

from tidemill.config.amounts import percent, some_share
from tidemill.release.gates.port import Blessing, GateContext, GateResult
from tidemill.types import JsonObject

TOLERATED = 1.5
"""Times the misses that the level leaves: the days of a test err together, and its interval is of customers or products."""


class Coverage:
    """Refuses a candidate whose intervals are shown to hold the truth too seldom; one that has none, too."""

    name = "coverage"
    blessing: Blessing = "quality"

    def applies(self, context: GateContext) -> bool:
        """Where the model says how often the truth shall lie in its intervals."""
        return bool(context.endpoint.model.section.interval)

    def judge(self, context: GateContext) -> GateResult:
        level = some_share(context.endpoint.model.section.interval)
        own = context.endpoint.gates.coverage.at_least
        least = some_share(own) if own else least_of(level)
        found = context.candidate.metrics.get("coverage")
        figures: JsonObject = {"level": level, "at_least": least}
        if not found:
            said = "it has no intervals: too few rows to say how far it errs, or it was not fitted here"
            return GateResult(False, said, figures)
        share, low, high = found
        said = (
            f"the truth lay within the {percent(level)} intervals in {share:.1%} of the test ({low:.1%} to {high:.1%})"
        )
        passed = high >= least
        said += f"; {'not shown to be' if passed else 'shown to be'} below {percent(least)}"
        return GateResult(passed, said, {**figures, "coverage": [share, low, high]})


def least_of(level: float) -> float:
    """What is asked where nothing is said.

    >>> least_of(0.9), least_of(0.8)
    (0.85, 0.7)
    """
    return round(1 - TOLERATED * (1 - level), 6)
