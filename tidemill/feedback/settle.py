"""Live outcomes by the model's own label: what the rows of its dataset say of a moment that was asked about, once that is settled.

The same compilation as training's (`tidemill.labels.settled`): the moment is the answer's, the key its subject, the request's
``key`` where the label is joined by the key of the rows (a transaction's id), else what it gave in that column. What has an
outcome already was told it; what names no key waits for one that is told. For the loop's child: it reads tables.

A row that comes when its label is settled already (later than ``complete_after`` promised) settles it again: an outcome of its own,
which is the later word. What was said before stays written, as do the decisions that rested on it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

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

MOST = 50_000
"""Answers that are looked at together."""
PIECE = 10_000
"""Outcomes that are written at once."""


class _Looked(msgspec.Struct, frozen=True):
    """Answers before ``until`` were looked at, by the label's dataset in this version."""

    until: Micros
    version: int


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


def outdated(scope: Endpoint) -> bool:
    """Whether the dataset that says labels has a version that settled answers were not looked at by. No table is read."""
    label, looked = scope.model.section.label, _looked(scope)
    return bool(label and label.from_ and looked and looked.version < _newest(scope, label.from_))


def settle_labels(scope: Endpoint, now: Micros) -> int:
    """Write the outcome of every answer whose label is settled, and of those that rows which came since settle again; how many.

    A kill between two changes nothing: it is done again.
    """
    found, again, count = unsettled(scope, now), outdated(scope), 0
    if found is None and not again:
        return 0
    labels, looked = _Labels(scope), _looked(scope)
    if again and looked is not None:
        count += _write(scope, list(labels.again(looked, now)))
        looked = _keep(scope, looked.until, labels.version)
    for begin, end in _pieces(found, scope.monitor.span):
        asked = iter(scope.live.predictions.list(**scope.here, since=begin, until=end))
        while some := list(islice(asked, MOST)):  # a batch has more answers than are held at once
            count += _write(scope, labels.outcomes(some, now))
        looked = _keep(scope, end, looked.version if looked else labels.version)
    return count


def _pieces(span: tuple[Micros, Micros] | None, length: Micros) -> Iterator[tuple[Micros, Micros]]:
    """The span in pieces, each with its end."""
    start, until = span or (0, 0)
    yield from ((begin, min(begin + length, until)) for begin in range(start, until, length))


def _write(scope: Endpoint, made: Sequence[Outcome]) -> int:
    for place in range(0, len(made), PIECE):
        scope.live.add_outcomes(made[place : place + PIECE])
    return len(made)


def _keep(scope: Endpoint, until: Micros, version: int) -> _Looked:
    looked = _Looked(until, version)
    scope.store.settings.set(_setting(scope), msgspec.to_builtins(looked))
    return looked


class _Labels:
    """The label's definition, and the rows that say it: read once."""

    def __init__(self, scope: Endpoint) -> None:
        from tidemill.data.contract.contract import load_contract
        from tidemill.model.inputs import Inputs

        inputs, rows = Inputs.of(scope.model), load_contract(scope.project, scope.model.dataset.name)
        assert inputs.label is not None
        self._scope, self._label, self._contract = scope, inputs.label, rows
        self._subject = inputs.moments.entity if inputs.moments else rows.subject
        self.version = _newest(scope, self._label.dataset)

    @cached_property
    def _rows(self) -> pl.DataFrame:
        from tidemill.model.history import Histories

        name = self._label.dataset
        # All of them: an answer that was given is settled by what happened, whether or not it is looked at.
        data = [str(Ref("dataset", name, self.version))]
        return Histories(self._scope.project, data, limits=0).of(name).collect()

    def again(self, looked: _Looked, now: Micros) -> Iterator[Outcome]:
        """Of answers that were settled, where rows which came since say something else: the later word. Nothing of those that were told
        one."""
        came = self._came(looked.version)
        came = came.filter(came["at"] < looked.until + self._label.open)
        if not came.height:
            return
        low, high = int(came["at"].to_numpy().min()), int(came["at"].to_numpy().max())
        span, keys = (low - self._label.open + 1, min(high + 1, looked.until)), set(came["key"])
        for begin, end in _pieces(span, self._scope.monitor.span):
            asked = self._scope.live.predictions.list(**self._scope.here, since=begin, until=end)
            yield from self._changed([p for p in asked if self._key(p) in keys], now)

    def _came(self, version: int) -> pl.DataFrame:
        """``[key, at]`` of the rows that later versions than this one brought, or completed."""
        import polars as pl

        from tidemill.data.ingest.late import completed_by
        from tidemill.data.tables.tables import open_tables
        from tidemill.labels.settled import keyed, micros

        label, tables = self._label, open_tables(self._scope.project)
        versions = range(version + 1, self.version + 1)
        parts = [tables.added(label.dataset, versions)]
        if label.column:  # of a row that was there its value may have come
            rows = tables.read(label.dataset, self.version).collect()
            parts += [completed_by(rows, self._scope.store.datasets.get(label.dataset, v).ingest) for v in versions]
        wanted = (pl.col(label.on).cast(pl.String).alias("key"), micros(label.time).alias("at"))
        return pl.concat([keyed([], []), *(part.select(wanted) for part in parts if part.width)]).drop_nulls()

    def _changed(self, asked: Sequence[Prediction], now: Micros) -> Iterator[Outcome]:
        told = self._scope.live.outcomes.of(p.id for p in asked)
        for one, value in zip(asked, self._said(asked), strict=True):
            known = told.get(one.id, ())
            if value is None or any(not outcome.key.startswith(SETTLED) for outcome in known):
                continue
            new = self._outcome(one, value, now, f"/{self.version}")
            last = max(known, key=lambda outcome: (outcome.received, outcome.key), default=None)
            if last is None or (last.item, last.value) != (new.item, new.value):
                yield new

    def _said(self, asked: Sequence[Prediction]) -> list[Any]:
        """The label of each of these answers, whose time is over."""
        from tidemill.labels.settled import Completeness, keyed, settled

        whole = Completeness(max((p.at for p in asked), default=0) + self._label.open)  # who asks has looked
        moments = keyed([self._key(p) for p in asked], [p.at for p in asked])
        return settled(self._label, self._rows, moments, whole)["label"].to_list()

    def outcomes(self, asked: Sequence[Prediction], now: Micros) -> list[Outcome]:
        """Of these answers, whose time is over; none of those that were told one, or that name no key."""
        told = self._scope.live.outcomes.counts(p.id for p in asked)
        open_ = [p for p in asked if p.id not in told and self._key(p)]
        said = zip(open_, self._said(open_), strict=True) if open_ else ()
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

    def _outcome(self, asked: Prediction, value: Any, now: Micros, again: str = "") -> Outcome:
        """Its key names the answer, and which version settled it ``again``: the same again is the same."""
        scope, key, at = self._scope, f"{SETTLED}{asked.id}{again}", asked.at + self._label.open
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
    looked = _looked(scope)
    if looked is not None:
        return looked.until
    return min((r.started for r in scope.releases() if r.started is not None), default=None)


def _looked(scope: Endpoint) -> _Looked | None:
    kept = scope.store.settings.get(_setting(scope))
    return None if kept is None else msgspec.convert(kept, _Looked)


def _newest(scope: Endpoint, dataset: str) -> int:
    found = scope.store.datasets.first(dataset=dataset)
    return found.version if found else 0


def _setting(scope: Endpoint) -> str:
    return ":".join(("labels", *scope.salt))
