"""Numbers and lengths of time as people read them, wherever a verb says something in words."""

from __future__ import annotations

import math

from tidemill.types import DAY, SECOND, Micros

HOUR: Micros = DAY // 24
MINUTE: Micros = 60 * SECOND


def count(n: float | None) -> str:
    """Whole numbers with separators.

    >>> count(144400)
    '144,400'
    """
    return "–" if n is None else f"{round(n):,}"


def plural(n: int, one: str, many: str = "") -> str:
    """
    >>> plural(1, "release"), plural(2, "release")
    ('1 release', '2 releases')
    """
    return f"{count(n)} {one if n == 1 else many or one + 's'}"


def share(x: float | None) -> str:
    """A part of a whole.

    >>> share(0.0491), share(1.0), share(0.0001)
    ('4.9 %', '100 %', '<0.1 %')
    """
    if x is None or not math.isfinite(x):
        return "–"
    if 0 < x < 0.001:
        return "<0.1 %"
    return f"{x * 100:.1f}".removesuffix(".0") + " %"


def span(us: float | None) -> str:
    """A length of time.

    >>> span(340_000), span(2 * DAY), span(95 * SECOND), span(840)
    ('340 ms', '2 days', '1 min 35 s', '840 µs')
    """
    if us is None:
        return "–"
    us = max(us, 0)
    if us < 1000:
        return f"{us:.0f} µs"
    if us < SECOND:
        return f"{us / 1000:.3g} ms"
    if us < MINUTE:
        return f"{us / SECOND:.3g} s"
    if us < HOUR:
        return f"{us // MINUTE:.0f} min {us % MINUTE // SECOND:.0f} s"
    if us < 2 * DAY:
        return f"{us // HOUR:.0f} h {us % HOUR // MINUTE:.0f} min"
    return f"{us / DAY:.3g} days"


def ago(at: Micros | None, now: Micros) -> str:
    """How long ago, on the project's clock.

    >>> ago(0, 3 * DAY), ago(0, 90 * SECOND), ago(5, 5)
    ('3 days ago', '1 min ago', 'just now')
    """
    if at is None:
        return "never"
    gap = now - at
    if gap < 0:
        return f"in {about(-gap)}" if -gap >= MINUTE else "just now"
    return "just now" if gap < MINUTE else f"{about(gap)} ago"


def about(gap: Micros) -> str:
    """A length of time in its largest unit.

    >>> about(400 * DAY), about(40 * DAY)
    ('1 year', '40 days')
    """
    for size, name in ((365 * DAY, "year"), (30 * DAY, "month"), (DAY, "day"), (HOUR, "h"), (MINUTE, "min")):
        n = gap // size
        if n >= (2 if name == "month" else 1):
            return f"{n} {name}" + ("s" if n > 1 and size >= DAY else "")
    return "moments"


def quantile(values: list[int], q: float) -> float:
    """
    >>> quantile([1, 2, 3, 4], 0.5)
    2.5
    """
    if not values:
        return 0.0
    ordered = sorted(values)
    at = q * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)
