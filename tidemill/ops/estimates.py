"""How good answers will turn out, told before their labels come, window by window; beside the truth where that has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from tidemill.evaluation.estimate.examination import ASSUMES
from tidemill.learning.measures import measure
from tidemill.monitor.windows import ESTIMATE
from tidemill.ops.page import Before, Limit, Page, page
from tidemill.ops.records import moment
from tidemill.ops.text import Interval, share
from tidemill.scope.project import Endpoint, Project
from tidemill.store.payloads import EstimateWindow
from tidemill.store.records import Window
from tidemill.types import DAY, JsonObject, Micros, to_iso

STATED = 0.95


@dataclass(frozen=True)
class Estimated:
    """A window's estimate, and the truth where labels have come. Figures by metric; an interval is [figure, low, high].

    ``state``: estimated | checked | outside | unusable | none (`docs/evaluation.md`).
    """

    start: Micros
    end: Micros
    n: int
    model: str | None
    metric: str
    state: str
    said: str
    estimates: dict[str, Interval]
    truth: dict[str, float]
    inside: dict[str, bool]
    moved: dict[str, float]
    beyond: dict[str, float]
    unusable_since: Micros | None

    @property
    def estimate(self) -> Interval | None:
        """By the metric that is held against labels."""
        return self.estimates.get(self.metric)


def estimates(
    project: Project, limit: Limit = 100, before: Before = None, endpoint: str | None = None
) -> Page[Estimated]:
    """The windows of an endpoint, the latest first."""
    at, last = project.endpoint(endpoint), moment(before, "before")
    where = {"endpoint": at.name, "monitor": ESTIMATE, "environment": at.environment}
    found = page(project.store.windows.page, limit, last, attrgetter("start"), **where)
    return Page([told(window) for window in found.items], found.next)


def told(window: Window) -> Estimated:
    """A window of the monitor."""
    data = window.data
    assert isinstance(data, EstimateWindow)
    checked = data.checked
    return Estimated(
        start=window.start,
        end=window.end,
        n=window.n,
        model=data.model,
        metric=data.metric,
        state=data.state,
        said=_said(data),
        estimates=dict(data.estimates),
        truth={name: one.truth for name, one in checked.items()},
        inside={name: one.inside for name, one in checked.items()},
        moved=dict(data.moved),
        beyond=dict(data.beyond),
        unusable_since=data.unusable_since,
    )


def _said(data: EstimateWindow) -> str:
    """What its state means, in words."""
    if data.state == "none":
        return data.why
    if data.unusable_since is not None:
        return f"unusable since {to_iso(data.unusable_since)[:10]}: labels that came differ from it beyond its stated error"
    if data.beyond:
        named = ", ".join(f"{name} ({share(part)} of the rows)" for name, part in data.beyond.items())
        return f"outside of what it was measured on: {named}"
    return "beside the labels" if data.checked else f"assumes that {ASSUMES}"


def coverage(windows: Sequence[Window]) -> dict[str, tuple[int, int]]:
    """By metric, of the windows whose labels have come, in how many the truth lay within what was stated: (so many, of how many)."""
    found: dict[str, tuple[int, int]] = {}
    for window in windows:
        for name, one in window.data.checked.items() if isinstance(window.data, EstimateWindow) else ():
            inside, of = found.get(name, (0, 0))
            found[name] = inside + one.inside, of + 1
    return found


def doubt(found: Sequence[Estimated]) -> str:
    """What speaks against the last estimate already: labels of the newest window that has some, of the same version, lie outside."""
    last = newest(found)
    judged = next((one for one in reversed(found) if one.model == last.model and last.metric in one.inside), None)
    if judged is None or judged.inside[last.metric] or last.state == "unusable":
        return ""
    return f"the labels of {to_iso(judged.start)[:10]}, the last that came, lie outside of what was stated"


def newest(found: Sequence[Estimated]) -> Estimated:
    """The last of these windows with an estimate of the version of the last one; where that version has none, the last one, which says why."""
    own = (one for one in reversed(found) if one.model == found[-1].model and one.estimate is not None)
    return next(own, found[-1])


def lately(scope: Endpoint, back: Micros = 90 * DAY) -> JsonObject | None:
    """The champion's last window with an estimate, and how often its were right; ``estimate`` is null where it has none; None without a window."""
    found = scope.store.windows.list(**scope.here, monitor=ESTIMATE, since=scope.clock.now() - back)
    seen = [told(w) for w in found]
    if not seen:
        return None
    last = newest(seen)
    inside, of = coverage([w for w in found if w.data.model == last.model]).get(last.metric, (0, 0))
    return {
        "metric": last.metric,
        "estimate": last.estimate and list(last.estimate),
        "until": last.end,
        "answers": last.n,
        "state": last.state,
        "said": last.said,
        "truth": last.truth.get(last.metric),
        "inside": inside,
        "of": of,
        "stated": STATED,
        "doubt": doubt(seen),
        "words": _words(last, inside, of, doubt(seen)),
    }


def _words(last: Estimated, inside: int, of: int, doubt: str) -> str:
    if last.estimate is None:
        return f"none: {last.said}"
    kind = measure(last.metric)
    value, low, high = (kind.text(x) for x in last.estimate)
    held = f"the truth lay within what was stated in {inside} of {of} windows (stated {share(STATED)})" if of else ""
    said = "; ".join(filter(None, (last.said, doubt, held)))
    return f"{kind.name} about {value} ({low} to {high}) over the last window's {last.n:,} answers: {said}"
