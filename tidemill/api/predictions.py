"""Predictions as they were given, and what came of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter

from tidemill.api.asked import Opened
from tidemill.api.paging import Limit, Page
from tidemill.api.scoped import reads
from tidemill.store.records import Outcome, Prediction
from tidemill.types import Micros

router = APIRouter(prefix="/api/predictions", tags=["predictions"])


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


@reads(router, "")
def recent(project: Opened, limit: Limit = 50) -> Page[Given]:
    """The latest predictions, the latest first."""
    return Page([_given(p) for p in project.live.predictions.page(limit=limit)])


@reads(router, "/{prediction}")
def show(project: Opened, prediction: str) -> Followed:
    """One prediction and what came of it."""
    found = project.live.predictions.get(prediction)
    return Followed(_given(found), list(project.live.outcomes.of([prediction]).get(prediction, ())))


@reads(router, "/{prediction}/trace")
def trace(project: Opened, prediction: str) -> dict[str, Any]:
    """The subject's rows known then, the training versions, and the rows that weigh most for each item."""
    from tidemill.feedback.trace import trace as trace_prediction

    return trace_prediction(project, prediction)


def _given(p: Prediction) -> Given:
    return Given(
        id=p.id,
        endpoint=p.endpoint,
        at=p.at,
        subject=p.subject,
        model=p.model,
        release=p.release,
        arm=p.arm,
        cold=p.cold,
        key=p.key,
        watermark=p.watermark,
        latency_us=p.latency_us,
        inputs=json.loads(p.inputs or b"null"),
        output=json.loads(p.output),
    )
