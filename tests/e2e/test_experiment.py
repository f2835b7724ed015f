"""An A/B and a holdout of real models: through their own gates, signed, and loaded by a scorer that verifies them."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.conftest import Played
from tidemill.retrain.worker import do
from tidemill.scope.project import open_project
from tidemill.serve.histories import Histories
from tidemill.serve.metrics import Metrics
from tidemill.serve.predictor import Predictor


@pytest.mark.nightly
def test_real_models_stand_beside_the_champion(days: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEMILL_HOME", days.env["TIDEMILL_HOME"])
    root = shutil.copytree(days.folder, tmp_path / "shop")
    played = replace(days, folder=root)
    plan = json.loads(played.tidemill("experiment", "plan", "--effect", "60 %", "--json").stdout)
    assert plan["days"] > 0 and plan["requests_a_day"] > 1 and 0 < plan["level"] < 1
    asked = ("champion", "1", "--anyway", "--for", "14 days", "--effect", "60 %", "--json")
    begun = json.loads(played.tidemill("experiment", "start", *asked).stdout)["experiment"]
    toml = root / "tidemill.toml"
    endpoint = begun["endpoint"]
    toml.write_text(
        f'{toml.read_text()}\n[endpoint.{endpoint}]\nholdout = {{ share = "10 %", answered_by = "popularity" }}\n'
    )
    with open_project(root) as project:
        do(project, "holdout", {"endpoint": endpoint})
        scope = project.endpoint()
        (held,) = scope.releases("holdout")
        assert project.store.models.get(held.model).recipe["method"] == "popularity"
        predictor = Predictor(scope, Metrics(), Histories(project.live))
        predictor.refresh()
        assert not predictor.served.refused
        assert set(predictor.served.variants) >= {"champion", "holdout", *(f"arm:{id}" for id in begun["arms"])}
    assert json.loads(played.tidemill("release", "status", "--json").stdout)
    assert "popularity" in played.tidemill("experiment", "ls").stdout
