"""What a comparison comes to: one of four verdicts, with the figures that it rests on. Pure functions.

``promoted`` and ``worse`` are shown. ``no_gain``: the data could have shown a useful gain and did not; the candidate is
closed. ``not_enough_data``: neither is shown, and more requests would decide; nothing speaks against the candidate. ``held``
is said by a gate that no figure decides: a person does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from tidemill.release.gates.compare import Comparison
from tidemill.release.gates.refits import ALLOWED, NOTHING_KNOWN, Prior, posterior, promoted, shown_worse
from tidemill.types import JsonObject

Said = Literal["promoted", "worse", "no_gain", "not_enough_data", "held"]
CLOSED: tuple[Said, ...] = ("worse", "no_gain")
"""Verdicts that more of the same data would not change."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """A verdict on a comparison, by one of the rules."""

    verdict: Said
    found: Comparison
    margin: float  # the least useful change, a share
    expected: float  # gain
    worse: float | None = None  # the chance of losing more than the margin, where a refit is judged
    allowed: float = ALLOWED
    prior: Prior = NOTHING_KNOWN

    @property
    def needed(self) -> int:
        """How many requests would show a change of the margin in 4 of 5 such tests."""
        return self.found.needed(self.margin)

    def json(self) -> JsonObject:
        """As a verdict's evidence holds it."""
        told: JsonObject = {"verdict": self.verdict, "comparison": self.found.json(), "expected": self.expected}
        told |= {"margin": self.margin, "needed": self.needed, "power": self.found.power}
        if self.worse is not None:
            mean, spread, windows = self.prior
            told |= {"worse": self.worse, "allowed": self.allowed}
            told["prior"] = {"mean": float(mean), "spread": float(spread), "windows": windows}
        return told


def of_refit(found: Comparison, prior: Prior, margin: float, allowed: float = ALLOWED) -> Ruling:
    """A refit of the champion's recipe: promoted on the gain that is expected, see `tidemill.release.gates.refits`.

    >>> seen = Comparison("recall@20", .305, .3, .0167, .0145, -.012, .045, 400, 270)
    >>> of_refit(seen, Prior(.018, .012, 6), .02).verdict, of_refit(seen, Prior(), .001).verdict
    ('promoted', 'not_enough_data')
    """
    after = posterior(found.gain, found.error, prior, margin)
    if promoted(after, allowed):
        verdict: Said = "promoted"
    elif shown_worse(after):
        verdict = "worse"
    else:
        verdict = undecided(found, margin)
    return Ruling(verdict, found, margin, float(after.expected), float(after.worse), allowed, prior)


def undecided(found: Comparison, margin: float) -> Said:
    """No gain where the test was large enough to see a useful one."""
    return "no_gain" if found.requests >= found.needed(margin) else "not_enough_data"


def of_method(found: Comparison, least: float, confidence: float) -> Ruling:
    """A change of method: better with this confidence; no gain where it is surely less than the least useful one.

    >>> of_method(Comparison("recall@20", .31, .3, .033, .01, .013, .053, 900, 600), .02, .95).verdict
    'promoted'
    """
    low, high = found.bounds(confidence)
    verdict: Said = "not_enough_data"
    if low > 0:
        verdict = "promoted"
    elif high < 0:
        verdict = "worse"
    elif high < least:
        verdict = "no_gain"
    return Ruling(verdict, found, least, found.gain)


def of_baselines(found: Mapping[str, Ruling]) -> tuple[str, Ruling]:
    """The baseline that decides, and its ruling: better than each one at 5 % is better than all at 5 %, without a correction."""
    order: tuple[Said, ...] = ("worse", "no_gain", "not_enough_data", "promoted")
    return min(found.items(), key=lambda one: (order.index(one[1].verdict), one[1].expected))


def kept(found: Comparison, least: float, confidence: float) -> Ruling:
    """Whether what was shown once still holds: promoted unless it is shown worse."""
    _, high = found.bounds(confidence)
    return Ruling("worse" if high < 0 else "promoted", found, least, found.gain)


def still(found: Comparison, least: float, confidence: float) -> Ruling:
    """What was shown once, judged again by the same measure: it holds unless it is shown worse, or of no useful gain."""
    said = of_method(found, least, confidence)
    return replace(said, verdict="promoted") if said.verdict == "not_enough_data" else said
