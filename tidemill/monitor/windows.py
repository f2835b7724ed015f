"""Windows in event time: which are due, what the champion is compared with, and closing them.

Windows are cut at whole multiples of their length since 1970 in UTC (days end at midnight). A window closes when its
end has come; one about labels a day later, when the labels are mature. Closing a window again gives the same window.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from tidemill.config.policies import FalseAlarms
from tidemill.scope.project import Project
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


def span_of(project: Project) -> Micros:
    """The length of a window."""
    return project.endpoint().monitor.span


def promise_of(project: Project) -> FalseAlarms:
    """What is promised about false alarms."""
    return project.endpoint().monitor.drift.false_alarms


def next_end(project: Project, now: Micros) -> Micros:
    """The first end of a window strictly after this moment."""
    span = span_of(project)
    return (now // span + 1) * span


def due(project: Project, monitor: str, now: Micros, lag: Micros = 0) -> list[tuple[Micros, Micros]]:
    """(start, end) of every window of this monitor that can be closed and is not, oldest first.

    The first window is the one in which the endpoint's first champion started to serve.
    """
    span, endpoint = span_of(project), project.endpoint().name
    last = project.store.windows.last_end(endpoint, monitor)
    if last is None:
        started = _first_started(project)
        if started is None:
            return []
        last = started // span * span
    ends = range((last // span + 1) * span, now - lag + 1, span)
    return [(end - span, end) for end in ends[-MOST:]]


def close_drift(project: Project, now: Micros) -> list[Window]:
    """Compare every due window's rows with the champion's training data, and keep what was found."""
    windows = due(project, DRIFT, now)
    champion = project.store.releases.champion(project.endpoint().name)
    if not windows or champion is None:
        return []
    model = project.store.models.get(champion.model)
    baseline = baseline_of(project, model)
    known = subjects_of(project, model, baseline.roles)
    frame = rows_between(project, baseline.roles, windows[0][0], windows[-1][1])
    closed = [_drift(project.endpoint().name, champion, baseline, known, frame, start, end) for start, end in windows]
    for window in closed:
        project.store.windows.add(window)
    return closed


def _drift(
    endpoint: str,
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
        return Window(endpoint, DRIFT, start, end, 0, data)
    found = baseline.compare(rows, known)
    data = replace(
        data,
        columns={c.name: c.rounded() for c in found.columns},
        which=tuple(c.name for c in found.which) if found.alarm else (),
        score=round(found.score, 3),
        threshold=round(found.threshold, 3),
        skipped=dict(baseline.skipped),
    )
    return Window(endpoint, DRIFT, start, end, rows.height, data, found.alarm)


def baseline_of(project: Project, model: ModelVersion) -> Baseline:
    """The baseline of this version: from the artifact store, or made now and kept. In this process it is read once."""
    endpoint = project.endpoint().name
    kept = {b.model: b.artifact for b in project.store.windows.baselines(endpoint)}
    digest = kept.get(model.ref)
    if digest is None or not project.artifacts.has(digest):
        digest = _keep_baseline(project, endpoint, model)
    if digest not in _read:
        from tidemill.monitor.baseline import Baseline

        if len(_read) >= _MOST_READ:
            _read.clear()
        _read[digest] = Baseline.from_bytes(project.artifacts.get(digest))
    return _read[digest]


_MOST_READ = 4
_read: dict[str, Baseline] = {}
"""Baselines by digest: what a digest names never changes."""
_known: dict[tuple[str, str], frozenset[str]] = {}
"""Subjects by project and model: read again in another process, and kept nowhere."""


def _keep_baseline(project: Project, endpoint: str, model: ModelVersion) -> str:
    """Make it from the rows that the version was trained on; its digest."""
    from tidemill.monitor.baseline import build

    roles, learned = roles_of(project), project.endpoint().model
    data = build(
        _learned_from(project, model, roles),
        roles,
        promise_of(project),
        span_of(project),
        model=model.ref,
        columns=project.endpoint().monitor.drift.columns,
        seed=project.seed,
        gap=parse_span(learned.split.test),
    ).to_bytes()
    digest = project.artifacts.put(data)
    project.store.windows.keep_baseline(KeptBaseline("", endpoint, model.ref, digest, project.clock.now()))
    return digest


def subjects_of(project: Project, model: ModelVersion, roles: Roles) -> frozenset[str]:
    """Who was in the rows that the version was trained on: read from the dataset once in this process."""
    from tidemill.monitor.baseline import subjects

    name = str(project.root), model.ref
    if name not in _known:
        if len(_known) >= _MOST_READ:
            _known.clear()
        _known[name] = subjects(_learned_from(project, model, roles), roles)
    return _known[name]


def _learned_from(project: Project, model: ModelVersion, roles: Roles) -> pl.DataFrame:
    """The rows that the version was trained on."""
    learned = project.endpoint().model
    start = 0 if learned.train is None else model.trained_through - learned.train
    name = learned.dataset.name
    versions = [int(ref.rsplit("@", 1)[1]) for ref in model.data if ref.startswith(f"dataset:{name}@")]
    return rows_between(project, roles, start, model.trained_through + 1, versions[0] if versions else None)


def roles_of(project: Project) -> Roles:
    """The parts that the contract gives to columns."""
    from tidemill.data.contract.contract import Contract
    from tidemill.monitor.baseline import Roles

    contract = Contract.load(project.model().dataset.contract_path)
    return Roles(contract.time, contract.subject, contract.item, contract.value, contract.key)


def rows_between(
    project: Project, roles: Roles, start: Micros, end: Micros, version: int | None = None
) -> pl.DataFrame:
    """The dataset's rows with ``start <= time < end``, Tidemill's own columns left out; all of them without a time."""
    import polars as pl

    from tidemill.data.tables.tables import open_tables

    within = None if roles.time is None else (roles.time, start, end)
    rows = open_tables(project).read(project.model().dataset.name, version, within)
    if roles.time is not None:
        rows = rows.filter(_is_between(roles.time, start, end))
    return rows.select(pl.exclude("^_.*$")).collect()


def _between(frame: pl.DataFrame, roles: Roles, start: Micros, end: Micros) -> pl.DataFrame:
    return frame if roles.time is None else frame.filter(_is_between(roles.time, start, end))


def _is_between(column: str, start: Micros, end: Micros) -> pl.Expr:
    import polars as pl

    moments = [pl.lit(at).cast(pl.Datetime("us", "UTC")) for at in (start, end)]
    return (pl.col(column) >= moments[0]) & (pl.col(column) < moments[1])


def _first_started(project: Project) -> Micros | None:
    releases = project.store.releases.list(project.endpoint().name)
    return min((r.started for r in releases if r.started is not None), default=None)
