"""What rebuilds of a version showed: the same bytes, what made it worse, and which difference explains its metric."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from tidemill.ops import bisects, comparisons, rebuilds
from tidemill.ops.bisects import Bisect
from tidemill.ops.comparisons import Comparison
from tidemill.rebuild.report import PASSES
from tidemill.scope.project import Project
from tidemill.web.charts import bars
from tidemill.web.pages.past import axis_of

TONES = {"yes": "ok", "no": "", "undecided": "warn"}


def rebuilt(project: Project, ref: str) -> dict[str, Any]:
    """Values for ``_rebuilt.html``; nothing where nothing was rebuilt."""
    again, traced, compared = (verbs.of_model(project, ref) for verbs in (rebuilds, bisects, comparisons))
    if not (again or traced or compared):
        return {}
    return {
        "again": again,
        "tone": "ok" if again and again.report.verdict in PASSES else "bad",
        "traced": traced,
        "line": traced and line(traced),
        "rounds": [
            {"left_out": bisects.left_out(traced.report, one), "one": one, "tone": TONES[one["recovered"]]}
            for one in (traced.report.rounds if traced else ())
        ],
        "compared": compared,
        "terms": compared and terms(compared),
    }


def line(found: Bisect) -> Markup:
    """The rebuilds one after the other: how much of the gap each made good; beyond the dotted half it has recovered."""
    drawn = [
        bars.Interval(
            f"{place}: {bisects.left_out(found.report, one)}"[:40],
            *(one["share"], one["low"], one["high"]),
            "s1" if one["recovered"] == "yes" else "s0",
            f"{one['left']} still suspect",
        )
        for place, one in enumerate(found.report.rounds, 1)
        if not one["error"]
    ]
    return bars.intervals("rebuilds without a part", drawn, x="share of the gap that was made good", reference=0.5)


def terms(found: Comparison) -> Markup:
    """What each kind of difference adds to the metric, beside nothing."""
    drawn = [bars.Interval(one["kind"], one["adds"], one["low"], one["high"]) for one in found.report.terms]
    return bars.intervals("what each difference adds", drawn, x=axis_of(found.report.metric), reference=0.0)
