"""Pictures of what a version's test shows of its answers: whose items are shown beside whose are taken, and estimates beside the truth."""

from __future__ import annotations

from typing import Any

from tidemill.evaluation.fairness import exposure as of_exposure
from tidemill.learning.measures import measure
from tidemill.types import JsonObject
from tidemill.web import format as words
from tidemill.web.charts import bars

SUPPLIERS = 10
"""So many are drawn, the widest gaps first."""


def exposure(found: JsonObject) -> dict[str, Any]:
    """The sentence, a picture and the rows of a table."""
    tone = {"within": "ok", "beyond": "bad"}.get(found["verdict"], "warn")
    told = {name: one for name, one in found["suppliers"].items() if one["gap"] is not None}
    drawn = []
    for name, one in list(told.items())[:SUPPLIERS]:
        for what, key, colour in (("shown", "exposure", "s1"), ("taken", "outcomes", "s3")):
            share, low, high = one[key]
            drawn.append(bars.Interval(f"{name}: {what}", share, low, high, colour, key))
    picture = bars.intervals("Exposure and outcomes by supplier", drawn, x="share of all, with 95 % intervals")
    rows = [
        (name, one["exposure"], one["outcomes"], one["catalogue"], one["gap"], one["ratio"], one["units"])
        for name, one in found["suppliers"].items()
    ]
    more = found["many"] - len(rows)
    return {
        "said": of_exposure.said(found),
        "tone": tone,
        "verdict": found["verdict"],
        "picture": picture,
        "rows": rows,
    } | {
        "more": more,
        "gini": found["gini"],
    }


def estimate(found: JsonObject) -> dict[str, Any]:
    """How far estimates were off on the windows of the test: a picture, and in how many the truth lay within."""
    kind, past = measure(found["metric"]), found["past"].get(found["metric"], [])
    drawn = [
        bars.Interval(
            f"{place}: {words.plural(one['n'], 'answer')}",
            one["value"],
            one["low"],
            one["high"],
            "s2" if one["inside"] else "s3",
            f"labels showed {kind.text(one['truth'])}",
            one["truth"],
        )
        for place, one in enumerate(past, 1)
    ]
    inside = sum(one["inside"] for one in past)
    said = f"the truth lay within the stated interval in {inside} of {words.plural(len(past), 'window')} of the test; assumes that {found['assumes']}"
    picture = bars.intervals(f"{kind.name} estimated without labels", drawn, x=kind.name)
    return {"said": said, "picture": picture, "outside": inside < len(past)}
