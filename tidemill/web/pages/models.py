"""Model versions: the leaderboard with intervals, and one version with its card, data and verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from tidemill.evaluation.robustness.falls import share_of
from tidemill.learning.measures import measure
from tidemill.ops import backtests as backtest_verbs
from tidemill.ops import models as verbs
from tidemill.ops.models import aliases
from tidemill.ops.searched import Curve, Searched
from tidemill.ref import Ref
from tidemill.store.records import ModelVersion
from tidemill.tasks.table import metric_of
from tidemill.types import JsonObject
from tidemill.web import format as words
from tidemill.web.charts import bars
from tidemill.web.pages.examined import sections
from tidemill.web.pages.leakage import leaks
from tidemill.web.pages.past import axis_of, of_play, staleness
from tidemill.web.pages.rebuilt import rebuilt
from tidemill.web.site import Ask, Page, Shown, by_key
from tidemill.web.talk import talk

SHOWN = 12  # Versions in the interval plot
PLAYS = 8  # Backtests that are listed


def models(ask: Ask) -> Shown:
    part = by_key(ask, "/models", verbs.ls, export="models")
    named = {name: aliases(ask.project, name) for name in {m.name for m in part.rows}}
    metric = chosen_metric(ask, part.rows)
    champions = [str(Ref("model", n, v)) for n, known in named.items() for v, a in known.items() if "champion" in a]
    metrics = sorted({k for m in part.rows for k in words.intervals(m.metrics)})
    values = {
        "part": part,
        "rows": [_row(m, metric, named[m.name]) for m in part.rows],
        "metric": metric,
        "metrics": metrics,
        "plot": leaderboard(ask, part.rows[:SHOWN], metric, next(iter(champions), None)),
    }
    return Shown("Models", values, ask.ignored("metric", metrics))


def chosen_metric(ask: Ask, found: Sequence[ModelVersion]) -> str:
    """The metric asked for where a model has it, else the project's, else the first one."""
    known = {k for m in found for k in words.intervals(m.metrics)}
    usual = metric_of(next(iter(ask.project.models.values())))
    return next((name for name in (ask.text("metric"), usual) if name in known), min(known, default=usual)) or usual


def _row(m: ModelVersion, metric: str, named: dict[int, list[str]]) -> dict[str, Any]:
    method = str(m.recipe.get("method", m.recipe.get("learner", "–")))
    return {
        "m": m,
        "method": method,
        "value": words.interval(m.metrics.get(metric)),
        "aliases": named.get(m.version, []),
    }


def leaderboard(ask: Ask, rows: Sequence[ModelVersion], metric: str, champion: str | None) -> Markup:
    """The versions' intervals, one under the other; the champion's mean is the dotted line."""
    best = words.interval(ask.project.store.models.get(champion).metrics.get(metric)) if champion else None
    drawn = []
    for m in rows:
        if found := words.interval(m.metrics.get(metric)):
            name, tone = (f"{m.name}@{m.version} ★", "s1") if m.ref == champion else (f"{m.name}@{m.version}", "s0")
            note = f"{m.kind}, trained through {words.date(m.trained_through)}"
            drawn.append(bars.Interval(name, *found, tone, note))
    title, reference = f"{metric} by version, 95 % intervals", best[0] if best else None
    return bars.intervals(title, drawn, x=axis_of(metric), reference=reference)


def reached(found: ModelVersion) -> list[Markup]:
    """What a version reached on its test, each metric on an axis of its own; warm and cold apart where there are both."""
    groups = {k: words.intervals(v) for k, v in found.metrics.items() if isinstance(v, dict)}
    return [_reached(metric, whole, groups) for metric, whole in words.intervals(found.metrics).items()]


def _reached(metric: str, whole: words.Interval, groups: Mapping[str, Mapping[str, words.Interval]]) -> Markup:
    parts = [bars.Interval(g, *v[metric], "s3", g) for g, v in groups.items() if metric in v]
    drawn = [bars.Interval(metric, *whole), *(parts if len(parts) > 1 else [])]
    return bars.intervals(f"{metric} on the test window", drawn, x=axis_of(metric))


