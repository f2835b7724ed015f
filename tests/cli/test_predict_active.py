"""What was answered, for people: everybody as a table, and one label with what decided it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from tests.data.small import lay
from tests.raised import raised
from tidemill.cli.predict import predict
from tidemill.errors import ProjectError
from tidemill.ops import batch, server
from tidemill.serve.batch.out import checked


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


def test_a_label_that_is_not_the_likelier_one_is_told_with_what_decided_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the costs an unlikely label is the answer: whoever sees the probability alone takes it for a mistake."""
    answer = {"value": "1", "probability": 0.098, "threshold": 0.04762, "probabilities": {"0": 0.902, "1": 0.098}}
    monkeypatch.setattr(server, "predict", lambda *given: answer)
    lay(tmp_path)
    monkeypatch.chdir(tmp_path)
    found = CliRunner().invoke(predict, ["--inputs", "{}"])
    assert found.exit_code == 0 and "0.04762" in found.output, found.output


def test_where_no_table_can_be_written_nobody_is_asked(tmp_path: Path) -> None:
    (tmp_path / "all.csv").mkdir()
    for name in ("all.csv", "all.xlsx", "nowhere/all.csv"):
        with raised(ProjectError, "--out"):
            checked(str(tmp_path / name))
    checked(str(tmp_path / "all.parquet"))


def test_an_explained_answer_says_what_it_is_made_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    parts = [{"what": f"x{place}", "kind": "input", "value": 1.0 / (1 + place)} for place in range(10)]
    one = {"answer": "value", "base": 0.5, "score": 3.5, "error": 0.0, "because": parts, "sentence": "Mostly x0."}
    said = {"method": "sampled_shapley", "unit": "value", "answers": [one]}

    def predict_(project: object, request: dict, endpoint: object, position: int) -> dict:
        asked.append(request)
        return {
            "value": 3.5,
            "explained": said if "inputs" in request else {"method": "none", "why": "gone", "answers": []},
        }

    monkeypatch.setattr(server, "predict", predict_)
    lay(tmp_path)
    monkeypatch.chdir(tmp_path)
    found = CliRunner().invoke(predict, ["--inputs", "{}", "--explain"])
    assert found.exit_code == 0, found.output
    assert asked == [{"inputs": {}, "explain": True}] and "of 2 others" in found.output and "Mostly x0." in found.output
    assert "gone" in CliRunner().invoke(predict, ["7", "--explain"]).output
