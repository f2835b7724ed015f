"""Train/serve skew: the features of live requests, made again from the dataset as training makes them, beside what serving had.

Once for each champion, on the requests of its first days: the definition is one, so that a difference means rows that only one side has
(a file that brought other rows than the live events, an event that came twice under two keys). What came after a request was answered
(a late file) is no difference: both sides stop at the request's watermark, the dataset's rows by the place of their events. The record
is a window of the monitor ``parity``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tidemill.monitor.windows import PARITY
from tidemill.store.payloads import FeatureParity, ParityWindow
from tidemill.store.records import Event, Window
from tidemill.types import DAY, Micros, named_id

if TYPE_CHECKING:
    from tidemill.data.contract.contract import Contract
    from tidemill.features.views import View
    from tidemill.scope.project import Project
    from tidemill.store.records import Prediction

REACH = 7 * DAY
"""How far back requests are looked for: all of it has to be in the dataset by now."""
MOST = 200
"""Requests compared; the latest."""


def check_skew(project: Project, now: Micros) -> list[Window]:
    """Compare and record, when the champion has not been looked at yet and has answered; the window of it."""
    endpoint = project.endpoint().name
    champion = project.store.releases.champion(endpoint)
    if champion is None or not project.features:
        return []
    since = champion.started or champion.created
    if project.store.windows.list(endpoint, PARITY, since=since, until=now + 1):
        return []
    asked = [p for p in project.live.predictions.between(endpoint, max(since, now - REACH), now) if p.subject][-MOST:]
    if not asked:
        return []
    found = [one for view, contract in _views(project) for one in _compare(project, view, contract, asked)]
    data = ParityWindow(champion.model, tuple(found))
    window = Window(endpoint, PARITY, since, now, len(asked), data, not all(one.ok for one in found))
    project.store.transact(lambda tx: _write(project, window, found, tx))
    return [window]


def _write(project: Project, window: Window, found: Sequence[FeatureParity], tx: Any) -> None:
    """The window, and an event for each feature that people can see."""
    project.store.windows.add(window, tx)
    for one in found:
        name = named_id("evt", "parity", one.view, one.feature, str(window.end))
        project.store.events.add(Event(name, window.end, "parity", f"features:{one.view}", asdict(one)), tx)


def _views(project: Project) -> list[tuple[View, Contract]]:
    """The views of the model's dataset that serving makes from a subject's events."""
    from tidemill.data.ingest.ingest import load_contract
    from tidemill.features.views import View

    name = project.model().dataset.name
    contract = load_contract(project, name)
    views = [View.of(config, contract) for config in project.features.values() if config.from_ == name]
    return [(view, contract) for view in views if contract.subject is not None and view.entity == contract.subject]


def _compare(project: Project, view: View, contract: Contract, asked: list[Prediction]) -> list[FeatureParity]:
    import polars as pl

    from tidemill.data.ingest.register import event_key
    from tidemill.data.tables.tables import open_tables
    from tidemill.features.online import History
    from tidemill.features.parity import compare, requests_of
    from tidemill.features.transaction_time import KNOWN

    live = [feature for feature in view.features if feature.by == contract.item and view.is_live(feature)]
    if not live:
        return []
    subjects = sorted({prediction.subject for prediction in asked})
    history = History()
    events = project.live.online.of_all(subjects)
    history.extend(events)
    learned = pl.DataFrame(
        {"key": [e.key for e in events], KNOWN: [e.seq for e in events]}, {"key": pl.String, KNOWN: pl.Int64}
    )
    theirs = pl.col(str(contract.subject)).cast(pl.String).is_in(subjects)
    columns = [pl.col(c) for c in (contract.time, contract.subject, contract.item, contract.value) if c is not None]
    # filtered afterwards: of many small files that is faster than filtering each
    rows = open_tables(project).read(view.dataset).select(*columns, event_key(contract).alias("key")).collect()
    rows = rows.filter(theirs).join(learned, on="key", how="left")
    return [compare(view, rows, history, requests_of(asked), feature) for feature in live]
