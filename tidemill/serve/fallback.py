"""What is answered where the champion cannot: what is usual, kept in the store while the champion could still be asked.

A recommender's usual answer is what its champion says to somebody of whom nothing is known: what is popular. Of a table it is what
was answered lately: the mean of the values, or of the labels' probabilities.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from tidemill.data.limited import used
from tidemill.errors import TidemillError
from tidemill.release.variants import BASELINE, HOLDOUT, UNASKED, baseline_of
from tidemill.tasks.port import Task
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint

LATELY = 200
"""So many of the last answers are looked at."""

_log = logging.getLogger("tidemill.serve")


@dataclass(frozen=True, slots=True)
class Baseline:
    """``usual``: what is answered; ``model``: as the log names who answered, by the model that it was kept with."""

    model: str
    usual: JsonObject


def keep(scope: Endpoint, task: Task, model: str, scorer: Any) -> Baseline | None:
    """What is usual by this champion, written down for a start without it; None where nothing can be told yet."""
    try:
        usual = task.usual(scorer, () if task.history else _lately(scope))
        if usual is None:
            return kept(scope)
        found = Baseline(baseline_of(model), usual)
        if kept(scope) != found:
            scope.store.settings.set(_name(scope), msgspec.to_builtins(found))
    except Exception as exc:  # noqa: BLE001 - a project's own code, a full disk: what is kept before serves on
        _log.warning("what is usual of %s is not kept: %s", model, exc)
        return kept(scope)
    return found


def kept(scope: Endpoint) -> Baseline | None:
    """What was usual by the last champion that could be asked."""
    try:
        said = scope.store.settings.get(_name(scope))
    except TidemillError:
        return None
    return msgspec.convert(said, Baseline) if isinstance(said, dict) else None


def _name(scope: Endpoint) -> str:
    return f"{BASELINE}:{scope.environment}:{scope.name}"


def _lately(scope: Endpoint) -> Sequence[JsonObject]:
    found = scope.live.predictions.list(**scope.here, limit=LATELY)
    return [msgspec.json.decode(p.output) for p in used(scope, found) if p.arm not in (*UNASKED, HOLDOUT)]
