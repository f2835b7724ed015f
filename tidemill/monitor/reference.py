"""What a champion learned from, and the rows of each window beside it. For the child: it loads polars and Delta."""

from __future__ import annotations

from functools import lru_cache

import msgspec
import polars as pl

from tidemill.data.contract.contract import Contract
from tidemill.data.tables.tables import open_tables
from tidemill.monitor.baseline import Baseline, Roles, build, subjects
from tidemill.monitor.windows import DRIFT, close, due
from tidemill.ref import Ref
from tidemill.scope.project import Endpoint
from tidemill.store.payloads import DriftWindow
from tidemill.store.records import Baseline as KeptBaseline
from tidemill.store.records import ModelVersion, Window
from tidemill.tasks.table import task_of
from tidemill.types import Micros, parse_span


def close_drift(scope: Endpoint, now: Micros) -> list[Window]:
    """Compare every due window's rows with the champion's training data, and keep what was found."""
    windows = due(scope, DRIFT, now)
    champion = scope.champion()
    if not windows or champion is None:
        return []
    baseline, known = reference_of(scope, champion.model)
    frame = rows_between(scope, baseline.roles, windows[0][0], windows[-1][1])
    closed = []
    for start, end in windows:
        rows = frame if baseline.roles.time is None else frame.filter(_is_between(baseline.roles.time, start, end))
        data = baseline.compare(rows, known) if rows.height else DriftWindow(champion.model, baseline.calibration)
        closed.append(close(scope, DRIFT, start, end, rows.height, data, alarm=bool(data.which)))
    return closed


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


def _keep_baseline(scope: Endpoint, model: str, rows: pl.DataFrame, roles: Roles) -> str:
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
    digest = scope.artifacts.put(msgspec.json.encode(made))
    scope.store.baselines.put(KeptBaseline(scope.environment, scope.name, model, digest, scope.clock.now()))
    return digest


def _learned_from(scope: Endpoint, version: ModelVersion, roles: Roles) -> pl.DataFrame:
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


def rows_between(scope: Endpoint, roles: Roles, start: Micros, end: Micros, version: int | None = None) -> pl.DataFrame:
    """The dataset's rows with ``start <= time < end``, Tidemill's own columns left out; all of them without a time."""
    within = None if roles.time is None else (roles.time, start, end)
    rows = open_tables(scope.project).read(scope.model.dataset.name, version, within)
    if roles.time is not None:
        rows = rows.filter(_is_between(roles.time, start, end))
    return rows.select(pl.exclude("^_.*$")).collect()


def _is_between(column: str, start: Micros, end: Micros) -> pl.Expr:
    first, last = (pl.lit(at).cast(pl.Datetime("us", "UTC")) for at in (start, end))
    return pl.col(column).is_between(first, last, closed="left")
