"""Windows in event time: which are due, what the champion is compared with, and closing them.

Windows are cut at whole multiples of their length since 1970 in UTC (days end at midnight). A window closes when its
end has come; one about labels a day later, when the labels are mature. Closing a window again gives the same window.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tidemill.config.policies import FalseAlarms
from tidemill.ref import Ref
from tidemill.scope.project import Endpoint
from tidemill.store.payloads import DriftWindow
from tidemill.store.records import Baseline as KeptBaseline
from tidemill.store.records import ModelVersion, Release, Window
from tidemill.types import Micros, parse_span

if TYPE_CHECKING:
    import polars as pl

    from tidemill.monitor.baseline import Baseline, Roles

DRIFT = "drift"
PARITY = "parity"
MOST = 400
"""Windows closed in one go: a loop that slept for years catches up with the latest."""


def span_of(scope: Endpoint) -> Micros:
    """The length of a window."""
    return scope.monitor.span


def promise_of(scope: Endpoint) -> FalseAlarms:
    """What is promised about false alarms."""
    return scope.monitor.drift.false_alarms


def next_end(scope: Endpoint, now: Micros) -> Micros:
    """The first end of a window strictly after this moment."""
    span = span_of(scope)
    return (now // span + 1) * span


def due(scope: Endpoint, monitor: str, now: Micros, lag: Micros = 0) -> list[tuple[Micros, Micros]]:
    """(start, end) of every window of this monitor that can be closed and is not, oldest first.

    The first window is the one in which the endpoint's first champion started to serve.
    """
    span = span_of(scope)
    last = scope.store.windows.last_end(scope.name, monitor, scope.environment)
    if last is None:
        started = _first_started(scope)
        if started is None:
            return []
        last = started // span * span
    ends = range((last // span + 1) * span, now - lag + 1, span)
    return [(end - span, end) for end in ends[-MOST:]]


def closed_of(
    scope: Endpoint, monitor: str, *, since: Micros | None = None, until: Micros | None = None
) -> Sequence[Window]:
    """The endpoint's closed windows of this monitor, oldest first."""
    return scope.store.windows.list(scope.name, monitor, since=since, until=until, environment=scope.environment)


def close_drift(scope: Endpoint, now: Micros) -> list[Window]:
    """Compare every due window's rows with the champion's training data, and keep what was found."""
    windows = due(scope, DRIFT, now)
    champion = scope.champion()
    if not windows or champion is None:
        return []
    model = scope.store.models.get(champion.model)
    baseline = baseline_of(scope, model)
    known = subjects_of(scope, model, baseline.roles)
    frame = rows_between(scope, baseline.roles, windows[0][0], windows[-1][1])
    closed = [_drift(scope, champion, baseline, known, frame, start, end) for start, end in windows]
    for window in closed:
        scope.store.windows.add(window)
    return closed


def _drift(
    scope: Endpoint,
    champion: Release,
    baseline: Baseline,
    known: Collection[str],
    frame: pl.DataFrame,
    start: Micros,
    end: Micros,
) -> Window:
    rows = _between(frame, baseline.roles, start, end)
    data = DriftWindow(champion.model, baseline.calibration.rounded())
    if not rows.height:
        return Window(scope.name, DRIFT, start, end, 0, data, environment=scope.environment)
    found = baseline.compare(rows, known)
    data = replace(
        data,
        columns={c.name: c.rounded() for c in found.columns},
        which=tuple(c.name for c in found.which) if found.alarm else (),
        score=round(found.score, 3),
        threshold=round(found.threshold, 3),
        skipped=dict(baseline.skipped),
    )
    return Window(scope.name, DRIFT, start, end, rows.height, data, found.alarm, scope.environment)


def baseline_of(scope: Endpoint, model: ModelVersion) -> Baseline:
    """The baseline of this version: from the artifact store, or made now and kept. In this process it is read once."""
    here = (b for b in scope.store.windows.baselines(scope.name) if b.environment == scope.environment)
    kept = {b.model: b.artifact for b in here}
    digest = kept.get(model.ref)
    if digest is None or not scope.artifacts.has(digest):
        digest = _keep_baseline(scope, model)
    if digest not in _read:
        from tidemill.monitor.baseline import Baseline

        if len(_read) >= _MOST_READ:
            _read.clear()
        _read[digest] = Baseline.from_bytes(scope.artifacts.get(digest))
    return _read[digest]


