"""Whose items are shown in production: a supplier whose exposure leaves what is taken of it is an alarm, as outcomes come."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.cases.projects import SALES, SALES_TOML
from tests.evaluation.fairness.test_exposure import CATALOGUE, WHOSE, world
from tidemill.data.pipeline import ingest
from tidemill.monitor.alerts import raise_alarms
from tidemill.monitor.closing import close_quality
from tidemill.monitor.exposure import close_exposure, whose_of
from tidemill.monitor.windows import EXPOSURE
from tidemill.scope.project import Project, open_project
from tidemill.store.payloads import FairnessWindow
from tidemill.store.records import Tx, Window
from tidemill.testing import records
from tidemill.types import DAY, HeldClock, parse_time
from tidemill.web.pages.suppliers import gaps

START = parse_time("2026-01-01")
WEEK = 7 * DAY
A_WEEK = 120
TOML = SALES_TOML + ('[fairness]\nsuppliers = "supplier"\n[monitor]\nwindow = "7 days"\noutcomes_within = "7 days"\n')
HEADER = "invoice,stock_code,quantity,invoice_date,price,customer_id,supplier"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A shop whose items were sold once, with a champion. An item was another supplier's before."""
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    rows = [f"1,{item},1,2025-12-01T00:00:00Z,1.0,c1,d" for item in CATALOGUE]
    rows += [f"2,{item},1,2025-12-02T00:00:00Z,1.0,c1,{WHOSE[item]}" for item in CATALOGUE]
    rows.append("3,gift,1,2025-12-02T00:00:00Z,1.0,c1,")
    contract = SALES.replace("name: country", "name: supplier")
    for name, text in (
        ("contracts/sales.yaml", contract),
        ("data/sales/a.csv", "\n".join([HEADER, *rows]) + "\n"),
        ("tidemill.toml", TOML),
    ):
        (tmp_path / "shop" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "shop" / name).write_text(text)
    with open_project(tmp_path / "shop", clock=HeldClock(START)) as opened:
        ingest(opened, "sales")

        def work(tx: Tx) -> None:
            opened.store.models.add(records.model(name="shop", metrics={"recall@20": [0.5, 0.4, 0.6], "n": 500}), tx)
            release = records.release(
                endpoint="shop", model="model:shop@1", status="champion", started=START, ended=None, previous=None
            )
            opened.store.releases.add(release, tx)

        opened.store.transact(work)
        yield opened


def answer(project: Project, week: int, unfair: float) -> None:
    shown, taken, units = world(np.random.default_rng(week), A_WEEK, unfair)
    predictions, outcomes = [], []
    for n, (items, wanted, subject) in enumerate(zip(shown, taken, units, strict=True)):
        at, name = START + week * WEEK + n * (WEEK // A_WEEK), f"pred_{week}_{n}"
        items = list(dict.fromkeys(items))
        told = json.dumps({"items": items, "scores": [1.0] * len(items)}).encode()
        own = {"id": name, "at": at, "endpoint": "shop", "environment": "", "model": "model:shop@1", "subject": subject}
        predictions.append(records.prediction(**own, output=told))
        for item in dict.fromkeys(wanted):
            kept = {"endpoint": "shop", "environment": "", "subject": subject, "joined_at": at + 1, "value": 1.0}
            outcomes.append(
                records.outcome(
                    f"o_{name}_{item}",
                    at + 1,
                    item=item,
                    prediction=name,
                    joined=name,
                    how="id",
                    received=at + 1,
                    **kept,
                )
            )
    project.live.append(predictions, outcomes, ())
    project.live.flush()


def watched(project: Project, weeks: Sequence[float]) -> list[Window]:
    scope, found, clock = project.endpoint(), list[Window](), project.clock
    assert isinstance(clock, HeldClock)
    for week, unfair in enumerate(weeks):
        answer(project, week, unfair)
    for week in range(len(weeks)):
        now = START + (week + 2) * WEEK
        clock.move(now)
        closed = [*close_quality(scope, now), *close_exposure(scope, now)]
        raise_alarms(scope, closed, now)
        found += [one for one in closed if one.monitor == EXPOSURE]
    return found


def test_a_supplier_whose_exposure_leaves_what_is_taken_is_an_alarm(project: Project) -> None:
    found = watched(project, [0.0] * 10 + [0.3] * 8)
    assert [one.n for one in found] == [A_WEEK] * 18 and not any(one.alarm for one in found[:10])
    (alarm,) = project.store.alarms.list(endpoint="shop", environment="")
    assert (alarm.monitor, alarm.model) == (EXPOSURE, "model:shop@1") and alarm.since >= START + 9 * WEEK
    assert "exposure of a above its part of what is taken" in alarm.what[0]
    last = found[-1].data
    assert isinstance(last, FairnessWindow)
    told = last.groups["supplier"]["a"]
    assert told["exposure"][0] > told["outcomes"][0] + 0.2 and told["catalogue"] == pytest.approx(5 / 21)
    picture = str(gaps(found, "supplier"))
    assert "Exposure beside what is taken" in picture and gaps(found, "brand") is None
    assert close_exposure(project.endpoint(), project.clock.now()) == [], "the same windows are not closed twice"


def test_equal_suppliers_raise_nothing_in_half_a_year(project: Project) -> None:
    found = watched(project, [0.0] * 26)
    assert len(found) == 26 and project.store.alarms.list(endpoint="shop", environment="") == []


def test_the_latest_row_says_whose_an_item_is_and_nobody_s_items_are_known_too(project: Project) -> None:
    scope = project.endpoint()
    assert whose_of(scope, project.store.datasets.get("sales").version) == {**WHOSE, "gift": None}
