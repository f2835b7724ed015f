"""Why a stored answer is what it is: the explanation that was kept, or made now by the very model that answered, and whether both agree.

A model whose bytes are gone can be asked nothing: what was kept is shown as it is, and that nobody can compute it again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from tidemill.errors import StoreError, TidemillError
from tidemill.features.online import History
from tidemill.feedback.called import called, named_in
from tidemill.release.variants import UNASKED, kept_with
from tidemill.serve.explain import asked, names_of, none
from tidemill.tasks.port import Question
from tidemill.types import JsonObject, to_iso

if TYPE_CHECKING:
    from tidemill.scope.project import Project
    from tidemill.store.records import ModelVersion, OnlineEvent, Prediction
    from tidemill.tasks.port import Task

SECONDS = 5.0
"""So long what has to be sampled may take here, where nobody waits for an answer."""
SAME = 1e-6
"""Contributions that differ by no more are the same."""


class Gone(StoreError):
    """The model's bytes cannot be read any more."""

    code = "model_gone"


def known_then(project: Project, prediction: Prediction) -> list[OnlineEvent]:
    """The subject's rows that the answer could see: known by then, and of before."""
    if not prediction.subject:
        return []
    events = project.live.online.list(subject=prediction.subject, watermark=prediction.watermark)
    return [event for event in events if event.at < prediction.at]


def opened(project: Project, model: ModelVersion) -> tuple[Task, Any]:
    """The task of a model and its scorer. Raises Gone, ModelError."""
    from tidemill.store.artifacts.codecs import get_bundle
    from tidemill.tasks.table import load, task_answering

    try:
        bundle = get_bundle(project.artifacts, model.bundle)
    except StoreError as exc:
        raise Gone(f"the model's bundle cannot be read any more: {exc}", place=model.ref) from exc
    return task_answering(bundle), load(bundle)


def explained(
    project: Project, prediction: Prediction, history: Sequence[OnlineEvent], model: tuple[Task, Any] | str
) -> JsonObject:
    """The explanation as `tidemill.serve.explain.asked` says it, with ``kept`` and ``verified``.

    ``history``: the subject's rows that were known; ``model``: its task and scorer, or why there is none any more.
    """
    kept: JsonObject | None = json.loads(prediction.explained) if prediction.explained else None
    kept = kept if kept and kept["answers"] else None
    if isinstance(model, str):
        return {**(kept or none(model)), "kept": kept is not None, "verified": {"same": None, "why": model}}
    if model[0].asked is not None and not prediction.inputs:
        why = "what was asked is not kept"
        return {**(kept or none(why)), "kept": kept is not None, "verified": {"same": None, "why": why}}
    try:
        again = asked(
            *model, question(model[0], prediction, history, kept), _names(project, prediction, model[0], history)
        )
    except TidemillError as exc:
        return {**(kept or none(exc.message)), "kept": kept is not None, "verified": {"same": None, "why": exc.message}}
    if kept is None:
        return {**again, "kept": False, "verified": {"same": None, "why": "it was not kept with the answer: made now"}}
    return {**kept, "kept": True, "verified": compared(kept, again)}


def question(task: Task, prediction: Prediction, history: Sequence[OnlineEvent], kept: JsonObject | None) -> Question:
    """What was asked and answered then."""
    known, subject = History(), prediction.subject
    asked_then = json.loads(prediction.inputs or b"{}") | ({"subject": subject} if subject else {})
    known.load((seq, subject, row.item, row.at, row.value) for seq, row in enumerate(history, 1))
    samples, until = (kept or {}).get("samples", 0), time.monotonic() + SECONDS
    return Question(
        msgspec.convert(asked_then, task.request),
        known,
        prediction.at,
        len(history),
        json.loads(prediction.output),
        until,
        samples,
    )


def compared(kept: JsonObject, again: JsonObject) -> JsonObject:
    """Whether what is computed again is what was told: the same answers, and how far their numbers are apart.

    An input that is not told has added nothing, or of very many no more than the least that is told.
    """
    if [one["answer"] for one in kept["answers"]] != [one["answer"] for one in again["answers"]]:
        return {"same": False, "why": "other answers are explained now"}
    first, second = (_numbers(one) for one in (kept, again))
    both = first.keys() & second.keys()
    alone = [abs(value) for found in (first, second) for name, value in found.items() if name not in both]
    if alone and max(alone) > SAME + _least(kept, again):
        return {"same": False, "why": "other inputs weigh now"}
    largest = max((abs(first[name] - second[name]) for name in both), default=0.0)
    return {"same": largest <= SAME, "largest_difference": largest}


def _least(*said: JsonObject) -> float:
    """The least that is told where not all is."""
    cut = [one for each in said for one in each["answers"] if one.get("others")]
    return max((abs(one["because"][-1]["value"]) for one in cut if one["because"]), default=0.0)


def _numbers(said: JsonObject) -> dict[tuple[str, ...], float]:
    found: dict[tuple[str, ...], float] = {}
    for one in said["answers"]:
        found |= {(one["answer"], name): one[name] for name in ("base", "score")}
        found |= {(one["answer"], part["kind"], part["what"]): part["value"] for part in one["because"]}
    return found


def _names(project: Project, prediction: Prediction, task: Task, history: Sequence[OnlineEvent]) -> Any:
    """What people called the items then, or call the columns; nothing where the endpoint is not configured any more."""
    if task.history:
        said = named_in(json.loads(prediction.output), json.loads(prediction.inputs or b"{}"))
        return called(project, said | {row.item for row in history}, position=prediction.watermark)
    scope = project.endpoints.get(prediction.endpoint)
    return names_of(scope) if scope is not None else {}


def person(project: Project, prediction_id: str) -> JsonObject:
    """What the person whom an answer concerns would be told: when, and the reasons as sentences. Raises NotFound.

    Nothing of the model's insides, and of nobody else's rows.
    """
    prediction = project.live.predictions.get(prediction_id)
    try:
        kept = project.store.models.get(kept_with(prediction.model))
        model: tuple[Task, Any] | str = USUAL if prediction.arm in UNASKED else opened(project, kept)
    except TidemillError as exc:
        model = exc.message
    found = explained(project, prediction, known_then(project, prediction), model)
    said = [sentence for one in found["answers"] if (sentence := one.get("sentence"))]
    told: JsonObject = {"prediction": prediction.id, "at": to_iso(prediction.at), "sentences": said}
    return told if said else {**told, "why": UNSAID}


USUAL = "it is what is usual: no model was asked"
UNSAID = "The reasons for this answer cannot be told any more: what gave it is gone, or does not say them."
