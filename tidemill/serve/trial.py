"""A model that has just been loaded, asked what was asked last: before it answers anybody its libraries are warm, and it has shown
that it answers at all. What it says is thrown away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from tidemill.data.limited import used
from tidemill.errors import ModelError, TidemillError
from tidemill.features.online import History
from tidemill.tasks.port import Task
from tidemill.tasks.table import task_of

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint
    from tidemill.store.records import Prediction

MOST = 20
"""Requests, the latest that are in the log."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Of how many requests, and how many it had no answer to, by its own fault."""

    n: int
    failed: int


def try_out(scope: Endpoint, scorer: Any, task: Task) -> Trial:
    """Ask it the last logged requests. Raises StoreError."""
    asked = used(scope, scope.live.predictions.list(**scope.here, limit=MOST))
    history, dataset = History(), scope.model.dataset.name
    rows = scope.live.online.rows_of(p.subject for p in asked if p.subject)
    history.load(row for row in rows if row[5] == dataset)
    kind = task_of(scope.model.task).request
    return Trial(len(asked), sum(_fails(scorer, task, history, kind, one) for one in asked))


def _fails(scorer: Any, task: Task, history: History, kind: Any, asked: Prediction) -> bool:
    """Whether its code fails; a request that it refuses is the request's fault."""
    try:
        given = {**msgspec.json.decode(asked.inputs or b"{}"), "subject": asked.subject or None}
        msgspec.json.encode(
            task.answer(scorer, msgspec.convert(given, kind), history, asked.at, asked.watermark).output
        )
    except TidemillError as exc:
        return exc.code == ModelError.code
    except Exception:  # noqa: BLE001 - a model's own code may raise anything
        return True
    return False
