"""What would have had to change for another answer, on the trace page: asked for there, since the model is asked thousands of times."""

from __future__ import annotations

from typing import Any, NamedTuple

from tidemill.errors import TidemillError
from tidemill.ops import predictions
from tidemill.store.artifacts.codecs import decode
from tidemill.types import JsonObject
from tidemill.web.site import Ask


class Otherwise(NamedTuple):
    """``actionable``: by input which way it may go; ``values``: whether a value is wanted, and no label; ``found``: what was asked for."""

    actionable: JsonObject
    values: bool
    want: str
    at_least: str
    at_most: str
    found: JsonObject | None = None
    problem: str = ""


def otherwise(ask: Ask, prediction: predictions.Given) -> Otherwise | None:
    """Nothing where no input of its model is named actionable, or its bytes are gone."""
    try:
        model = ask.project.store.models.get(prediction.model)
        said = decode("json", ask.project.artifacts.get(model.bundle))
    except TidemillError:
        return None
    if not said.get("actionable"):
        return None
    want, least, most = (ask.text(name) or "" for name in ("want", "at_least", "at_most"))
    form = Otherwise(said["actionable"], said["labels"] is None, want, least, most)
    if ask.text("otherwise") is None:
        return form
    try:
        return form._replace(found=_found(ask, prediction.id, form))
    except (TidemillError, ValueError) as exc:
        return form._replace(problem=str(exc))


def _found(ask: Ask, prediction: str, form: Otherwise) -> JsonObject:
    bounds: dict[str, Any] = {name: float(text) for name in ("at_least", "at_most") if (text := getattr(form, name))}
    return predictions.counterfactual(ask.project, prediction, form.want or None, **bounds)
