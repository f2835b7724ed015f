"""A champion whose bake is over: what takes it back then, however long it serves, and when the one before it is a way back.

A decay begins one day, and what was good for months must not hide it. So a bet is begun anew with each week after the bake, on
what came since, and the n-th has the n-th part of one stake: w(n) = 1 / (n (n + 1)). The sum of them is a bet like each of them
(what is fair stays at most 1 on average), so that Ville's inequality holds over its whole life: a champion that keeps the rule is
ever taken back with at most 5 % (of the platform's rules 1 %). Each of these bets is on the week's answers and all that follow, by
subject, as the rollout's own are. Measured: docs/decisions/0072-stages-of-a-release.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tidemill.config.policies import Rule
from tidemill.errors import NotEnoughData
from tidemill.learning.measures import Measure
from tidemill.release.forgotten import why_forgotten
from tidemill.release.rollout.rules import CONFIDENCE, DOUBT, Arm, Finding, clustered, share_e_value
from tidemill.release.signing.unfit import why_unfit
from tidemill.store.records import Release
from tidemill.types import DAY, JsonObject, Micros, to_iso

if TYPE_CHECKING:
    from tidemill.release.gates.compare import Comparison
    from tidemill.release.pairs import Pairs
    from tidemill.scope.project import Endpoint

AFTER = "decay"
"""The kind of rule that looks at a champion after its bake alone."""
SPAN: Micros = 7 * DAY
"""A bet is begun each so often; and so long the platform's rules look at a span of answers."""
HORIZON: Micros = 13 * SPAN
"""What is older is no decay any more, but how it is."""
RECENT: Micros = 91 * DAY
"""How long ago the one before may have been replaced, where nothing shows that it is better now."""
SCALE = 0.02
"""Half of what is staked on losses near to this, beyond what is tolerated."""


def is_watched(release: Release) -> bool:
    """Whether its own bake is over, and it has been champion since. Who came back by a roll back is not taken back in its turn: the
    fault may be no model's, and each would give way to one that is older still."""
    bake = release.evidence.bake
    return release.status == "champion" and bake is not None and int(bake["at"]) >= release.stage_since


def stake(number: int) -> float:
    """The part of the stake that the bet of this number has; all of them are 1.

    >>> round(sum(stake(n) for n in range(1, 1000)), 3)
    0.999
    """
    return 1 / (number * (number + 1))


@dataclass(frozen=True, slots=True)
class Begun:
    """A bet: its number, since when, and what it has grown to."""

    number: int
    since: Micros
    e_value: float

    @property
    def worth(self) -> float:
        return stake(self.number) * self.e_value


