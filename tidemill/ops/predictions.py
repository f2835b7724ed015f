"""Predictions as they were given, what came of them, back to their rows, and forward from rows to what they touched."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.errors import NotFound
from tidemill.feedback.called import called, named_in
from tidemill.ops.looked import looked
from tidemill.ops.page import Before, Limit, Page, page
from tidemill.scope.project import Project
from tidemill.store.records import Outcome, Prediction
from tidemill.tasks.port import Want
from tidemill.types import JsonObject, Micros, to_iso


@dataclass(frozen=True)
class Given:
    """One answer of the server."""

    id: str
    endpoint: str
    at: Micros
    subject: str
    model: str
    release: str
    arm: str
    cold: bool
    key: str | None
    watermark: int
    latency_us: int
    inputs: Any
    output: Any


@dataclass(frozen=True)
class Followed:
    """An answer and the outcomes that were joined to it."""

    prediction: Given
    outcomes: list[Outcome]
    names: dict[str, str] = field(default_factory=dict)
    """What the items of both are called."""


def _named(project: Project, prediction: str) -> Prediction:
    """Raises NotFound, which says how long predictions are kept where that is not always."""
    try:
        return project.live.predictions.named(prediction)
    except NotFound as exc:
        if not (since := project.kept_since):
            raise
        hint = f"what was answered before {to_iso(since)} is not kept ([serve] keep); {exc.hint}"
        raise NotFound(exc.message, hint=hint) from exc


def ls(project: Project, limit: Limit = 50, before: Before = None, endpoint: str | None = None) -> Page[Given]:
    """Predictions, the latest first; of one endpoint, or of all."""
    name = endpoint and project.endpoint(endpoint).name
    found = page(project.live.predictions.page, limit, before, endpoint=name)
    return Page([given(p) for p in found.items], found.next)


def show(project: Project, prediction: str) -> Followed:
    """One prediction and what came of it."""
    found = _named(project, prediction)
    shown, outcomes = given(found), list(project.live.outcomes.of([found.id]).get(found.id, ()))
    return Followed(shown, outcomes, names(project, [shown], [outcome.item for outcome in outcomes]))


@needs("person.read")
def look_through(
    project: Project, caller: Caller, limit: Limit = 50, before: Before = None, endpoint: str | None = None
) -> Page[Given]:
    """As `ls`. Who looks is written down: whose answers they are is in there."""
    looked(project, caller, "list", "", "project:predictions")
    return ls(project, limit, before, endpoint)


@needs("person.read")
def look_at(project: Project, caller: Caller, prediction: str) -> Followed:
    """As `show`. Who looks is written down."""
    found = show(project, prediction)
    looked(project, caller, "prediction", found.prediction.subject, f"prediction:{found.prediction.id}")
    return found


def names(project: Project, answers: Iterable[Given], items: Iterable[str] = ()) -> dict[str, str]:
    """What the items of these answers, and these items, are called."""
    answers = list(answers)
    wanted = {item for one in answers for item in named_in(one.output, one.inputs)} | {*items}
    return called(project, wanted, dict.fromkeys(one.model for one in answers))


@needs("person.read")
def trace(project: Project, caller: Caller, prediction: str) -> JsonObject:
    """The subject's rows known then, the training versions, and the rows that weigh most for each item. Who asks is written down."""
    found = _named(project, prediction)
    looked(project, caller, "trace", found.subject, f"prediction:{found.id}")
    return traced(project, found.id)


def traced(project: Project, prediction: str) -> JsonObject:
    """The trace itself, of whoever has been written down."""
    from tidemill.feedback.trace import trace as trace_prediction

    return trace_prediction(project, _named(project, prediction).id)


@needs("person.read")
def person(project: Project, caller: Caller, prediction: str) -> JsonObject:
    """What the person whom an answer concerns would be told: ``sentences``; or ``why`` there are none. Who asks is written down."""
    from tidemill.feedback.explained import person as of_person

    found = _named(project, prediction)
    looked(project, caller, "person", found.subject, f"prediction:{found.id}")
    return of_person(project, found.id)


def counterfactual(
    project: Project,
    prediction: str,
    want: str | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
) -> JsonObject:
    """What would have had to change for another answer: the fewest and smallest changes of what the model names actionable.

    ``want``: a label (of two the other one, where none is said); of values ``at_least`` or ``at_most``.
    """
    from tidemill.feedback.otherwise import otherwise

    wanted = Want(want, at_least, at_most)
    return otherwise(project, _named(project, prediction).id, wanted)


def impact(project: Project, ref: str) -> JsonObject:
    """What this touched: ``file:PATH`` or its digest, ``dataset:sales@3``, ``model:shop@2``, ``run:ID`` or ``subject:ID``."""
    from tidemill.feedback.trace import impact as impact_of

    return impact_of(project, ref)


def given(p: Prediction) -> Given:
    """The answer as it is shown, its JSON read."""
    kept = {field.name: getattr(p, field.name) for field in fields(Given)}
    return Given(**{**kept, "inputs": json.loads(p.inputs or b"null"), "output": json.loads(p.output)})
