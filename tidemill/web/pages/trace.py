"""A prediction back to the rows: what was known of the subject, what the model was trained on, which rows weigh most.

The page shows what ``tidemill.feedback.trace.trace`` gives: ``history`` (layer 1), ``training`` (layer 2), ``reasons`` (layer 3), and
``verified``: whether the stored bytes give the same answer again.
"""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from tidemill.errors import NotFound, TidemillError
from tidemill.ops import predictions
from tidemill.ops.looked import looked
from tidemill.ops.predictions import traced as _traced
from tidemill.ops.ruled import rules_said
from tidemill.scope.project import Project
from tidemill.types import JsonObject
from tidemill.web import format as words
from tidemill.web.charts import bars
from tidemill.web.pages.otherwise import otherwise
from tidemill.web.pages.reasons import explained
from tidemill.web.site import Ask, Page, Shown

ROWS = 100
WEIGHED = 6  # Rows that are shown of each item's
NOTHING: JsonObject = {"history": [], "training": {}, "reasons": [], "verified": {}}


def trace(ask: Ask) -> Shown:
    wanted = (ask.text("id") or "").removeprefix("prediction:")
    recent = ask.project.live.predictions.page(limit=8)
    values: dict[str, Any] = {"wanted": wanted, "found": None, "problem": None, "recent": recent}
    values["may_find"] = ask.may("subject.read")
    if wanted:
        try:
            stored = predictions.show(ask.project, wanted).prediction
            looked(ask.project, ask.caller, "trace", stored.subject, f"prediction:{stored.id}")
            values["found"] = found = shown(ask.project, wanted)
            found["otherwise"] = otherwise(ask, found["p"])
        except NotFound as exc:
            values["problem"] = str(exc)
    return Shown("Trace", values)


def shown(project: Project, prediction_id: str) -> dict[str, Any]:
    """The prediction as it is stored, and its trace where that can be told. Raises NotFound."""
    stored = predictions.show(project, prediction_id)
    p, answer = stored.prediction, stored.prediction.output
    try:
        found, problem = _traced(project, prediction_id), ""
    except TidemillError as exc:
        found, problem = NOTHING, str(exc)
    training, rows = found["training"], found["history"]
    facts = {k: v for k, v in training.items() if isinstance(v, int | float | str) and k not in ("run", "bundle")}
    return {
        "p": p,
        "answer": answer,
        "names": {**stored.names, **found.get("names", {})},
        "known": found.get("items", ()),
        "items": list(zip(answer.get("items", ()), answer.get("scores", ()))),
        "row": row_of(p),
        "rules": rules_said(answer["reasons"]) if answer.get("reasons") else [],
        "moved": (answer.get("reasons") or {}).get("moved", {}),
        "context": p.inputs.get("context", {}) if isinstance(p.inputs, dict) else {},
        "named": p.inputs.get("recent", []) if isinstance(p.inputs, dict) else [],
        "labels": sorted((answer.get("probabilities") or {}).items(), key=lambda label: -label[1]),
        "problem": problem,
        "history": rows[-ROWS:][::-1],
        "history_total": len(rows),
        "facts": facts,
        "training": training,
        "reasons": [_reason(r) for r in found["reasons"]],
        "explained": explained(found.get("explained"), {**stored.names, **found.get("names", {})}),
        "verified": found["verified"],
        "outcomes": stored.outcomes,
    }


def row_of(p: predictions.Given) -> JsonObject | None:
    """The columns that a table's model was given; None where the answer came of a history."""
    row = p.inputs.get("inputs") if isinstance(p.inputs, dict) else None
    return row if isinstance(row, dict) else None


def history(project: Project, prediction_id: str) -> list[JsonObject]:
    """Every row of layer 1, for the export: the page shows the last ones."""
    rows: list[JsonObject] = _traced(project, prediction_id)["history"]
    return rows


def reasons(project: Project, prediction_id: str) -> list[JsonObject]:
    """Every row of layer 3 with the item that it weighs on, for the export."""
    found = _traced(project, prediction_id)["reasons"]
    return [{"answered": r["item"], "score": r["score"], **row} for r in found for row in r["rows"]]


def _reason(reason: JsonObject) -> dict[str, Any]:
    rows = reason["rows"][:WEIGHED]
    most = max((abs(row["weight"]) for row in rows), default=0.0) or 1.0
    return {
        "item": str(reason["item"]),
        "score": words.number(reason["score"]),
        "rows": [{**row, "bar": _bar(row, most)} for row in rows],
        "more": len(reason["rows"]) - len(rows),
        "error": reason["error"],
    }


def _bar(row: JsonObject, most: float) -> Markup:
    weight = abs(row["weight"])
    parts = [("weight", weight, "s1"), ("rest", most - weight, "none")]
    return bars.share_bar(f"Weight of {row['item']}", parts, width=90, height=8)


PAGES = (Page("/trace", "trace.html", "trace", trace, "person.read"),)
