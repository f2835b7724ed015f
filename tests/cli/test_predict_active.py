"""Everybody's answers as a table for people."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from tests.data.small import lay
from tidemill.cli.predict import predict
from tidemill.ops import batch


def test_one_that_is_refused_hides_nobody_s_interval(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [
        {"subject": "lamp", "value": 4.0, "lower": 1.25, "upper": 9.75, "level": 0.9},
        {"subject": "mug", "error": "input 'week' is missing"},
    ]
    monkeypatch.setattr(batch, "predict_active", lambda *given: SimpleNamespace(answers=answers))
    lay(tmp_path)
    monkeypatch.chdir(tmp_path)
    found = CliRunner().invoke(predict, ["--active"])
    assert found.exit_code == 0, found.output
    assert all(said in found.output for said in ("1.25", "9.75", "'week'"))
    assert json.loads(CliRunner().invoke(predict, ["--active", "--json"]).stdout)[0]["upper"] == 9.75