def model(ask: Ask) -> Shown:
    shown = verbs.show(ask.project, ask.params["model"])
    found = shown.model
    name = f"{found.name}@{found.version}"
    values = {
        "m": found,
        "ref": name,
        "aliases": shown.aliases,
        "plots": reached(found),
        "search": shown.search,
        "trials": shown.search and trials(shown.search),
        "curve": shown.curve,
        "learning": shown.curve and learning_curve(shown.curve),
        **past(ask, found.name),
        "examined": sections(shown.examined),
        "features": shown.features,
        "fell": lambda one: share_of(one.fall, one.low, one.high) or "–",
        "represents": shown.represents,
        "leaks": leaks(found.findings),
        "plain": {k: v for k, v in found.metrics.items() if isinstance(v, int | float | str)},
        "beside": beside(found.metrics),
        "rebuilt": rebuilt(ask.project, found.ref),
        "verdicts": shown.verdicts,
        "releases": [r for r in ask.project.store.releases.list() if r.model == found.ref],
        "talk": talk(ask, found.ref),
    }
    return Shown(name, {**values, "anchors": anchors(values)})


def anchors(there: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(the id of a heading, its name in short) of what is on the page: it is long."""
    parts = [
        ("qu", "Quality", True),
        ("lk", "Leakage", there["m"].findings.rows),
        *((f"ex-{part.section.name}", part.section.heading, True) for part in there["examined"]),
        ("re", "Requests", there.get("represents")),
        ("fr", "Features", there.get("features")),
        ("bb", "Baselines", there.get("beside")),
        ("se", "Search", there.get("search")),
        ("le", "Learning curve", there.get("learning")),
        ("pa", "Its past", there.get("plays")),
        ("rbh", "Built again", there.get("rebuilt")),
        ("ve", "Verdicts", True),
        ("ca", "Card", True),
        ("talk-h", "Comments", True),
    ]
    return [(at, name) for at, name, shown in parts if shown]


def trials(found: Searched) -> Markup:
    """What the best recipes of a search reached, and the one that was chosen: the dotted line."""
    best = [one for one in found.tried if one.reached is not None and not one.why][:SHOWN]
    chosen = next((one for one in found.tried if one.chosen and one.reached is not None), None)
    best += [chosen] if chosen is not None and chosen not in best else []
    drawn = [
        bars.Interval(
            f"{one.method}{' ★' if one.chosen else ''}",
            *(one.reached or (0.0, 0.0, 0.0)),
            tone="s1" if one.chosen else "s0",
            note=words.text(one.settings) if one.settings else "",
        )
        for one in best
    ]
    reference = chosen.reached[0] if chosen is not None and chosen.reached else None
    title = f"{found.metric} by recipe, on the validation windows"
    return bars.intervals(title, drawn, x=axis_of(found.metric), reference=reference)


def learning_curve(found: Curve) -> Markup:
    """What the recipe reaches when it learns from a part of the rows, and from all: whether more rows would help."""
    rows = [bars.Interval(f"{point.rows:,} rows", *point.reached) for point in found.points]
    title = f"{found.metric} by rows learned from, 95 % intervals"
    return bars.intervals(title, rows, x=axis_of(found.metric), reference=rows[-1].mean)


def past(ask: Ask, model: str) -> dict[str, Any]:
    """``plays``: the model's backtests; ``play``: the newest walk, with what it shows: of the model, whichever version."""
    plays = backtest_verbs.of_model(ask.project, model, PLAYS)
    found = backtest_verbs.newest_walk(ask.project, model)
    if found is None or found.report is None:
        return {"plays": plays, "play": None}
    return {"plays": plays, "play": found, "staleness": staleness(found.report, found.every), **of_play(found)}


def beside(metrics: JsonObject) -> list[dict[str, Any]]:
    """How much better than each baseline, metric by metric: what the baseline reached, the difference, its power."""
    reached = metrics.get("baselines", {})
    return [
        _beside(name, metric, words.interval(reached.get(name, {}).get(metric)), gain)
        for name, gains in sorted(metrics.get("above", {}).items())
        for metric, gain in sorted(gains.items())
        if words.interval(gain)
    ]


def _beside(name: str, metric: str, reached: words.Interval | None, gain: JsonObject) -> dict[str, Any]:
    """One row, in which more is better, of an error too; its figures are of one kind, so they have the same decimals."""
    mean, low, high = (measure(metric).sign * gain[n] for n in ("mean", "low", "high"))
    told = {"reached": reached and reached[0], "mean": mean, "low": min(low, high), "high": max(low, high)}
    told["visible"] = gain.get("visible")
    return {"name": name, "metric": metric, **dict(zip(told, words.alike(list(told.values()))))}


PAGES = (
    Page("/models", "models.html", "models", models, "project.read"),
    Page("/models/{model}", "model.html", "models", model, "project.read"),
)
