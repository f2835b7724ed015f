"""Live outcomes by the model's own label: by what an answer is joined to the rows that say it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.labels import worlds
from tests.labels.worlds import BEGAN, FRAUD, lay, write
from tidemill.data.pipeline import ingest
from tidemill.feedback.settle import _setting, settle_labels
from tidemill.scope.project import open_project
from tidemill.store.records import Prediction
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
        given = [{"country": "XX"}, {"country": " DE "}, {"amount": 3.0}]
        said = [
            replace(asked, id=f"p{n}", key=f"t{n}", inputs=json.dumps({"inputs": inputs}).encode())
            for n, inputs in enumerate(given)
        ]
        project.live.append(said, (), ())
        project.live.flush()
        project.store.settings.set(_setting(scope), FIRST)
        assert settle_labels(scope, project.clock.now()) == 2
        found = {o.prediction: o.item for o in project.live.outcomes.list(endpoint=scope.name)}
        assert found == {"p0": "1", "p1": "0"}
