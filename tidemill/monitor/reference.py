"""What a champion learned from, and the rows of each window beside it. For the child: it loads polars and Delta."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import msgspec
import polars as pl
from polars import selectors

from tidemill.data.contract.contract import Contract
from tidemill.data.limited import less_limited
from tidemill.data.tables.tables import open_tables
from tidemill.monitor.baseline import Baseline, Roles, build, subjects
from tidemill.monitor.bins import Rows, height_of, names_of
from tidemill.monitor.windows import DRIFT, MOST, close, closed_of, due, of_drift, outdated, whole_until
from tidemill.ref import Ref
from tidemill.scope.project import Endpoint
from tidemill.store.payloads import DriftWindow
from tidemill.store.records import Baseline as KeptBaseline
from tidemill.store.records import ModelVersion, Window
from tidemill.tasks.table import task_of
from tidemill.types import Micros, parse_span

LARGE = 50_000_000
"""So many values are held at once, and no more."""


class _Asked(NamedTuple):
    """A window to be judged; ``before``: how it was, where it is there; ``same``: nothing has come for it since."""

    start: Micros
    end: Micros
    before: Window | None = None
    same: bool = False


def close_drift(scope: Endpoint, now: Micros) -> list[Window]:
    """Compare the rows of every window that is due, or that has gained rows, with the champion's training data, and keep what was found."""
    champion, roles = scope.champion(), roles_of(scope)
    windows = [*_again(scope, roles, now), *(_Asked(*window) for window in due(scope, DRIFT, now))]
    if not windows or champion is None:
        return []
    newest = scope.store.datasets.get(scope.model.dataset.name)
    frame = rows_between(scope, roles, windows[0].start, windows[-1].end, newest.version)
    closed = []
    for asked in windows:
        start, end, before, same = asked
        if before is not None and same:
            scope.store.windows.put(replace(before, data=replace(of_drift(before), version=newest.version)))
            continue
        model = str(before.data.model) if before and before.complete else champion.model
        baseline, known = reference_of(scope, model)
        rows = frame if roles.time is None else frame.filter(_is_between(roles.time, start, end))
        height = height_of(rows)
        whole = roles.time is None or end <= whole_until(scope, now, baseline.quiet)
        data = _found(baseline, rows, height, known, start, newest.version)
        alarm = bool(data.which)
        closed.append(close(scope, DRIFT, start, end, height, data, alarm=alarm, complete=whole, before=before))
    return closed


def _found(
    baseline: Baseline, rows: Rows, height: int, known: frozenset[str], start: Micros, version: int
) -> DriftWindow:
    if height:
        return replace(baseline.compare(rows, known, start), version=version)
    return DriftWindow(baseline.model, baseline.calibration, skipped=baseline.skipped, version=version)


def _again(scope: Endpoint, roles: Roles, now: Micros) -> list[_Asked]:
    """The windows that a newer version of the dataset may have completed, or has brought rows for; and always the last one,
    which says how far this has come. Oldest first."""
    last = scope.store.windows.first(**scope.here, monitor=DRIFT)
    if last is None or not (outdated(scope, DRIFT, now) or not last.complete):
        return []
    ended, since = _news(scope, roles.time, of_drift(last).version, last.start)
    span = scope.monitor.span
    first = max(min(ended, since, last.start, whole_until(scope, now)), last.end - MOST * span)
    kept = closed_of(scope, DRIFT, since=first - span, until=last.end)
    found = [_Asked(w.start, w.end, w, w.complete and w.end <= since) for w in kept]
    return [asked for asked in found if not asked.same or asked is found[-1]]


def _news(scope: Endpoint, time: str | None, version: int, otherwise: Micros) -> tuple[Micros, Micros]:
    """What the rows up to this version ended at, and the first moment of the later ones: windows before it have not changed.

    ``otherwise``: both, where rows have no time.
    """
    commits = open_tables(scope.project).versions(scope.model.dataset.name)
    spans = [
        (commit.version > version, *span)
        for commit in commits
        for span in (*(columns.get(time or "") for columns in commit.files.values()), commit.completed)
        if span is not None
    ]
    ended = max((last for new, _, last in spans if not new), default=otherwise)
    return ended, min((first for new, first, _ in spans if new), default=otherwise)


@lru_cache(maxsize=4)
def reference_of(scope: Endpoint, model: str) -> tuple[Baseline, frozenset[str]]:
    """The baseline of this version, and who was in the rows that it was trained on: what both are made of never changes.

    The baseline is in the artifact store, or made now and kept; the subjects are read from the dataset and kept nowhere.
    """
    version, roles = scope.store.models.get(model), roles_of(scope)
    rows = _learned_from(scope, version, roles)
    kept = scope.store.baselines.look_up(scope.environment, scope.name, model)
    digest = kept.artifact if kept else ""
    if not kept or not scope.artifacts.has(digest):
        digest = _keep_baseline(scope, model, rows, roles)
    return msgspec.json.decode(scope.artifacts.get(digest), type=Baseline), subjects(rows, roles)


def _keep_baseline(scope: Endpoint, model: str, rows: Rows, roles: Roles) -> str:
    """Make it from the rows that the version was trained on; its digest."""
    drift = scope.monitor.drift
    made = build(
        rows,
        roles,
        drift.false_alarms,
        scope.monitor.span,
        model=model,
        columns=drift.columns,
        seed=scope.project.seed,
        gap=parse_span(scope.model.section.split.test),
    )
    return keep(scope, model, made)


def keep(scope: Endpoint, model: str, made: Baseline) -> str:
    """Keep the baseline of a version; its digest."""
    digest = scope.artifacts.put(msgspec.json.encode(made))
    scope.store.baselines.put(KeptBaseline(scope.environment, scope.name, model, digest, scope.clock.now()))
    return digest


def _learned_from(scope: Endpoint, version: ModelVersion, roles: Roles) -> Rows:
    """The rows that the version was trained on."""
    learned = scope.model
    start = 0 if learned.train is None else version.trained_through - learned.train
    of_data = dict(Ref.versioned("dataset", ref) for ref in version.data)
    return rows_between(scope, roles, start, version.trained_through + 1, of_data.get(learned.dataset.name))


def roles_of(scope: Endpoint) -> Roles:
    """The parts that the contract gives to columns, as far as the task watches them as such."""
    contract, watched = Contract.load(scope.model.dataset.contract_path), task_of(scope.model.task).watched
    subject, item, value = (contract.role(r) if r in watched else None for r in ("subject", "item", "value"))
    return Roles(contract.time, subject, item, value, contract.key)


def rows_between(scope: Endpoint, roles: Roles, start: Micros, end: Micros, version: int | None = None) -> Rows:
    """The dataset's rows with ``start <= time < end``, Tidemill's own columns left out; all of them without a time.

    Of more than `LARGE` values a lazy frame: each column is read when it is looked at.
    """
    within = None if roles.time is None else (roles.time, start, end)
    name = scope.model.dataset.name
    rows = less_limited(scope.project, name, open_tables(scope.project).read(name, version, within))
    if roles.time is not None:
        rows = rows.filter(_is_between(roles.time, start, end))
    rows = rows.select(pl.exclude("^_.*$"))
    large = height_of(rows) * len(names_of(rows)) > LARGE
    return rows if large else rows.collect()


def _is_between(column: str, start: Micros, end: Micros) -> pl.Expr:
    first, last = (pl.lit(at).cast(pl.Datetime("us", "UTC")) for at in (start, end))
    return selectors.by_name(column).is_between(first, last, closed="left")
