"""What a verdict says to people: what was seen, how sure it is, and what would decide."""

from __future__ import annotations

from tidemill.learning.measures import measure
from tidemill.release.gates.compare import Comparison
from tidemill.release.gates.ruling import Ruling
from tidemill.types import DAY, Micros

WEEK: Micros = 7 * DAY


def percent(share: float) -> str:
    """A change in percent, with its sign.

    >>> percent(0.0123), percent(-0.075), percent(0.0)
    ('+1.2 %', '-7.5 %', '+0.0 %')
    """
    return f"{share * 100:+.1f} %"


def chance(p: float) -> str:
    """
    >>> chance(0.0004), chance(0.114), chance(0.9996)
    ('below 0.1 %', '11 %', 'above 99.9 %')
    """
    if p < 0.001:
        return "below 0.1 %"
    if p > 0.999:
        return "above 99.9 %"
    return f"{p * 100:.1f} %" if p < 0.1 else f"{p * 100:.0f} %"


def amount(share: float) -> str:
    """
    >>> amount(0.02), amount(0.0215)
    ('2 %', '2.1 %')
    """
    return f"{share * 100:.2g} %"


def figures(found: Comparison) -> str:
    """What was measured, with its interval.

    >>> figures(Comparison("recall@20", .285, .308, -.075, .016, -.107, -.043, 310, 205))
    'recall@20 0.285 against 0.308 (-7.5 %, 95 %: -10.7 to -4.3 %) on 310 requests of 205 subjects'
    """
    kind = measure(found.metric)
    seen = f"{found.metric} {kind.text(found.candidate)} against {kind.text(found.other)}"
    between = f"{percent(found.gain)}, 95 %: {found.low * 100:+.1f} to {percent(found.high)}"
    return f"{seen} ({between}) on {_asked(found)}"


def _asked(found: Comparison) -> str:
    said = f"{found.requests:,} requests of {found.subjects:,} {found.unit}"
    return f"{said} in {found.windows} windows" if found.windows > 1 else said


def refit(ruling: Ruling, champion: str, span: Micros | None) -> str:
    """A refit against the champion. ``span``: the length of the window, by which requests come."""
    found, margin = ruling.found, amount(ruling.margin)
    risk = f"chance of losing more than {margin}: {chance(ruling.worse or 0.0)}"
    if ruling.verdict == "promoted":
        return f"expected gain over {champion} {percent(ruling.expected)} ({_known(ruling)}); {risk}; {figures(found)}"
    if ruling.verdict == "worse":
        return f"worse than {champion}: {figures(found)}; {risk}"
    if ruling.verdict == "no_gain":
        return (
            f"no gain over {champion} expected: {figures(found)}, enough to see {margin}; expected "
            f"{percent(ruling.expected)}; the champion stays, this candidate is closed"
        )
    return (
        f"not decided against {champion}: between {found.low * 100:+.1f} and {percent(found.high)}, {figures(found)}; "
        f"{_known(ruling)}; expected {percent(ruling.expected)}; {risk}, less than {chance(ruling.allowed)} is allowed. "
        f"{more(ruling, span)}; the champion stays"
    )


def _known(ruling: Ruling) -> str:
    own, prior = f"own window {percent(ruling.found.gain)}", ruling.prior
    if not prior.windows:
        return f"{own}, no past refits to go by"
    return f"{own}, the last {prior.windows} refits {percent(float(prior.mean))} on average"


def more(ruling: Ruling, span: Micros | None) -> str:
    """How many more requests would decide, and how long they take to come."""
    lacking = ruling.needed - ruling.found.requests
    if lacking <= 0:  # what differs from window to window is what hides it
        lacking = max(1, ruling.found.requests // 2)
    rounded = round(lacking, 1 - len(str(lacking)))
    said = f"About {rounded:,} more requests would decide"
    if span is None:
        return said
    weeks = lacking * span / (ruling.found.requests / ruling.found.windows) / WEEK
    return f"{said} ({weeks:,.0f} weeks at the present rate)" if weeks >= 1 else f"{said} (less than a week)"


def method(ruling: Ruling, other: str, span: Micros | None, *, age: str) -> str:
    """A change of method against the champion or a baseline. ``age``: how the two were made comparable."""
    found = ruling.found
    seen = f"{figures(found)}{'' if found.windows > 1 else ' in this window'}; {age}"
    if ruling.verdict == "promoted":
        return f"better than {other}: {seen}"
    if ruling.verdict == "worse":
        return f"worse than {other}: {seen}"
    if ruling.verdict == "no_gain":
        return f"no useful gain over {other}: {seen}; a gain below {amount(ruling.margin)} is not worth a release"
    return f"not decided against {other}: {seen}. {more(ruling, span)}; {found.power}"


def in_shadow(ruling: Ruling, pairs: Comparison, other: str) -> str:
    """A look at live pairs together with the window that could not decide."""
    found, margin, window = ruling.found, amount(ruling.margin), ruling.found.requests - pairs.requests
    seen = (
        f"{percent(found.gain)} (95 %: {found.low * 100:+.1f} to {percent(found.high)}) on the window's {window:,} requests and "
        f"{pairs.requests:,} live pairs ({percent(pairs.gain)} alone)"
    )
    risk = "" if ruling.worse is None else f"; chance of losing more than {margin}: {chance(ruling.worse)}"
    if ruling.verdict == "promoted":
        return f"expected gain over {other} {percent(ruling.expected)}: {seen}{risk}"
    if ruling.verdict == "worse":
        return f"worse than {other}: {seen}{risk}"
    if ruling.verdict == "no_gain":
        return f"no gain over {other} expected: {seen}, enough to see {margin}; the champion stays, this candidate is closed"
    return f"not decided against {other}: {seen}; expected {percent(ruling.expected)}{risk}; the champion stays"


def kept(ruling: Ruling, other: str, *, age: str) -> str:
    """What was shown once still holds."""
    word = "still better than" if ruling.found.low > 0 else "not worse than"
    return f"{word} {other}: {figures(ruling.found)}; {age}"
