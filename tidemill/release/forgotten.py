"""A version that learned from somebody who was forgotten since comes back no more, once its time is over: then it is no way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidemill.errors import NotFound
from tidemill.model.redacted import redaction_of
from tidemill.types import Micros, parse_span, to_iso

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint


def why_forgotten(scope: Endpoint, model: str, now: Micros) -> str:
    """Why it may not answer anew, in words; "" where it may: nobody was forgotten, or ``[retrain] forgotten`` is not over yet."""
    try:
        found = redaction_of(scope.project, scope.store.models.get(model))
    except NotFound:
        return ""  # that it is not there is told by whoever opens it
    span = scope.retrain.forgotten
    if found is None or now - found.at < parse_span(span):
        return ""
    return f"{model} learned from somebody who was forgotten on {to_iso(found.at)}, more than {span} ago"
