"""A rollout as a picture: its stages as a track, how far it has come, how much of the traffic it takes."""

from __future__ import annotations

from markupsafe import Markup

from tidemill.release.rollout.timing import elapsed
from tidemill.release.variants import beside_for_good
from tidemill.store.records import Release
from tidemill.types import Micros
from tidemill.web.charts.svg import caption, el, picture
from tidemill.web.format import share, span

WIDTH, HEIGHT = 520, 86


def track(r: Release, now: Micros) -> Markup:
    """Gates, then each stage, then champion: done ones are filled, the present one as far as its time has run.

    What answers a share beside the champion is on the way to no more than that (of one that has ended the draw's salt says so).
    """
    stops = ["gates", *("shadow" if s.get("shadow") else share(float(s.get("share", 0))) for s in r.stages)]
    if stops[-1] != "100 %" and not beside_for_good(r):
        stops.append("100 %")
    step = (WIDTH - 80) / max(len(stops) - 1, 1)
    reached = _reached(r, len(stops) - 1)
    part = _part(r, now)
    body = [el("line", x1=40, x2=WIDTH - 40, y1=26, y2=26, class_="track")]
    if reached + part > 0:
        end = 40 + step * min(reached + part, len(stops) - 1)
        body.append(el("line", x1=40, x2=end, y1=26, y2=26, class_="track-done"))
    for i, name in enumerate(stops):
        x = 40 + i * step
        tone = "stop-done" if i <= reached else "stop"
        body.append(el("circle", cx=x, cy=26, r=11, class_=tone))
        if i <= reached:
            body.append(el("path", d=f"M{x - 4.5:.1f} 26.4l3.2 3.4 5.6-6.6", class_="stop-mark"))
        body.append(caption(name, x, 58, "stop-name"))
        if 0 < i <= len(r.stages) and (wait := r.stages[i - 1].get("span")):
            body.append(caption(span(float(wait)), x, 80, "stop-note"))
    tone = "back" if r.status in ("rolled_back", "halted", "refused") else r.status
    described = f"{r.status.replace('_', ' ')}; reached {stops[reached]}, of {', '.join(stops)}"
    if reached < 0:
        described = "refused by the gates"
    return picture(WIDTH, HEIGHT, "Rollout", described, *body, class_=f"rollout {tone}")


def _reached(r: Release, last: int) -> int:
    """The last stop that is behind it: 0 is the gates, -1 nothing."""
    if r.status in ("champion", "superseded"):
        return last
    if r.status == "canary":
        return min(r.stage + 1, last)
    if r.status == "refused":
        return -1
    return min(r.stage + 1, last) if r.started is not None else 0


def _part(r: Release, now: Micros) -> float:
    if r.status != "canary" or not r.stages:
        return 0.0
    whole = float(r.stages[r.stage].get("span", 0))
    return min(max(elapsed(r, now) / whole, 0.0), 1.0) if whole else 0.0
