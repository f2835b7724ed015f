"""Numbers, times and ids as people read them; also the filters of the templates."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from markupsafe import Markup, escape

from tidemill.errors import ConfigError
from tidemill.ops.text import Interval as Interval
from tidemill.ops.text import ago as ago
from tidemill.ops.text import count as count
from tidemill.ops.text import interval as interval
from tidemill.ops.text import label as label
from tidemill.ops.text import number as number
from tidemill.ops.text import plural as plural
from tidemill.ops.text import share as share
from tidemill.ops.text import span as span
from tidemill.ops.text import text as text
from tidemill.tasks.port import one_line as one_line
from tidemill.types import SECOND, Json, Micros, parse_time, to_iso


def known(value: Any) -> str:
    """What somebody said of an item, in a line.

    >>> known(None), known("a\\nmug")
    ('–', 'a mug')
    """
    return "–" if value is None else one_line(text(value))


def _moment(at: Micros) -> datetime:
    return datetime.fromtimestamp(at // SECOND, UTC)


def brief(n: float) -> str:
    """A large number in four characters.

    >>> brief(144400), brief(998), brief(1_000_000)
    ('144k', '998', '1M')
    """
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(n) >= size:
            return f"{n / size:.3g}{letter}"
    return f"{n:.3g}"


def alike(values: Sequence[float | None]) -> list[str]:
    """Measures that are compared with one another: all with the decimals that the largest needs.

    >>> alike([0.31, 0.018, 0.00069, None]), alike([12.5, 0.25]), alike([1234.5, 2])
    (['0.310', '0.018', '0.001', '–'], ['12.5', '0.2'], ['1,234', '2'])
    """
    known = [abs(x) for x in values if x is not None and math.isfinite(x) and x]
    decimals = min(max(2 - math.floor(math.log10(max(known))), 0), 9) if known else 0
    return ["–" if x is None or not math.isfinite(x) else f"{x:z,.{decimals}f}" for x in values]


def when(at: Micros | None) -> str:
    """Date and time in UTC, to the minute.

    >>> when(0)
    '1 Jan 1970 00:00 UTC'
    """
    return "–" if at is None else f"{date(at)} {clock(at)} UTC"


def date(at: Micros | None) -> str:
    """
    >>> date(0)
    '1 Jan 1970'
    """
    return "–" if at is None else f"{day(at)} {_moment(at).year}"


def long_date(at: Micros) -> str:
    """
    >>> long_date(0)
    'Thursday, 1 January 1970'
    """
    m = _moment(at)
    return f"{m:%A}, {m.day} {m:%B %Y}"


def day(at: Micros) -> str:
    m = _moment(at)
    return f"{m.day} {m:%b}"


def clock(at: Micros) -> str:
    return f"{_moment(at):%H:%M}"


def month(at: Micros) -> str:
    """The month; January with its year.

    >>> month(0)
    '1970'
    """
    m = _moment(at)
    return f"{m:%Y}" if m.month == 1 else f"{m:%b}"


def month_starts(low: Micros, high: Micros) -> list[Micros]:
    """The first moments of the months between two moments."""
    first, last = (np.datetime64(at, "us").astype("datetime64[M]") for at in (low, high))
    starts = np.arange(first, last + 1).astype("datetime64[us]").astype(int).tolist()
    return [at for at in starts if at >= low]


def iso(at: Micros | None) -> str:
    return "" if at is None else to_iso(at)


def size(n: float | None) -> str:
    """
    >>> size(1_500_000), size(12)
    ('1.5 MB', '12 B')
    """
    if n is None:
        return "–"
    for unit, word in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if n >= unit:
            return f"{n / unit:.3g} {word}"
    return f"{n:.0f} B"


def short(text: str | None, keep: int = 10) -> str:
    """The end of an id, or the start of a digest: enough to tell it from its neighbours.

    >>> short("sha256:0123456789abcdef"), short("run_0123456789abcdefghjkmnpqrs")
    ('0123456789…', '…ghjkmnpqrs')
    """
    if not text:
        return "–"
    if text.startswith("sha256:"):
        return text[7 : 7 + keep] + "…"
    head, _, tail = text.partition("_")
    return f"…{tail[-keep:]}" if head.isalpha() and len(tail) > 20 else text


def cut(text: str, most: int) -> str:
    """
    >>> cut("a long name", 6)
    'a lon…'
    """
    return text if len(text) <= most else text[: most - 1] + "…"


def exactly(value: Json) -> str:
    """A value with all its digits, a text as it is.

    >>> exactly(0.1234567890123), exactly("FR"), exactly(None), exactly(True)
    ('0.1234567890123', 'FR', '–', 'true')
    """
    if value is None:
        return "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def pretty(value: Json) -> str:
    """JSON to look at."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, default=str)


def intervals(metrics: Mapping[str, Any]) -> dict[str, Interval]:
    """Every metric that has an interval, by name."""
    found = {name: interval(value) for name, value in metrics.items() if not isinstance(value, int | float)}
    return {name: value for name, value in found.items() if value is not None}


_MARKS = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z)|( -> )")


def prose(value: Any) -> Markup:
    """What a record says, for a person to read: its times as `when` (the exact one beneath), its arrows drawn.

    >>> str(prose("schedule of 2011-03-01T03:00:00Z: 2% -> 9% <b>"))
    'schedule of <time datetime="2011-03-01T03:00:00Z" title="2011-03-01T03:00:00Z">1 Mar 2011 03:00 UTC</time>: 2% → 9% &lt;b&gt;'
    """
    plain, end, out = text(value), 0, Markup()
    for mark in _MARKS.finditer(plain):
        out += escape(plain[end : mark.start()]) + _marked(mark[0])
        end = mark.end()
    return out + escape(plain[end:])


def plainly(text: str) -> str:
    """As `prose`, where no markup may stand.

    >>> plainly("price 2.1% -> 9.4% since 2011-03-01T03:00:00Z")
    'price 2.1% → 9.4% since 1 Mar 2011 03:00 UTC'
    """
    return prose(text).striptags()


def _marked(mark: str) -> Markup:
    if mark == " -> ":
        return Markup(" → ")
    try:
        return Markup('<time datetime="{0}" title="{0}">{1}</time>').format(mark, when(parse_time(mark)))
    except (ConfigError, ValueError, OverflowError):  # looks like a time and is none
        return escape(mark)
