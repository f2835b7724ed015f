"""A/B tests with their confidence sequences over time, and what the loop was worth by its holdout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from tidemill.experiment import holdout
from tidemill.experiment.stands import standing
from tidemill.experiment.verdict import WORDS
from tidemill.experiment.windows import data_of
from tidemill.ops import experiments as verbs
from tidemill.store.records import Experiment, Window
from tidemill.web import format as words
from tidemill.web.charts import lines, svg
from tidemill.web.site import Ask, Page, Shown, by_key

TONES = {"better": "ok", "worse": "bad", "harmful": "bad", "arm_lost": "bad", "no_useful_difference": "idle"}


def experiments(ask: Ask) -> Shown:
    part = by_key(ask, "/experiments", verbs.ls, export=None)
    rows = [{"e": e, "said": _said(e), "tone": tone(e)} for e in part.rows]
    worth = [_worth(ask, found) for found in ask.project.endpoints if ask.project.endpoint(found).holdout]
    return Shown("Experiments", {"part": replace(part, rows=rows), "worth": worth})


def _said(e: Experiment) -> str:
    return "no verdict" if e.status == "running" and e.reason else WORDS[e.settled or e.verdict]


def tone(e: Experiment) -> str:
    if e.status == "running":
        return "warn" if e.reason else "busy"
    return TONES.get(e.settled or e.verdict, "idle")


def experiment(ask: Ask) -> Shown:
    shown = verbs.show(ask.project, ask.params["experiment"])
    found, closed = shown.experiment, verbs.windows(ask.project, shown.experiment)
    now = standing(closed)
    sides = [
        {
            "name": name,
            "model": model,
            "release": release,
            "requests": now.requests.get(name, 0),
            "subjects": now.subjects.get(name, 0),
            "itself": now.itself.get(name),
            "latency": now.latency_us.get(name),
            "failed": failed,
        }
        for name, model, release, failed in zip("ab", found.models, found.arms, shown.failed, strict=True)
    ]
    picture = sequence("How much better b is than a", closed)
    values = {
        "x": shown,
        "e": found,
        "tone": tone(found),
        "held": now.words,
        "sides": sides,
        "odds": now.odds,
        "picture": picture,
    }
    return Shown(f"Experiment {found.id}", values)


def _worth(ask: Ask, endpoint: str) -> dict[str, Any]:
    scope = ask.project.endpoint(endpoint)
    found, asked = holdout.worth(scope), holdout.comparison(scope)
    closed = holdout.windows_of(scope, asked) if asked is not None else ()
    said = "" if found is None else verbs.said_of_worth(found)
    picture = sequence("What the loop was worth", closed)
    return {"endpoint": endpoint, "said": said, "found": found, "picture": picture}


def sequence(title: str, closed: Sequence[Window]) -> Markup:
    """The estimate and its confidence sequence as they grew window by window, and the line at 0 that decides."""
    if not closed:
        return svg.empty(title, "no window has closed yet")
    points: list[lines.Point] = []
    band = []
    for window in closed:
        gain = data_of(window).gain
        points.append((float(window.end), None if gain is None else gain[0]))
        if gain is not None:
            band.append((float(window.end), gain[1], gain[2]))
    series = [lines.Series("estimate, with its confidence sequence", points, band)]
    return lines.lines(title, series, y="more is better (a share of the level)", show=words.share, limit=0.0)


PAGES = (
    Page("/experiments", "experiments.html", "releases", experiments, "project.read"),
    Page("/experiments/{experiment}", "experiment.html", "releases", experiment, "project.read"),
)
