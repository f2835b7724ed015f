"""Live outcomes by the model's own label: what the rows of its dataset say of a moment that was asked about, once that is settled.

The same compilation as training's (`tidemill.labels.settled`): the moment is the answer's, the key its subject, the request's
``key`` where the label is joined by the key of the rows (a transaction's id), else what it gave in that column. What has an
outcome already was told it; what names no key waits for one that is told. For the loop's child: it reads tables.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tidemill.config.labels import horizon
from tidemill.data.check.column import Column
from tidemill.data.check.readings import Unread, read
from tidemill.data.contract.freshness import complete_through
from tidemill.learning.labelled import SETTLED
from tidemill.ref import Ref
from tidemill.store.records import Outcome, Prediction
from tidemill.tasks.table import task_of
from tidemill.types import Micros

if TYPE_CHECKING:
    import polars as pl

    from tidemill.scope.project import Endpoint

PIECE = 10_000
"""Outcomes that are written at once."""


def unsettled(scope: Endpoint, now: Micros) -> tuple[Micros, Micros] | None:
    """From when on, and before which moment, answers have a label that is settled by now and was not looked for. No table is read."""
    label = scope.model.section.label
    if label is None or not label.from_:
        return None
    since, through = _since(scope), _through(scope, label.from_, now)
    if since is None or through is None:
        return None
    until = through - horizon(scope.model.section) + 1
    asked = since < until and scope.live.predictions.first(**scope.here, since=since, until=until)
    return (since, until) if asked else None


def settle_labels(scope: Endpoint, now: Micros) -> int:
    """Write the outcome of every answer whose label is settled; how many. A kill between two changes nothing: it is done again."""
    found, count = unsettled(scope, now), 0
    if found is None:
        return 0
    start, until = found
    labels = _Labels(scope)
    for begin in range(start, until, scope.monitor.span):
        end = min(begin + scope.monitor.span, until)
        made = labels.outcomes(scope.live.predictions.list(**scope.here, since=begin, until=end), now)
        for place in range(0, len(made), PIECE):
            scope.live.append((), made[place : place + PIECE], ())
        scope.live.flush()
        scope.store.settings.set(_setting(scope), end)
        count += len(made)
    return count


class _Labels:
    """The label's definition, and the rows that say it: read once."""

    def __init__(self, scope: Endpoint) -> None:
        from tidemill.data.contract.contract import load_contract
        from tidemill.model.inputs import Inputs

        inputs, rows = Inputs.of(scope.model), load_contract(scope.project, scope.model.dataset.name)
        assert inputs.label is not None
        self._scope, self._label, self._contract = scope, inputs.label, rows
        self._subject = inputs.moments.entity if inputs.moments else rows.subject

    @cached_property
    def _rows(self) -> pl.DataFrame:
        from tidemill.model.history import Histories

        newest = self._scope.store.datasets.get(self._label.dataset)
        ref = str(Ref("dataset", newest.dataset, newest.version))
        return Histories(self._scope.project, [ref]).of(newest.dataset).collect()

    def outcomes(self, asked: Sequence[Prediction], now: Micros) -> list[Outcome]:
        """Of these answers, whose time is over; none of those that were told one, or that name no key."""
        from tidemill.labels.settled import Completeness, keyed, settled

        told, label = self._scope.live.outcomes.counts(p.id for p in asked), self._label
        keys = {p.id: key for p in asked if p.id not in told and (key := self._key(p))}
        open_ = [p for p in asked if p.id in keys]
        if not open_:
            return []
        whole = Completeness(open_[-1].at + label.within)  # `unsettled` has looked
        found = settled(label, self._rows, keyed([keys[p.id] for p in open_], [p.at for p in open_]), whole)
        said = zip(open_, found["label"].to_list(), strict=True)
        return [self._outcome(p, value, now) for p, value in said if value is not None]

    def _key(self, asked: Prediction) -> str:
        """What the label is joined by; nothing where the request did not say it."""
        on, rows = self._label.on, self._contract
        if on == self._subject:
            return asked.subject
        if rows.key == (on,):
            return asked.key or ""
        given = _given(asked, next(column for column in rows.columns if column.name == on))
        return given or ("" if rows.key else asked.key or "")

    def _outcome(self, asked: Prediction, value: Any, now: Micros) -> Outcome:
        """Its key names the answer: the same again is the same."""
        scope, key, at = self._scope, f"{SETTLED}{asked.id}", asked.at + self._label.within
        given = {"key": key, "at": at, "value": value, "prediction_id": asked.id, "subject": asked.subject or None}
        body = task_of(scope.model.task).outcome(**given)
        return replace(body.outcome(key, at, now), **scope.here)


def _given(asked: Prediction, column: Column) -> str:
    """What the request gave in this column, as rows of a file have it."""
    inputs = json.loads(asked.inputs or b"{}").get("inputs") or {}
    try:
        found = read(column, inputs.get(column.name))
    except Unread:
        return ""
    return "" if found is None else str(found).lower() if isinstance(found, bool) else str(found)


def _through(scope: Endpoint, dataset: str, now: Micros) -> Micros | None:
    """Until when the rows that say labels are in: old data that came today says nothing of the time after it."""
    through = complete_through(scope.project, dataset, now)
    there = (scope.store.datasets.first(dataset=name) for name in dict.fromkeys([dataset, scope.model.dataset.name]))
    newest = max((last.time_max for last in there if last is not None and last.time_max is not None), default=None)
    return None if through is None or newest is None else min(through, newest)


def _since(scope: Endpoint) -> Micros | None:
    """Where it was left; at first the start of the first release."""
    kept = scope.store.settings.get(_setting(scope))
    if isinstance(kept, int):
        return kept
    return min((r.started for r in scope.releases() if r.started is not None), default=None)


def _setting(scope: Endpoint) -> str:
    return ":".join(("labels", *scope.salt))
