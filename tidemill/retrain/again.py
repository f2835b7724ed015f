"""What any version would have answered to requests that came: with what was known at each one's moment, judged by the outcomes.

What a subject took may depend on what was shown, so versions are compared on requests that were answered by whoever served.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from tidemill.errors import BadRequest, ModelError
from tidemill.features.online import History
from tidemill.learning.labelled import unit_of
from tidemill.store.artifacts.codecs import get_bundle
from tidemill.store.records import Outcome, Prediction
from tidemill.tasks.port import Request, Task
from tidemill.tasks.table import load, outcome_scorer_of, task_answering, task_of
from tidemill.types import Micros

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint

MOST = 1_000
"""Requests at most: the last ones of each window, as many of each."""
NOTHING = math.nan
"""The value of a request that a version has no answer to."""


class Again:
    """The requests of an endpoint from a moment to another whose truth is known, to be asked of any version."""

    def __init__(self, scope: Endpoint, since: Micros, until: Micros) -> None:
        self._scope, self._since, self._until = scope, since, until
        self._judge = outcome_scorer_of(scope.model)
        self._values: dict[str, list[float]] = {}

    @cached_property
    def _judged(self) -> list[tuple[Prediction, Sequence[Outcome]]]:
        """Of each window the last ones, each with its outcomes."""
        spans = range(self._since, self._until, self._scope.monitor.span)
        most, found = max(1, MOST // max(len(spans), 1)), []
        for start in spans:
            end = min(start + self._scope.monitor.span, self._until)
            asked = self._scope.live.predictions.list(**self._scope.here, since=start, until=end, limit=most)
            outcomes = self._scope.live.outcomes.of(p.id for p in asked)
            found += [
                (p, came) for p in asked if (came := outcomes.get(p.id, ())) and self._judge.judge(p, came).values
            ]
        return found

    @cached_property
    def asked(self) -> list[Prediction]:
        return [prediction for prediction, _ in self._judged]

    @cached_property
    def units(self) -> list[str]:
        return [unit_of(prediction) for prediction in self.asked]

    @cached_property
    def _history(self) -> History:
        """What is known of these subjects, of the model's own dataset."""
        known, dataset = History(), self._scope.model.dataset.name
        rows = self._scope.live.online.rows_of(p.subject for p in self.asked if p.subject)
        known.load(row for row in rows if row[5] == dataset)
        return known

    def values(self, ref: str) -> list[float]:
        """What the answers of this version add to the metric's mean, request by request; NaN where it has none.

        Raises NotFound, StoreError and ModelError where the version cannot be loaded.
        """
        if ref not in self._values:
            bundle = get_bundle(self._scope.project.artifacts, self._scope.store.models.get(ref).bundle)
            scorer, task = load(bundle), task_answering(bundle)
            self._values[ref] = [self._value(task, scorer, prediction, came) for prediction, came in self._judged]
        return self._values[ref]

    def _value(self, task: Task, scorer: Any, asked: Prediction, came: Sequence[Outcome]) -> float:
        try:
            request = self._request(asked)
            answer = task.answer(scorer, request, self._history, asked.at, asked.watermark)
        except (BadRequest, ModelError, msgspec.MsgspecError):
            return NOTHING
        again = replace(asked, output=msgspec.json.encode(answer.output))
        return self._judge.judge(again, came).values.get(self._judge.measure.name, NOTHING)

    def _request(self, asked: Prediction) -> Request:
        given = {**msgspec.json.decode(asked.inputs or b"{}"), "subject": asked.subject or None}
        return msgspec.convert(given, task_of(self._scope.model.task).request)
