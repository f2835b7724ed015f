"""The page of a project whose quality is an error: less is better, and it says so."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.recipes.hire.project import new_hire
from tests.web.story import NOW
from tests.web.test_pages import get
from tidemill.ops.status import status
from tidemill.scope.project import Project, open_project
from tidemill.store.payloads import QualityWindow
from tidemill.store.records import Window
from tidemill.testing import records as sample
from tidemill.types import DAY, HeldClock

START = NOW // DAY * DAY - 20 * DAY


@pytest.fixture
def hire(tmp_path: Path) -> Iterator[Project]:
    """Twenty windows: the errors double in the middle."""
    new_hire(tmp_path / "hire")
    with open_project(tmp_path / "hire", clock=HeldClock(NOW)) as project:
        model = sample.model(
            1,
            name="hire",
            data=("dataset:hours@1",),
            metrics={"mae": [10.0, 9.0, 11.0], "rmse": [14.0, 12.0, 16.0], "n": 400},
        )
        project.store.models.add(model)
        held = sample.release("rel_1", endpoint="hire", model=model.ref, status="held", started=START, previous=None)
        project.store.releases.add(held)
        project.store.releases.promote(held.id, START)
        for i in range(20):
            mae = 10.0 if i < 10 else 20.0
            figures = {"n": 24, "subjects": 1, "mae": [mae, mae, mae], "rmse": [mae * 1.4] * 3}
            data = QualityWindow(model.ref, "mae", 24, 1.0, figures=figures, promised=11.0)
            at = START + i * DAY
            project.store.windows.put(Window("hire", "quality", at, at + DAY, 24, data))
        output = json.dumps({"value": 213.5}).encode()
        asked = sample.prediction(
            "pred_1", endpoint="hire", subject="", at=NOW - DAY, model=model.ref, output=output, inputs=b"{}"
        )
        project.live.append([asked], [], [])
        project.live.flush()
        yield project


def test_live_says_that_the_error_is_promised_at_most(hire: Project) -> None:
    text = get(hire, "/live").body.decode()
    assert "Live mae" in text and "promised at most" in text and "recall" not in text
    assert "value 213.5" in text


def test_the_overview_has_the_live_error(hire: Project) -> None:
    text = get(hire, "/").body.decode()
    assert "mae live" in text and "17.1" in text, "the mean of the last fourteen windows: four of 10, ten of 20"
    said = status(hire).quality
    assert said is not None and (round(said["value"], 1), said["answers"]) == (17.1, 14 * 24)


def test_the_export_has_the_windows(hire: Project) -> None:
    heard = get(hire, "/export/quality")
    rows = list(csv.DictReader(io.StringIO(heard.body.decode())))
    assert [json.loads(row["data"])["figures"]["mae"][0] for row in rows] == [10.0] * 10 + [20.0] * 10
