"""Train/serve skew: the features of live requests, made again from the dataset as training makes them, beside what serving had.

Once for each champion, on the requests of its first days: the definition is one, so that a difference means rows that only one side has
(a file that brought other rows than the live events, an event that came twice under two keys). What came after a request was answered
(a late file) is no difference: both sides stop at the request's watermark, the dataset's rows by the place of their events. The record
is a window of the monitor ``parity``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import polars as pl

from tidemill.data.contract.contract import Contract, load_contract
from tidemill.data.ingest.register import event_key
from tidemill.data.limited import used
from tidemill.data.tables.tables import open_tables
from tidemill.features.online import History
from tidemill.features.parity import compare
from tidemill.features.transaction_time import ALWAYS, BEGAN, KNOWN
from tidemill.features.views import View
from tidemill.monitor.windows import PARITY, close, closed_of
from tidemill.scope.project import Endpoint, Model
from tidemill.store.payloads import FeatureParity, ParityWindow
from tidemill.store.records import Event, OnlineEvent, Prediction, Tx, Window
from tidemill.tasks.table import task_of, training_of
from tidemill.types import DAY, Micros, named_id

REACH = 7 * DAY
"""How far back requests are looked for: all of it has to be in the dataset by now."""
MOST = 200
"""Requests compared; the latest."""


def check_skew(scope: Endpoint, now: Micros) -> list[Window]:
    """Compare and record, when the champion has not been looked at yet and has answered; the window of it."""
    champion = scope.champion()
    if champion is None or not scope.model.views or not task_of(scope.model.task).history:
        return []
    since = champion.started or champion.created
    if closed_of(scope, PARITY, since=since, until=now + 1):
        return []
    found = used(scope, scope.live.predictions.watched(**scope.here, since=max(since, now - REACH), until=now))
    asked = [p for p in found if p.subject][-MOST:]
    if not asked:
        return []
    data = ParityWindow(champion.model, tuple(_compare(scope, asked)))

    def work(tx: Tx) -> Window:
        """The window, and an event for each feature that people can see."""
        own = scope.salt if len(scope.project.endpoints) > 1 else ()
        for one in data.features:
            name = named_id("evt", "parity", *own, one.view, one.feature, str(now))
            scope.store.events.add(Event(name, now, "parity", f"features:{one.view}", asdict(one)), tx)
        return close(scope, PARITY, since, now, len(asked), data, alarm=bool(data.which), tx=tx)

    return [scope.store.transact(work)]


def _compare(scope: Endpoint, asked: list[Prediction]) -> list[FeatureParity]:
    """Each declared feature that the model's task knows of a subject's items."""
    model = scope.model
    contract = load_contract(scope.project, model.dataset.name)
    views = [View.of(config, contract) for config in model.views.values()]
    counts = [
        (view.name, f.name, f.half_life)
        for view in views
        for f in view.features
        if f.by == contract.item and f.half_life
    ]
    histories_of = training_of(model.task).histories
    if not counts or histories_of is None:
        return []
    history = History()
    events = scope.live.online.of_all(sorted({p.subject for p in asked}), model.dataset.name)
    history.load([(e.seq, e.subject, e.item, e.at, e.value) for e in events])
    offline = histories_of(_rows(model, contract, asked, events), contract)
    return [compare(view, name, span, offline, history, asked) for view, name, span in counts]


def _rows(model: Model, contract: Contract, asked: list[Prediction], events: Sequence[OnlineEvent]) -> pl.DataFrame:
    """The dataset's rows of those who asked, each known from its event on: one that serving never had, always."""
    known = pl.DataFrame(
        {"_key": [e.key for e in events], KNOWN: [e.seq for e in events]}, {"_key": pl.String, KNOWN: pl.Int64}
    )
    theirs = pl.col(str(contract.subject)).cast(pl.String).is_in({p.subject for p in asked})
    columns = {contract.time, contract.subject, contract.item, contract.value, *contract.key} - {None}
    # filtered afterwards: of many small files that is faster than filtering each
    table = open_tables(model.project).read(model.dataset.name)
    rows = table.select(*map(str, columns), event_key(contract).alias("_key")).collect().filter(theirs)
    rows = rows.join(known, on="_key", how="left")
    return rows.with_columns(pl.col(KNOWN).fill_null(ALWAYS), pl.lit(ALWAYS).alias(BEGAN))
