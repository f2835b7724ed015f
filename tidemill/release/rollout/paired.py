"""A bake judged by pairs: what the new champion would have answered to each request, beside what the one before would have.

A pair cancels what is hard about a request: 2 % are seen in a hundredth of the requests that two arms need. The bake is looked
at again and again, so it is a bet against "not worse", as the rules are (`rules`): half-normal over losses, one half of the
stake on small ones (c = twice the margin), the other on `LARGE` ones, which a small bake could not see else.

    r = (c/s)², z = −δ/s:  e = 2 (1 + r)^−½ exp(z² r / (2 (1 + r))) Φ(z √(r / (1 + r)))

Fair only where what is shown does not move the outcome. Measured: docs/decisions/0036-methods-and-bakes.md.
"""

from __future__ import annotations

from tidemill.learning.measures import Measure, measure
from tidemill.release.gates.compare import Comparison
from tidemill.release.gates.sentences import amount, figures
from tidemill.release.rollout.rules import DOUBT, LEAST_SUBJECTS, Finding, drop_e_value
from tidemill.release.variants import CANARY, CHAMPION
from tidemill.types import JsonObject

CONFIDENCE = 0.95
"""A release that is not worse is rolled back in at most 5 of 100 bakes, however often one looks."""
LARGE = 0.2
"""The size of losses that need no hundreds of requests."""


def not_worse(found: Comparison, margin: float) -> Finding:
    """What the pairs say against "it is not worse than the release before it". ``margin``: the loss that matters, a share.

    >>> seen = Comparison("recall@20", 0.27, 0.3, -0.1, 0.025, -0.15, -0.05, 300, 200)
    >>> not_worse(seen, 0.02).broken, not_worse(seen, 0.02).text
    (True, 'worse, asked the same: recall@20 0.270 against 0.300 (-10.0 %, 95 %: -15.0 to -5.0 %) on 300 requests of 200 subjects')
    """
    e_value, useless = (bet_on(found, gain, margin) for gain in (found.gain, -1.0))
    proof = 1 / (1 - CONFIDENCE)
    broken, powered = e_value >= proof, max(e_value, useless) >= proof
    doubtful = not broken and e_value >= DOUBT
    word = "worse, asked the same" if broken else "doubtful" if doubtful else "kept" if powered else "underpowered"
    said: JsonObject = {
        "gain": found.gain,
        "error": found.error,
        "requests": found.requests,
        "subjects": found.subjects,
    }
    means = (measure(found.metric).mean(figure) for figure in (found.candidate, found.other))
    said |= {arm: {"mean": mean} for arm, mean in zip((CANARY, CHAMPION), means)}
    said |= {"margin": margin, "e_value": e_value, "confidence": CONFIDENCE, "metric": found.metric}
    return Finding(f"not worse, {amount(margin)}", broken, powered, f"{word}: {figures(found)}", said, doubtful)


def bet_on(found: Comparison, gain: float, margin: float) -> float:
    """The bet on this gain."""
    return bet(*bounded(measure(found.metric), gain, found.error), found.subjects, margin)


def bounded(kind: Measure, gain: float, error: float) -> tuple[float, float]:
    """A gain and its error, below 0 never less than -1. A loss of an error metric has no end: it is taken as a share of the new one's
    level, which has.

    Nothing changes near 0 (delta method); five times the error is a loss of 80 %, as well known as it is large.
    """
    if kind.less_is_better and gain < 0:
        return gain / (1 - gain), error / (1 - gain) ** 2
    return gain, error


def bet(gain: float, error: float, subjects: int, margin: float) -> float:
    """The bet against "the gain is not below 0", with this standard error over so many subjects; 1 where they are too few.

    Of few subjects the error is not well known, so it is widened until the normal tail is Student's; and however alike the
    losses are, they prove no more than as many tosses of a coin.

    >>> bet(0.0, 0.02, 200, 0.02) < 1 < bet(-0.05, 0.02, 20, 0.02) < bet(-0.05, 0.02, 200, 0.02)
    True
    """
    from scipy.special import ndtri, stdtr

    if subjects < LEAST_SUBJECTS:
        return 1.0
    if gain < 0:
        most = -float(ndtri(0.5 ** min(subjects, 1_000)))
        tail = float(stdtr(subjects - 1, gain / error)) if error > 0 else 0.0
        error = -gain / min(most, -float(ndtri(tail)))
    return (drop_e_value(gain, error, 2 * margin) + drop_e_value(gain, error, LARGE)) / 2
