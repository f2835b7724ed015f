"""What was found in a model's rows before its training: each finding with its sentence, what to do, and a small picture."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from tidemill.store.payloads import Finding, Findings
from tidemill.web.charts import bars

TITLE = 32
"""Characters of an axis' title: a label may be any text."""
BY = {"twins": "share of pairs with the same label", "group": "power of a model, 0 to 1"}
"""What the dots of a finding about rows are; those of a column are the target's mean."""


@dataclass(frozen=True, slots=True)
class Leak:
    """One finding as it is shown."""

    about: str
    finding: Finding
    picture: Markup | None


def leaks(found: Findings) -> list[Leak]:
    """Every finding, the gravest first."""
    return [Leak(one.column or "rows on both sides", one, _picture(one, found.answer)) for one in found.found]


def _picture(one: Finding, answer: str) -> Markup | None:
    """A dot a part of the rows: its mean, and by hover how many rows it has."""
    if not one.shape:
        return None
    rows = [bars.Interval(name, mean, mean, mean, note=f"{n:,} rows") for name, mean, n in one.shape]
    axis = BY.get(one.kind, answer)
    title = axis if len(axis) <= TITLE else f"{axis[: TITLE - 1]}…"
    return bars.intervals(f"{axis} by {one.about}", rows, x=title)