_MOST_READ = 4
_read: dict[str, Baseline] = {}
"""Baselines by digest: what a digest names never changes."""
_known: dict[tuple[str, str], frozenset[str]] = {}
"""Subjects by scope.project and model: read again in another process, and kept nowhere."""


def _keep_baseline(scope: Endpoint, model: ModelVersion) -> str:
    """Make it from the rows that the version was trained on; its digest."""
    from tidemill.monitor.baseline import build

    roles, learned = roles_of(scope), scope.model
    rows = _learned_from(scope, model, roles)
    _remember(scope, model, rows, roles)
    data = build(
        rows,
        roles,
        promise_of(scope),
        span_of(scope),
        model=model.ref,
        columns=scope.monitor.drift.columns,
        seed=scope.seed,
        gap=parse_span(learned.split.test),
    ).to_bytes()
    digest = scope.artifacts.put(data)
    kept = KeptBaseline(scope.environment, scope.name, model.ref, digest, scope.clock.now())
    scope.store.windows.keep_baseline(kept)
    return digest


def subjects_of(scope: Endpoint, model: ModelVersion, roles: Roles) -> frozenset[str]:
    """Who was in the rows that the version was trained on: read from the dataset once in this process."""
    name = str(scope.project.root), model.ref
    if name not in _known:
        _remember(scope, model, _learned_from(scope, model, roles), roles)
    return _known[name]


def _remember(scope: Endpoint, model: ModelVersion, rows: pl.DataFrame, roles: Roles) -> None:
    """Whose rows these are; rows that were read for the baseline are not read again for it."""
    from tidemill.monitor.baseline import subjects

    if len(_known) >= _MOST_READ:
        _known.clear()
    _known[str(scope.project.root), model.ref] = subjects(rows, roles)


def _learned_from(scope: Endpoint, model: ModelVersion, roles: Roles) -> pl.DataFrame:
    """The rows that the version was trained on."""
    learned = scope.model
    start = 0 if learned.train is None else model.trained_through - learned.train
    name = learned.dataset.name
    version = dict(Ref.versioned("dataset", ref) for ref in model.data).get(name)
    return rows_between(scope, roles, start, model.trained_through + 1, version)


def roles_of(scope: Endpoint) -> Roles:
    """The parts that the contract gives to columns."""
    from tidemill.data.contract.contract import Contract
    from tidemill.monitor.baseline import Roles

    contract = Contract.load(scope.model.dataset.contract_path)
    return Roles(contract.time, contract.subject, contract.item, contract.value, contract.key)


def rows_between(scope: Endpoint, roles: Roles, start: Micros, end: Micros, version: int | None = None) -> pl.DataFrame:
    """The dataset's rows with ``start <= time < end``, Tidemill's own columns left out; all of them without a time."""
    import polars as pl

    from tidemill.data.tables.tables import open_tables

    within = None if roles.time is None else (roles.time, start, end)
    rows = open_tables(scope.project).read(scope.model.dataset.name, version, within)
    if roles.time is not None:
        rows = rows.filter(_is_between(roles.time, start, end))
    return rows.select(pl.exclude("^_.*$")).collect()


def _between(frame: pl.DataFrame, roles: Roles, start: Micros, end: Micros) -> pl.DataFrame:
    return frame if roles.time is None else frame.filter(_is_between(roles.time, start, end))


def _is_between(column: str, start: Micros, end: Micros) -> pl.Expr:
    import polars as pl

    moments = [pl.lit(at).cast(pl.Datetime("us", "UTC")) for at in (start, end)]
    return (pl.col(column) >= moments[0]) & (pl.col(column) < moments[1])


def _first_started(scope: Endpoint) -> Micros | None:
    return min((r.started for r in scope.releases() if r.started is not None), default=None)
