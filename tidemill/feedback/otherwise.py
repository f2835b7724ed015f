"""What would have had to be otherwise for another answer: of a stored prediction, asked of the very model that gave it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tidemill.errors import BadRequest, NotFound
from tidemill.feedback.explained import USUAL
from tidemill.release.variants import UNASKED
from tidemill.serve.explain import names_of
from tidemill.store.artifacts.codecs import get_bundle
from tidemill.tasks.port import Want
from tidemill.tasks.table import load, task_answering
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.scope.project import Project


def otherwise(project: Project, prediction_id: str, want: Want) -> JsonObject:
    """The changes that would have led to what is wanted. Raises NotFound, BadRequest, StoreError where the model is gone."""
    prediction = project.live.predictions.get(prediction_id)
    if prediction.arm in UNASKED:
        raise BadRequest(USUAL, place="$", hint="ask again, and explain that answer")
    bundle = get_bundle(project.artifacts, project.store.models.get(prediction.model).bundle)
    task = task_answering(bundle)
    if task.otherwise is None:
        said = (
            f"{prediction.model} is {task.kind}: its answers are of a history, and no input of a request could change"
        )
        raise BadRequest(said, place="$", hint=f"why it answers so: tidemill trace {prediction.id}")
    if not prediction.inputs:
        raise NotFound(f"what was asked for {prediction.id} is not kept", hint="ask again, and explain that answer")
    request = msgspec.json.decode(prediction.inputs, type=task.request)
    asked = msgspec.structs.replace(request, subject=prediction.subject or None)
    scope = project.endpoints.get(prediction.endpoint)
    found = task.otherwise(load(bundle), asked, want, names_of(scope) if scope is not None else {})
    return {"prediction": prediction.id, "model": prediction.model, **found}
