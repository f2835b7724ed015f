"""Model versions: the leaderboard with intervals, and one version with its card, data and verdicts."""

from __future__ import annotations

from typing import Any

from tidemill.errors import NotFound, TidemillError
from tidemill.ref import short_name
from tidemill.store.records import ModelVersion
from tidemill.tasks.table import metric_of
from tidemill.web import documents, shapes
from tidemill.web import format as words
from tidemill.web.charts import bars
from tidemill.web.site import Ask, Page, Shown, by_key, home_of

SHOWN = 12
"""Versions in the interval plot."""


def models(ask: Ask) -> Shown:
    store = ask.project.store
    part = by_key(ask, "/models", store.models.page, export="models", key=lambda m: m.ref)
    found = part.rows
    metric = chosen_metric(ask, found)
    aliases = {n: store.models.aliases(n) for n in {m.name for m in found}}
    champions = [f"model:{n}@{known['champion']}" for n, known in aliases.items() if "champion" in known]
    champion = store.models.get(champions[0]) if champions else None
    names = sorted({k for m in found for k in shapes.intervals(m.metrics)})
    values = {
        "part": part,
        "rows": [_row(m, metric, aliases[m.name]) for m in part.rows],
        "metric": metric,
        "metrics": names,
        "plot": leaderboard(part.rows[:SHOWN], metric, champion),
    }
    return Shown("Models", values, ask.ignored("metric", names))


def chosen_metric(ask: Ask, found: list[ModelVersion]) -> str:
    """The metric asked for where a model has it, else the project's, else the first one."""
    known = {k for m in found for k in shapes.intervals(m.metrics)}
    for name in (ask.text("metric"), metric_of(next(iter(ask.project.models.values())))):
        if name in known and name is not None:
            return name
    return min(known, default=metric_of(next(iter(ask.project.models.values()))) or "metric")


def _row(m: ModelVersion, metric: str, aliases: dict[str, int]) -> dict[str, Any]:
    return {
        "m": m,
        "ref": short_name(m.ref),
        "method": str(m.recipe.get("method", m.recipe.get("learner", "–"))),
        "value": shapes.interval(m.metrics.get(metric)),
        "aliases": sorted(a for a, v in aliases.items() if v == m.version),
    }


def leaderboard(rows: list[ModelVersion], metric: str, champion: ModelVersion | None) -> Any:
    """The versions' intervals, one under the other; the champion's mean is the dotted line."""
    best = shapes.interval(champion.metrics.get(metric)) if champion else None
    drawn = []
    for m in rows:
        found = shapes.interval(m.metrics.get(metric))
        if found:
            own = champion is not None and m.ref == champion.ref
            note = f"{m.kind}, trained through {words.date(m.trained_through)}"
            drawn.append(bars.Interval(short_name(m.ref) + (" ★" if own else ""), *found, "s1" if own else "s0", note))
    return bars.intervals(f"{metric} by version, 95 % intervals", drawn, reference=best[0] if best else None)


def model(ask: Ask) -> Shown:
    store = ask.project.store
    found = store.models.get(f"model:{ask.params['model'].removeprefix('model:')}")
    measured = shapes.intervals(found.metrics)
    groups = {k: shapes.intervals(v) for k, v in found.metrics.items() if isinstance(v, dict)}
    plain = {k: v for k, v in found.metrics.items() if isinstance(v, int | float | str)}
    drawn = [bars.Interval(k, *v) for k, v in measured.items()]
    metric = chosen_metric(ask, [found])
    drawn += [bars.Interval(f"{metric} {g}", *v[metric], "s3", g) for g, v in groups.items() if metric in v]
    values = {
        "m": found,
        "ref": short_name(found.ref),
        "aliases": sorted(a for a, v in store.models.aliases(found.name).items() if v == found.version),
        "plot": bars.intervals("What it reached on its test window", drawn),
        "plain": plain,
        "beside": beside(found.metrics),
        "verdicts": store.verdicts.list(model=found.ref),
        "releases": [r for r in store.releases.list() if r.model == found.ref],
        "data": [(ref, home_of(ref if ref.startswith("dataset:") else f"dataset:{ref}")) for ref in found.data],
        "card": card(ask, found),
    }
    return Shown(short_name(found.ref), values)


def beside(metrics: dict[str, Any]) -> list[dict[str, Any]]:
    """How much better than each baseline, metric by metric: what the baseline reached, the difference, its power."""
    above, reached = metrics.get("above"), metrics.get("baselines")
    if not isinstance(above, dict) or not isinstance(reached, dict):
        return []
    return [
        _beside(name, metric, shapes.interval(reached.get(name, {}).get(metric)), found, gain)
        for name, gains in sorted(above.items())
        for metric, gain in sorted(gains.items())
        if isinstance(gain, dict) and (found := shapes.interval(gain))
    ]


def _beside(
    name: str, metric: str, reached: tuple[float, float, float] | None, gain: tuple[float, float, float], raw: Any
) -> dict[str, Any]:
    """One row; its figures are of one kind, so they have the same decimals."""
    figures = words.alike([reached[0] if reached else None, *gain, shapes.figure(raw.get("visible"))])
    return {"name": name, "metric": metric, **dict(zip(("reached", "mean", "low", "high", "visible"), figures))}


def card(ask: Ask, found: ModelVersion) -> list[tuple[str, Any]]:
    """The card in pieces: ("h", heading), ("li", point), ("table", rows of cells), ("pre", text), ("p", the rest)."""
    if found.card is None:
        return []
    try:
        text = documents.text(ask.project, found.card)
    except NotFound:
        return [("p", "The card is not in the artifact store.")]
    except TidemillError as exc:
        return [("p", f"The card cannot be read: {exc}")]
    return pieces(text)[:400]


def pieces(text: str) -> list[tuple[str, Any]]:
    """The little Markdown that cards are written in.

    >>> pieces("# A\\n- b\\n\\n| c | d |\\n|---|---|\\n| 1 | |\\n")
    [('h', 'A'), ('li', 'b'), ('table', [['c', 'd'], ['1', '']])]
    """
    found: list[tuple[str, Any]] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        kind, said = _line(line)
        if kind == "table" and found and found[-1][0] == "table":
            found[-1][1].extend(said)
        else:
            found.append((kind, said))
    return found


def _line(line: str) -> tuple[str, Any]:
    said = line.strip()
    if said.startswith("#"):
        return "h", said.lstrip("# ")
    if said[:2] in ("- ", "* "):
        return "li", said[2:]
    if said.startswith("|"):
        cells = [cell.strip() for cell in said.strip("|").split("|")]
        return "table", [] if not "".join(cells).strip("-: ") and len(said) > 2 and "-" in said else [cells]
    return ("pre", line) if line.startswith("    ") else ("p", said)


PAGES = (Page("/models", "models.html", "models", models), Page("/models/{model}", "model.html", "models", model))
