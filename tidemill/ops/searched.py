"""How a version came about: what its search tried, the best first, and what its recipe reaches from fewer rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tidemill.errors import TidemillError
from tidemill.learning.measures import measure
from tidemill.model.curve import CURVE
from tidemill.model.registry import answers_kept, examined_kept, search_kept
from tidemill.ops.runs import cpu_of
from tidemill.ops.text import Interval, count, plural, share, text
from tidemill.scope.project import Project
from tidemill.store.artifacts.codecs import load
from tidemill.store.records import ModelVersion
from tidemill.types import JsonObject


@dataclass(frozen=True)
class Tried:
    """One recipe of a search: ``settings`` in which the recipes of its method differ, what it reached on the validation windows
    (mean, with its 95 % interval where that is known; nothing where it failed), in how many fits. ``why``: it failed, or was stopped."""

    method: str
    settings: JsonObject
    reached: Interval | None
    chosen: bool
    fits: int | None
    why: str


@dataclass(frozen=True)
class Searched:
    """A search: ``tried``, the best first; ``trials``: made, of those wanted; ``cpu_s``: of all of it, where its step is kept."""

    metric: str
    better: str
    requests: int
    trials: tuple[int, int]
    cpu_s: float | None
    tried: list[Tried]
    said: str


@dataclass(frozen=True)
class Learned:
    """What the recipe reaches on the test when it learns from so many rows."""

    rows: int
    reached: Interval


@dataclass(frozen=True)
class Curve:
    """A learning curve: from few rows to all of them."""

    metric: str
    better: str
    points: list[Learned]
    said: str


def searched(project: Project, model: ModelVersion) -> Searched | None:
    """The search that chose the recipe of a version; None of one that was made by hand, or whose bytes are gone."""
    found = _kept(project, search_kept(project, model), "json")
    if not found:
        return None
    kind, made = measure(found["metric"]), (found["trials"][0], found["trials"][1])
    tried = sorted((_tried(found, one) for one in found["tried"]), key=lambda one: _place(one, kind.sign), reverse=True)
    step = next((s for s in project.store.steps.list(run=model.run) if s.name == "search"), None)
    return Searched(
        metric=kind.name,
        better=kind.better,
        requests=found["requests"],
        trials=made,
        cpu_s=cpu_of(project, step) if step else None,
        tried=tried,
        said=_said(found),
    )


def curve(project: Project, model: ModelVersion) -> Curve | None:
    """The learning curve of a version; None where its run kept none: of a recommender, or of too few rows."""
    found: Any = _kept(project, answers_kept(project, model), "arrays") or {}
    name = next((name for name in found if name.startswith(CURVE)), "")
    if not name or len(found[name]) < 2:
        return None
    kind = measure(name.removeprefix(CURVE))
    points = [Learned(int(n), (float(mean), float(low), float(high))) for n, mean, low, high in found[name]]
    return Curve(kind.name, kind.better, points, _rises(kind.name, points))


def examined(project: Project, model: ModelVersion) -> JsonObject:
    """What the examinations of a version found, by name (`tidemill.evaluation`); nothing of one that was made by hand."""
    found: JsonObject = _kept(project, examined_kept(project, model), "json") or {}
    return found


def _kept(project: Project, digest: str | None, codec: str) -> Any:
    """The bytes of a run, read; None where they are gone, or damaged: `doctor` says so."""
    try:
        return load(project.artifacts.plain, digest, codec) if digest else None
    except TidemillError:
        return None


def brief(recipe: JsonObject) -> JsonObject:
    """A recipe's settings; of a blend the method of each member with its share (the model card has the members' own).

    >>> brief({"method": "blend", "of": [{"method": "trees"}, {"method": "linear"}], "weights": [0.75, 0.25]})
    {'method': 'blend', 'of': ['75 % trees', '25 % linear']}
    """
    if "of" not in recipe:
        return recipe
    own = {name: value for name, value in recipe.items() if name not in ("of", "weights")}
    return {**own, "of": [f"{share(w)} {one['method']}" for w, one in zip(recipe["weights"], recipe["of"])]}


def _tried(found: JsonObject, one: JsonObject) -> Tried:
    recipe, mean, failed = one["recipe"], one["mean"], one.get("error", "")
    alike = [other["recipe"] for other in found["tried"] if other["recipe"].get("method") == recipe.get("method")]
    told = {k for k, v in recipe.items() if k == "of" or any(o.get(k) != v for o in alike)}
    settings = {k: v for k, v in brief(recipe).items() if k != "method" and k in told}
    low, high = one.get("low"), one.get("high")
    reached = None if failed else (mean, mean if low is None else low, mean if high is None else high)
    why = failed or one.get("stopped", "")
    return Tried(str(recipe.get("method", "–")), settings, reached, recipe == found["recipe"], one.get("fits"), why)


def _place(one: Tried, sign: float) -> tuple[bool, bool, float]:
    """What failed comes last, and before it what was stopped: its figure is of fewer windows."""
    return one.reached is not None, not one.why, sign * one.reached[0] if one.reached else 0.0


def _said(found: JsonObject) -> str:
    made, wanted = found["trials"]
    trials = f"{count(made)} of {plural(wanted, 'trial')}" if made < wanted else plural(made, "trial")
    capped = f", ended by its budget of {text(found['cap'])} s" if found.get("cap") else ""
    kept = "the champion's recipe stays" if found["kept"] else f"chosen: {found['recipe'].get('method', '–')}"
    return (
        f"{plural(len(found['tried']), 'recipe')} ({trials}{capped}) on {plural(found['requests'], 'request')} "
        f"of the validation windows; {kept}"
    )


def _rises(metric: str, points: list[Learned]) -> str:
    """What the last step of the curve says of more rows; intervals of different rows of one test, so no test of it."""
    fewer, whole = points[-2:]
    gained = measure(metric).sign * (whole.reached[0] - fewer.reached[0])
    apart = whole.reached[1] > fewer.reached[2] or whole.reached[2] < fewer.reached[1]
    more = "it still rises: more rows would help" if gained > 0 else "more rows did not help"
    told = more if apart else "within their intervals: more such rows would change little, other columns might"
    part = share(fewer.rows / whole.rows)
    return f"from {count(fewer.rows)} rows ({part}) to {count(whole.rows)}: {metric} {_figures(metric, fewer, whole)}; {told}"


def _figures(metric: str, *points: Learned) -> str:
    return " to ".join(measure(metric).text(point.reached[0]) for point in points)
