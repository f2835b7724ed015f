"""What was found in a model's rows before its training: each finding with its sentence, what to do, and a small picture."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from tidemill.store.payloads import Finding, Findings
from tidemill.web.charts import bars

WIDTH, HEIGHT = 420.0, 150.0
BY = {"twins": "share of pairs with the same label", "group": "power of a model, 0 to 1"}
"""What the bars of a finding about rows are; those of a column are the target's mean."""


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
    if not one.shape:
        return None
    values = [(name, max(mean, 0.0)) for name, mean, _ in one.shape]
    x = f"{one.column}, {sum(n for _, _, n in one.shape):,} rows" if one.kind not in BY else "how the rows are split"
    x = "pairs of rows" if one.kind == "twins" else x
    return bars.bars(
        f"{BY.get(one.kind, answer)} by {one.about}",
        values,
        x=x,
        y=BY.get(one.kind, answer),
        width=WIDTH,
        height=HEIGHT,
    )
