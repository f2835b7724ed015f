"""What a walk shows, in sentences: the same on the command line and on the page."""

from __future__ import annotations

from collections.abc import Iterator

from tidemill.backtest.course import REFIT, STATIC, Course, Gain, interval
from tidemill.backtest.cuts import EACH, FIRST
from tidemill.learning.measures import measure
from tidemill.release.gates.sentences import amount, percent


def sentences(found: Course, every: str, recipe: str) -> list[str]:
    """Refit against left alone, against each baseline, what age costs, and what the walk cannot know."""
    lines = [f"{_name(name)}: {_gain(found, found.against[name])}" for name in found.names if name in found.against]
    return [*lines, *_age(found, every), *_limits(found, recipe)]


def _name(arm: str) -> str:
    return "refitting against its first fit left alone" if arm == STATIC else f"refitting against {arm}"


def _gain(found: Course, gain: Gain) -> str:
    kind = measure(found.metric)
    mine, other = (kind.text(figure) for figure in gain.figures)
    seen = (
        f"{gain.requests:,} requests of {gain.units:,} {found.unit} in {gain.spans} span{'s' if gain.spans > 1 else ''}"
    )
    said = f"{found.metric} {mine} against {other}, {interval(gain)} on {seen}: {gain.verdict}"
    return said if gain.verdict != "not shown" else f"{said} (a change of {amount(gain.visible)} would have been seen)"


def _age(found: Course, every: str) -> Iterator[str]:
    slope = found.slope
    if slope is None:
        return
    if slope.low <= 0 <= slope.high:
        between = f"95 %: {slope.low * 100:+.1f} to {percent(slope.high)}"
        yield f"age: no loss is shown, {percent(slope.gain)} ({between}) for each {every}"
    else:
        verb, (least, most) = "loses" if slope.gain < 0 else "gains", sorted((abs(slope.low), abs(slope.high)))
        said = f"{amount(abs(slope.gain))} of its quality (95 %: {least * 100:.1f} to {amount(most)})"
        yield f"age: a fit {verb} {said} with each {every}"


def _limits(found: Course, recipe: str) -> Iterator[str]:
    silent = [one for one in found.spans if REFIT not in one.arms]
    if silent:
        yield f"{len(silent)} of {len(found.spans)} spans say nothing: {silent[0].why}"
    if recipe == FIRST:
        yield "the recipe was searched once, at the first cut, on what was known then"
    elif recipe == EACH:
        yield "the recipe was searched anew at each cut, on what was known then"
    else:
        yield f"the recipe is that of {recipe}, which was chosen with later knowledge: it looks better here than it would have been"
