"""Whether an answer that rules were applied to is given again: by the model, the rules and the item table of then."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tidemill.errors import TidemillError
from tidemill.feedback.explained import question
from tidemill.rules.again import Again
from tidemill.tasks.port import Task
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.scope.project import Project
    from tidemill.store.records import OnlineEvent, Prediction


def ruled_again(
    project: Project, task: Task, scorer: Any, prediction: Prediction, history: Sequence[OnlineEvent]
) -> JsonObject:
    """``{"same_items", "largest_difference", "same_reasons"}``, or why that cannot be told. ``history``: the rows that were known."""
    told = json.loads(prediction.output)
    try:
        rules, asked = (
            Again(project).of(prediction.id, told, prediction.watermark),
            question(task, prediction, history, None),
        )
        if rules is None:
            return {"same_items": None, "why": "no rules were applied"}
        found = rules.answer(task, scorer, asked.request, asked.history, asked.at, asked.watermark).output
    except TidemillError as exc:
        return {"same_items": None, "why": exc.message}
    differences = (abs(a - b) for a, b in zip(found["scores"], told["scores"], strict=False))
    at = {"items_at": None}
    return {
        "same_items": found["items"] == told["items"],
        "largest_difference": max(differences, default=0.0),
        "same_reasons": {**found["reasons"], **at} == {**told["reasons"], **at},
    }