def beginnings(baked: Micros, since: Micros, until: Micros) -> list[tuple[int, Micros]]:
    """The bets that are on: their numbers, which stay theirs, and when each begins. ``since``: what is older is not looked at."""
    first = max(-(-(since - baked) // SPAN), 0)
    found = range(first, max(-(-(until - baked) // SPAN), first))
    return [(n + 1, baked + n * SPAN) for n in found]


def worse_now(found: Pairs, margin: float, starts: Iterable[tuple[int, Micros]]) -> Finding:
    """What pairs say against "the one before would not be better now"."""
    from tidemill.release.rollout.paired import bet_on

    bets, best = list[Begun](), None
    for number, since in starts:
        compared = _since(found, since)
        if compared is None:
            continue
        bets.append(Begun(number, since, bet_on(compared, compared.gain, margin)))
        if max(bets, key=_worth) is bets[-1]:
            best = compared
    figures: JsonObject = {"metric": found.metric, "margin": margin}
    if best is None:
        return _finding("the one before is not better", "quality", [], "no pairs yet", figures)
    figures |= {"gain": best.gain, "error": best.error, "requests": best.requests, "subjects": best.subjects}
    return _finding("the one before is not better", "quality", bets, _beside(best), figures)


def _beside(best: Comparison) -> str:
    from tidemill.release.gates.sentences import figures

    return f"asked the same: {figures(best)}"


def _since(found: Pairs, since: Micros) -> Comparison | None:
    later = found.at >= since
    try:
        return replace(
            found, new=found.new[later], old=found.old[later], units=found.units[later], at=found.at[later]
        ).comparison()
    except NotEnoughData:
        return None


def decayed(
    rule: Rule, measure: Measure, promised: float, arms: Iterable[tuple[int, Micros, Arm]], variance: float | None
) -> Finding:
    """What its own answers say against "it has fallen by no more than the rule tolerates below what it promised".

    ``promised``: the mean; ``variance``: of one answer, as its evaluation had it.
    """
    from tidemill.release.rollout.paired import bet, bounded

    bets, best, floor = list[Begun](), None, measure.worse(promised, rule.limit)
    for number, since, arm in arms:
        own = clustered(arm)
        if own.n == 0:
            continue
        least = math.sqrt((promised**2 if variance is None else variance) / own.n)
        lost = bounded(measure, measure.sign * (own.mean - floor) / promised, max(own.error, least) / promised)
        bets.append(Begun(number, since, bet(*lost, own.subjects, SCALE)))
        if max(bets, key=_worth) is bets[-1]:
            best = own
    figures: JsonObject = {"promised": promised, "floor": floor, "metric": measure.name}
    if best is None:
        return _finding(rule.text, rule.kind, [], "no answer with an outcome yet", figures)
    figures |= {"mean": best.mean, "error": best.error, "requests": best.n, "subjects": best.subjects}
    own_, least_ = (measure.text(measure.figure(one)) for one in (best.mean, promised))
    said = f"{measure.name} {own_}, promised {least_} {measure.bound}, {best.n} answers to {best.subjects} subjects"
    return _finding(rule.text, rule.kind, bets, said, figures)


def _worth(one: Begun) -> float:
    return one.worth


def _finding(rule: str, kind: str, bets: Sequence[Begun], said: str, figures: JsonObject) -> Finding:
    e_value, proof = math.fsum(one.worth for one in bets), 1 / (1 - CONFIDENCE[kind])
    broken, doubtful = e_value >= proof, DOUBT <= e_value < proof
    word = "broken" if broken else "doubtful" if doubtful else "kept"
    since = f" since {to_iso(max(bets, key=_worth).since)[:10]}" if bets else ""
    told = figures | {"e_value": e_value, "confidence": CONFIDENCE[kind], "bets": len(bets)}
    return Finding(rule, broken, bool(bets), f"{word}{since}: {said}", told, doubtful)


def platform(rule: Rule, number: int, bad: int, n: int, since: Micros) -> Finding:
    """What a span of answers says of errors, or of time: the number of the span is what it stakes.

    >>> rule = Rule("errors > 1%", "errors", 0.01)
    >>> [platform(rule, 1, bad, 1_000, 0).broken for bad in (5, 40)], platform(rule, 50, 40, 1_000, 0).broken
    ([False, True], True)
    """
    limit = rule.limit if rule.kind == "errors" else 0.01
    bets = [Begun(number, since, share_e_value(bad, n, limit))]
    word = "failed" if rule.kind == "errors" else f"took over {rule.limit / 1000:g} ms"
    return _finding(rule.text, rule.kind, bets, f"{bad} of {n} answers {word}", {"bad": bad, "n": n})


def way_back(scope: Endpoint, release: Release, broken: Sequence[Finding], now: Micros) -> str:
    """Why the one before is none, in words; "" where it is: whole, and shown to be better now, or replaced not long ago."""
    before = scope.store.releases.look_up(release.previous) if release.previous else None
    if before is None:
        return "there is no release before it"
    if before.status != "superseded":
        return f"{before.model} before it is {before.status.replace('_', ' ')}"
    shown = any("gain" in finding.figures for finding in broken)
    if not shown and now - (before.ended or 0) > RECENT:
        return f"{before.model} before it was replaced more than {RECENT // DAY} days ago, and nothing shows that it is better now"
    if unfit := why_unfit(scope.project, before):
        return f"{before.model} before it is damaged: {unfit}"
    return why_forgotten(scope, before.model, now)
