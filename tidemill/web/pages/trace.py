"""A prediction back to the rows: what was known of the subject, what the model was trained on, which rows weigh most.

The page shows the JSON of ``tidemill.feedback.trace.trace(project, prediction_id)``. What it reads, each part optional::

    prediction  {"id", "at", "subject", "model", "release", "arm", …}   small facts
    history     [{"at", "item", "value", "file", "path", "row"}]   layer 1: the subject's rows known at that moment
    training    {…facts, "recipe", "run", "data": [{"dataset", "rows", "digest"}], "files": [{"name", "digest", "rows"}]}   layer 2
    reasons     [{"item", "score", "rows": [{…as above, "weight"}], "error"}]   layer 3: rows that weigh most
    verified    {"same_items": bool, "why", …}                             answered again from the stored bytes
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tidemill.errors import NotFound, TidemillError
from tidemill.ref import short_name
from tidemill.scope.project import Project
from tidemill.web import format as words
from tidemill.web import shapes
from tidemill.web.charts import bars
from tidemill.web.site import Ask, Page, Shown, home_of

ROWS = 100


def trace(ask: Ask) -> Shown:
    wanted = (ask.text("id") or "").removeprefix("prediction:")
    recent = ask.project.live.predictions.page(limit=8)
    values: dict[str, Any] = {"wanted": wanted, "found": None, "problem": None, "recent": recent}
    if wanted:
        try:
            values["found"] = shown(ask.project, wanted)
        except NotFound as exc:
            values["problem"] = str(exc)
    return Shown("Trace", values)


def shown(project: Project, prediction_id: str) -> dict[str, Any]:
    """The prediction as it is stored, and its trace where that can be told. Raises NotFound."""
    p = project.live.predictions.get(prediction_id)
    try:
        told, problem = _traced(project, prediction_id), ""
    except TidemillError as exc:
        told, problem = {}, str(exc)
    training = told.get("training") or {}
    answer = shapes.answer(p)
    return {
        "p": p,
        "ref": short_name(p.model),
        "answer": answer,
        "items": list(zip(answer.get("items", ()), answer.get("scores", ()))),
        "problem": problem,
        "history": list(told.get("history") or ())[-ROWS:][::-1],
        "history_total": len(told.get("history") or ()),
        "training": {
            k: v for k, v in training.items() if isinstance(v, int | float | str) and k not in ("run", "bundle")
        },
        "method": training.get("recipe"),
        "run": home_of(f"run:{training['run']}") if training.get("run") else None,
        "data": [_dataset(d) for d in training.get("data") or ()],
        "files": list(training.get("files") or ()),
        "reasons": [_reason(r) for r in told.get("reasons") or ()],
        "verified": told.get("verified") or {},
        "outcomes": project.live.outcomes.of([p.id]).get(p.id, ()),
    }


def history(project: Project, prediction_id: str) -> list[Mapping[str, Any]]:
    """Every row of layer 1, for the export: the page shows the last ones."""
    return list(_traced(project, prediction_id).get("history") or ())


def reasons(project: Project, prediction_id: str) -> list[Mapping[str, Any]]:
    """Every row of layer 3 with the item that it weighs on, for the export."""
    told = _traced(project, prediction_id).get("reasons") or ()
    return [{"answered": r.get("item"), "score": r.get("score"), **row} for r in told for row in r.get("rows") or ()]


def _traced(project: Project, prediction_id: str) -> Mapping[str, Any]:
    from tidemill.feedback.trace import trace as told

    return told(project, prediction_id)


def _dataset(d: Mapping[str, Any]) -> dict[str, Any]:
    ref = str(d.get("dataset", ""))
    return {
        **d,
        "name": ref.removeprefix("dataset:"),
        "href": home_of(ref if ref.startswith("dataset:") else f"dataset:{ref}"),
    }


def _reason(r: Mapping[str, Any]) -> dict[str, Any]:
    rows = [row for row in r.get("rows") or () if isinstance(row, Mapping)]
    weights = [(str(row.get("item", "?")), abs(shapes.figure(row.get("weight")) or 0.0)) for row in rows[:6]]
    most = max((w for _, w in weights), default=0.0) or 1.0
    return {
        "item": str(r.get("item", "?")),
        "score": words.number(shapes.figure(r.get("score"))),
        "rows": [
            {
                **row,
                "bar": bars.share_bar(
                    f"Weight of {name}", [("weight", w, "s1"), ("rest", most - w, "none")], width=90, height=8
                ),
            }
            for row, (name, w) in zip(rows, weights)
        ],
        "more": max(0, len(rows) - len(weights)),
        "error": r.get("error"),
    }


PAGES = (Page("/trace", "trace.html", "trace", trace),)
