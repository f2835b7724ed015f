"""What a bisect showed, in words."""

from __future__ import annotations

from tidemill.learning.measures import measure
from tidemill.rebuild.bisect.asked import PARTS, Bisected
from tidemill.types import JsonObject


def sentences(found: Bisected) -> list[str]:
    """The ends, what came of it, and on how many rebuilds that rests."""
    return [_ends(found), *_ended(found), _counted(found)]


def _ends(found: Bisected) -> str:
    metric = measure(found.metric)
    good, bad = (metric.text(figure) for figure in found.figures)
    head = (
        f"on the same {found.requests:,} requests {found.models[0]} has {found.metric} {good}, {found.models[1]} {bad}"
    )
    return f"{head} ({found.better} is better)"


def _ended(found: Bisected) -> list[str]:
    kind, rounds = PARTS[found.by], found.rounds
    if found.ended == "ends_agree":
        return [
            "the ends agree: the good one is not shown to be better on this test, so there is nothing to trace; "
            f"a difference of {found.visible:.3g} would have been seen in 4 of 5 such comparisons"
        ]
    if found.ended == "found":
        (part,) = found.left
        share = share_of(rounds[-1])
        return [
            f"the cause is the {kind.one} {part.name} ({part.detail}): without it alone {share} of the gap is made good"
        ]
    names = ", ".join(part.name for part in found.left[:5]) + (" …" if len(found.left) > 5 else "")
    if found.ended == "no_single_cause":
        return [
            f"no single {kind.one} is the cause: leaving out a half, or the last one, does not decide it; "
            f"several may do it, or only together. What is left: {names}"
        ]
    return [f"the budget ended it: {len(found.left)} of {found.parts} {kind.many} may still be the cause: {names}"]


def share_of(one: JsonObject) -> str:
    """How much of the gap a rebuild made good, with its interval."""
    share, low, high = (f"{round(one[name], 2) + 0.0:.0%}" for name in ("share", "low", "high"))  # no minus before 0
    return f"{share} ({low} to {high})"


def _counted(found: Bisected) -> str:
    seconds = sum(one["seconds"] for one in found.rounds)
    return (
        f"{_many(len(found.rounds), 'rebuild', 'rebuilds')} of {_many(found.parts, *PARTS[found.by][:2])} in {seconds:.3g} s, both ends not counted: "
        "they are the versions themselves, asked the same test"
    )


def _many(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"
