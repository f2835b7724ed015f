"""The picture of what answers will turn out to be, told before their labels come, and of what they turned out to be."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from tidemill.learning.measures import measure
from tidemill.ops.estimates import STATED, Estimated, coverage, doubt, newest, told
from tidemill.ops.snapshot import Snapshot
from tidemill.store.records import Window
from tidemill.web import format as words
from tidemill.web.charts import lines


def estimated(loop: Snapshot, windows: Sequence[Window], marks: Sequence[lines.Mark]) -> dict[str, object] | None:
    """What the page says of the windows' estimates: a picture, the last state in words, and how often the truth lay within; None without any."""
    found = [told(w) for w in windows]
    there = [one for one in found if one.estimate is not None]
    if not there:
        return {"picture": None, "why": found[-1].said} if found else None
    last = newest(found)
    inside, of = coverage([w for w in windows if w.data.model == last.model]).get(last.metric, (0, 0))
    held = (
        f"the truth lay within in {inside} of {words.plural(of, 'window')}, stated {words.share(STATED)}" if of else ""
    )
    against = doubt(found)
    tone = "warn" if against else {"unusable": "bad", "outside": "warn", "checked": "ok"}.get(last.state, "idle")
    held = "; ".join(filter(None, (against, held)))
    drawn = last.metric if last.estimate is not None else there[-1].metric
    picture = _picture([one for one in there if one.metric == drawn], marks)
    export = f"/export/estimate/{loop.endpoint}" if len(loop.project.endpoints) > 1 else "/export/estimate"
    return {"picture": picture, "state": last.state, "tone": tone, "said": last.said, "held": held, "export": export}


def _picture(found: Sequence[Estimated], marks: Sequence[lines.Mark]) -> Markup:
    kind = measure(found[-1].metric)
    usable = [(float(one.start), one) for one in found]
    points = [(at, one.estimate[0]) for at, one in usable if one.estimate]
    band = [(at, one.estimate[1], one.estimate[2]) for at, one in usable if one.estimate]
    truth = [(at, one.truth.get(kind.name)) for at, one in usable]
    series = [
        lines.Series(f"{kind.name} estimated before labels", points, band, tone="s2"),
        lines.Series(f"{kind.name} as labels showed it", truth, tone="s1"),
    ]
    withdrawn = [one.unusable_since for one in found if one.unusable_since is not None]
    told = [lines.Mark(float(at), f"unusable since {words.date(at)}", "bad") for at in dict.fromkeys(withdrawn)]
    y = f"{kind.name} ({kind.better} is better)"
    return lines.lines(f"Estimated {kind.name}", series, y=y, marks=[*marks, *told], show=kind.text, floor=0)
