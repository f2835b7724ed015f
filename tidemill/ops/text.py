"""Numbers, lengths of time and small values as people read them, wherever a verb or a face says something in words."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

import msgspec

from tidemill.types import DAY, SECOND, Micros, to_iso

TIMES = (
    *("at", "started", "ended", "created", "trained_through", "time_min", "time_max", "stage_since", "start", "end"),
    *("opened", "closed", "since", "received", "expires", "clock", "window", "previous"),
)
"""Fields that are moments."""
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

    >>> share(0.0491), share(1.0), share(0.0001), share(-0.0003)
    ('4.9 %', '100 %', '<0.1 %', '0 %')
    """
    if x is None or not math.isfinite(x):
        return "–"
    if 0 < x < 0.001:
        return "<0.1 %"
    return f"{x * 100:z.1f}".removesuffix(".0") + " %"


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
    import numpy as np  # no command that only starts or asks a server needs it

    return float(np.quantile(values, q))


def number(x: float | None) -> str:
    """A measure: three figures or three decimals.

    >>> number(0.31025), number(1234.5), number(2.0), number(None)
    ('0.310', '1,234', '2', '–')
    """
    if x is None or not math.isfinite(x):
        return "–"
    if abs(x) >= 1000:
        return f"{x:,.0f}"
    if x == round(x):
        return f"{x:.0f}"
    if abs(x) >= 1:
        return f"{x:.3g}"
    return f"{x:.3f}" if abs(x) >= 0.001 else f"{x:.1e}"


def minute(at: Micros) -> str:
    """A moment in a table: to the minute, and one word.

    >>> minute(90 * SECOND)
    '1970-01-01T00:01Z'
    """
    return f"{to_iso(at)[:16]}Z"


SPANS = ("half_life", "budget", "cooldown", "budget_span", "span")
"""Fields that are lengths of time, in microseconds."""


def text(value: Any, name: str = "") -> str:
    """A small value of a record as a person reads it: numbers short, lists by commas, objects as ``key value``, moments in ISO 8601.

    >>> text({"n": 310, "power": 0.812, "columns": ["price", "item"], "half_life": 180 * DAY, "at": 0, "more": []})
    'n 310, power 0.812, columns price, item, half life 180 days, at 1970-01-01T00:00:00Z, more –'
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value in ("", [], (), {}):
        return "–"
    if isinstance(value, int) and name in TIMES:
        return to_iso(value)
    if isinstance(value, int) and name in SPANS:
        return span(value)
    if isinstance(value, int | float):
        return number(float(value)) if abs(value) < 1e12 else str(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{label(str(key))} {text(part, str(key))}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(text(part) for part in value)
    return str(value)


def label(name: str) -> str:
    """A key of a record as words.

    >>> label("not_inferior_to")
    'not inferior to'
    """
    return name.replace("_", " ")


Interval = tuple[float, float, float]
"""(mean, low, high)"""


def interval(value: Any) -> Interval | None:
    """A metric as it is kept, in a list or by name; a bare number has no width.

    >>> interval([0.31, 0.29, 0.33]), interval(0.5), interval("?")
    ((0.31, 0.29, 0.33), (0.5, 0.5, 0.5), None)
    """
    if isinstance(value, Mapping):
        value = [value.get(name) for name in ("mean", "low", "high")]
    if isinstance(value, int | float):
        return value, value, value
    known = isinstance(value, list | tuple) and len(value) == 3 and all(isinstance(v, int | float) for v in value)
    return (value[0], value[1], value[2]) if known else None


def plain(value: Any) -> Any:
    """Records as JSON: times in ISO 8601, bytes as the JSON that they are."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {k: to_iso(v) if k in TIMES and isinstance(v, int) else plain(v) for k, v in value.items()}
    if isinstance(value, bytes):
        return json.loads(value) if value else None
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value


def flat(name: str, value: Any) -> str:
    """One value of a record as text: moments in ISO 8601, objects as JSON.

    >>> flat("at", 0), flat("run", None), flat("stages", [{"share": 1}])
    ('1970-01-01T00:00:00Z', '', '[{"share":1}]')
    """
    if value is None:
        return ""
    if name in TIMES and isinstance(value, int):
        return to_iso(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, str):
        return value
    return msgspec.json.encode(value, enc_hook=str).decode()


def cell(name: str, value: Any) -> str:
    """One value, and no text that a spreadsheet would take for a formula.

    >>> cell("author", "=1+1"), cell("rows", -3)
    ("'=1+1", '-3')
    """
    text = flat(name, value)
    return f"'{text}" if isinstance(value, str) and text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
