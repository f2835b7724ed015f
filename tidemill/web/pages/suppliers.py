"""The picture of whose items are shown over time, beside whose are taken."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from tidemill.store.payloads import FairnessWindow
from tidemill.store.records import Window
from tidemill.web import format as words
from tidemill.web.charts import lines

SHOWN = 4
"""So many suppliers, those with the widest gaps."""


def gaps(windows: Sequence[Window], by: str) -> Markup | None:
    """By window each supplier's part of the exposure less its part of what was taken, with its interval; None without any."""
    found = [(float(w.start), w.data.groups.get(by, {}), w.data) for w in windows if isinstance(w.data, FairnessWindow)]
    told: dict[str, list[tuple[float, list[float]]]] = {}
    for at, suppliers, _ in found:
        for name, one in suppliers.items():
            if one.get("gap"):
                told.setdefault(name, []).append((at, one["gap"]))
    if not told:
        return None
    widest = sorted(told, key=lambda name: (-max(abs(gap[0]) for _, gap in told[name]), name))[:SHOWN]
    series = [
        lines.Series(
            name,
            [(at, gap[0]) for at, gap in told[name]],
            [(at, gap[1], gap[2]) for at, gap in told[name]],
            tone=f"s{i + 1}",
        )
        for i, name in enumerate(widest)
    ]
    y = "exposure less outcomes (% of all)"
    return lines.lines(
        "Exposure beside what is taken", series, y=y, show=words.share, floor=0, limit=found[-1][2].max_gap
    )
