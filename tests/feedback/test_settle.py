"""Live outcomes by the model's own label: by what an answer is joined to the rows that say it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.labels import worlds
from tests.labels.worlds import BEGAN, FRAUD, lay, write
from tidemill.data.pipeline import ingest
from tidemill.errors import StoreError
from tidemill.feedback.join import join_due
from tidemill.feedback.settle import _keep, outdated, settle_labels
from tidemill.scope.project import open_project
from tidemill.store.records import Outcome, Prediction
from tidemill.tasks.table import outcome_scorer_of
from tidemill.types import DAY, HeldClock, parse_time

FIRST = parse_time(BEGAN)


def test_a_label_that_is_joined_by_a_column_is_found_by_what_the_request_gave_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here an embargo: the request's key names the payment, and no row of a country."""
    monkeypatch.setitem(
        worlds.COLUMNS, "chargebacks", {"chargeback": "string", "at": "timestamp time", "country": "string"}
    )
    folder = lay(tmp_path / "payments", FRAUD.replace('on = "transaction_id"', 'on = "country"'))
    write(folder, "payments", "a", [("t0", "2024-01-02", 5.0, "XX"), ("t9", "2024-03-01", 5.0, "XX")])
    write(folder, "chargebacks", "a", [("b0", "2024-01-12", "XX"), ("b1", "2024-01-13", "t1")])
    with open_project(folder.root, clock=HeldClock(FIRST + 60 * DAY)) as project:
        for name in project.datasets:
            ingest(project, name)
        scope = project.endpoint()
        asked = Prediction(
            "p0", scope.name, FIRST + 9 * DAY, "", "model:fraud@1", "rel", "champion", b"{}", b"{}", 0, 1
        )
        monkeypatch.setattr("tidemill.feedback.settle.MOST", 2)
        given = [{"country": "XX"}, {"country": " DE "}, {"amount": 3.0}]
        said = [
            replace(asked, id=f"p{n}", key=f"t{n}", inputs=json.dumps({"inputs": inputs}).encode())
            for n, inputs in enumerate(given)
        ]
        project.live.append(said, (), ())
        project.live.flush()
        _keep(scope, FIRST, 1)
        assert settle_labels(scope, project.clock.now()) == 2
        found = {o.prediction: o.item for o in project.live.outcomes.list(endpoint=scope.name)}
        assert found == {"p0": "1", "p1": "0"}


def test_a_row_that_comes_after_its_label_was_settled_settles_it_again(tmp_path: Path) -> None:
    """Three payments are honest by the word of `complete_after`; then two chargebacks come that should have been there."""
    folder, clock = lay(tmp_path / "payments", FRAUD), HeldClock(FIRST + 60 * DAY)
    write(
        folder,
        "payments",
        "a",
        [(f"t{n}", "2024-01-02", 5.0, "XX") for n in (*range(3), 9)] + [("t8", "2024-03-01", 5.0, "XX")],
    )
    write(folder, "chargebacks", "a", [("b9", "2024-01-20", "t9", "fraud")])
    with open_project(folder.root, clock=clock) as project:
        for name in project.datasets:
            ingest(project, name)
        scope = project.endpoint()
        one = Prediction("p0", scope.name, FIRST + DAY, "", "model:fraud@1", "rel", "champion", b"{}", b"{}", 0, 1)
        asked = [replace(one, id=f"p{n}", key=f"t{n}", output=b'{"probabilities":{"0":0.5,"1":0.5}}') for n in range(3)]
        project.live.append(asked, (), ())
        project.live.flush()
        _keep(scope, FIRST, 1)
        assert settle_labels(scope, clock.now()) == 3 and not outdated(scope)
        join_due(scope)

        def truths() -> list[object]:
            found = project.live.outcomes.of(p.id for p in asked)
            return [outcome_scorer_of(scope.model).judge(p, found[p.id]).truth for p in asked]

        assert truths() == ["0", "0", "0"]
        told = Outcome("o2", FIRST + 2 * DAY, "", "0", 0.0, "p2", clock.now(), **scope.here)
        project.live.append((), [told], ())
        write(folder, "chargebacks", "b", [("b1", "2024-01-15", "t1", "fraud"), ("b2", "2024-01-15", "t2", "fraud")])
        clock.move(FIRST + 61 * DAY)
        project.live.flush()
        join_due(scope)
        ingest(project, "chargebacks")
        assert outdated(scope) and settle_labels(scope, clock.now()) == 1, "what a person told stays"
        join_due(scope)
        assert truths() == ["0", "1", "0"]
        assert not outdated(scope) and settle_labels(scope, clock.now()) == 0
        _keep(scope, FIRST + 31 * DAY, 1)  # as a kill before the last write leaves it
        assert settle_labels(scope, clock.now()) == 0 and truths() == ["0", "1", "0"]


def test_what_could_not_be_written_is_settled_the_next_time(tmp_path: Path) -> None:
    folder = lay(tmp_path / "payments", FRAUD)
    write(folder, "payments", "a", [("t0", "2024-01-02", 5.0, "XX"), ("t9", "2024-03-01", 5.0, "XX")])
    write(folder, "chargebacks", "a", [("b0", "2024-01-12", "t0", "fraud")])
    with open_project(folder.root, clock=HeldClock(FIRST + 60 * DAY)) as project:
        for name in project.datasets:
            ingest(project, name)
        scope = project.endpoint()
        one = Prediction("p0", scope.name, FIRST + DAY, "", "model:fraud@1", "rel", "champion", b"{}", b"{}", 0, 1)
        project.live.append([replace(one, key="t0")], (), ())
        project.live.flush()
        _keep(scope, FIRST, 1)
        with closing(sqlite3.connect(folder.root / ".tidemill" / "live.db")) as disk:
            disk.execute("CREATE TRIGGER no BEFORE INSERT ON outcomes BEGIN SELECT raise(ABORT, 'refused'); END")
            with pytest.raises(StoreError):
                settle_labels(scope, project.clock.now())
            disk.execute("DROP TRIGGER no")
        assert settle_labels(scope, project.clock.now()) == 1 and project.live.outcomes.count() == {"": 1}
