"""What a recommender is asked and answers, counted from the log: against the rows themselves, and what is wrong is found."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tidemill.monitor import asked
from tidemill.monitor.asked import close_requests
from tidemill.monitor.drift import Spread
from tidemill.monitor.histories import AGE, HISTORY, POPULAR, UNKNOWN
from tidemill.monitor.reference import reference_of
from tidemill.monitor.windows import of_drift
from tidemill.scope.project import Endpoint
from tidemill.store.records import Window
from tidemill.testing import records as sample
from tidemill.types import DAY

from .conftest import Shop


def played(shop: Shop, days: int) -> list[Window]:
    for day in shop.days[:days]:
        shop.play(day)
    shop.jobs.run("ingest", {"dataset": "sales"}, 60)
    return list(close_requests(shop.project.endpoint(), shop.days[days - 1].end))


def known_before(scope: Endpoint, subject: str, at: int, watermark: int) -> list[tuple[int, str]]:
    rows = scope.live.online.list(subject=subject, dataset="sales")
    return sorted((e.at, e.item) for e in rows if e.value > 0 and e.at < at and e.seq <= watermark)


def test_questions_are_counted_as_they_were_asked(shop: Shop) -> None:
    windows = played(shop, 3)
    scope = shop.project.endpoint()
    baseline, known = reference_of(scope, "model:shop@1")
    window = max(windows, key=lambda w: w.n)
    data, found = of_drift(window), scope.live.predictions.list(**scope.here, since=window.start, until=window.end)
    assert window.n == len(found) > 5 and data.source == "requests"
    rows = [known_before(scope, p.subject, p.at, p.watermark) for p in found]
    sizes = np.searchsorted(HISTORY.cuts, [len(r) for r in rows], side="right")
    assert data.columns[HISTORY.name].counts == tuple(np.bincount(sizes, minlength=len(HISTORY.labels)))
    assert data.columns[AGE.name].counts[-1] == sum(not r for r in rows), "no history has no age"
    items = [{item for _, item in r} for r in rows]
    unknown = sum(item not in baseline.bins for one in items for item in one)
    assert data.columns[UNKNOWN.name].counts == (sum(map(len, items)) - unknown, unknown)
    shown = [item for p in found for item in json.loads(p.output)["items"] if item in baseline.bins]
    assert sum(data.columns[POPULAR.name].counts) == len(shown) > 0
    assert data.shown == len(set(shown)) / len(baseline.bins)
    (strangers,) = [c for c in baseline.columns if c.kind == "new" and c.source == "customer_id"]
    asking = {p.subject for p in found}
    assert data.columns[strangers.name].counts == (len(asking & known), len(asking - known))
    assert data.labels[HISTORY.name] == HISTORY.labels and strangers.name not in data.labels


def test_keys_that_do_not_fit_are_seen_in_the_first_window(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a program sends 12345.0 for 12345: nobody is known, and nothing is wrong with the rows."""
    scope, live, day = shop.project.endpoint(), shop.project.live, shop.days[2]
    baseline, known = reference_of(scope, "model:shop@1")
    usual = [replace(c, counts=(900.0, 100.0), spread=Spread()) if c.kind == "new" else c for c in baseline.columns]
    monkeypatch.setattr(asked, "reference_of", lambda *_: (replace(baseline, columns=tuple(usual)), known))
    for number, subject in enumerate(sorted(known)[:60]):
        for at, name in ((shop.days[1].start, subject), (day.start, f"{subject}.0")):
            where = {"at": at + number, "subject": name, "endpoint": "shop", "environment": ""}
            output = b'{"items": [], "scores": []}'
            live.append([sample.prediction(f"{at}/{number}", **where, model="model:shop@1", output=output)], [], [])
    live.flush()
    windows = close_requests(scope, day.end)
    assert [w.alarm for w in windows] == [False, False, True]
    assert of_drift(windows[2]).which == ("unseen customers",)


def test_answers_that_change_are_seen_beside_earlier_windows(shop: Shop) -> None:
    """From the 21st window on: a model that suddenly answers everybody with what is popular."""
    scope, live = shop.project.endpoint(), shop.project.live
    baseline, known = reference_of(scope, "model:shop@1")
    ranked = sorted(baseline.bins, key=lambda item: (baseline.bins[item], item))
    rng = np.random.default_rng(0)
    start = shop.days[0].start
    subject = min(known)
    for number in range(30):
        popular = number == 29
        for i in range(25):
            items = ranked[:20] if popular else [ranked[k] for k in rng.choice(len(ranked), 20, replace=False)]
            scores = (20 - np.arange(20)) / 20 * rng.uniform(0.5, 1)
            output, name = json.dumps({"items": items, "scores": scores.tolist()}).encode(), f"p{number}/{i}"
            where = {"at": start + number * DAY + i, "subject": subject, "endpoint": "shop", "environment": ""}
            live.append([sample.prediction(name, **where, model="model:shop@1", output=output)], [], [])
    live.flush()
    windows = close_requests(scope, start + 30 * DAY)
    drifted = [w for w in windows if POPULAR.name in of_drift(w).which]
    assert [w.start for w in drifted] == [start + 29 * DAY]
