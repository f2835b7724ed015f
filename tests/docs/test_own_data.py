"""docs/own-data.md, command by command: from a file that no recipe knows to a judged model, a prediction and the page."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.serve.real import scorer
from tidemill.cli.main import main
from tidemill.scope.project import open_project

PAGES = Path(__file__).parents[2] / "docs"
PAGE = (PAGES / "own-data.md").read_text()


def blocks(kind: str) -> list[str]:
    return [text for of, text in re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.M | re.S) if of == kind]


def test_the_tutorial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    (file,) = blocks("python")
    exec(compile(file, "own-data.md", "exec"), {})
    commands = [line.split("#")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    new, cd, run, up, predict = commands
    main(shlex.split(new)[1:])
    said = capsys.readouterr().out
    told = next(block for block in blocks("") if block.startswith("- It predicts"))
    assert all(line in said for line in told.splitlines()), said
    monkeypatch.chdir(tmp_path / cd.removeprefix("cd "))
    assert run == "tidemill run" and up == "tidemill up"
    main(["run", "--json"])
    assert json.loads(capsys.readouterr().out)["status"] == "champion"

    first = shlex.split(said.strip().splitlines()[-1])
    asked = shlex.split(predict)
    with open_project(Path()) as project, scorer(project) as server:
        for words in (first, asked):
            assert words[:3] == ["tidemill", "predict", "--inputs"]
            status, answer = server.ask("POST", "/predict/gym", {"inputs": json.loads(words[3])})
            assert status == 200 and answer["value"] is not None, answer
        assert (answer["value"], answer["probabilities"]["true"] > 0.5) == (True, True), (
            "a trial of two visits is cancelled"
        )
        for path in ("/", "/models/gym@1", f"/trace?id={answer['prediction_id']}"):
            assert server.ask("GET", path)[0] == 200
        page = server.ask("GET", "/models/gym@1")[1].decode()
        assert all(f">{name}<" in page for name in ("Search", "Learning curve", "ROC", "Calibration", "Confusion"))
    main(["models", "show", "gym@1", "--json"])
    shown = json.loads(capsys.readouterr().out)
    assert sum(one["chosen"] for one in shown["search"]["tried"]) == 1 and shown["curve"]["points"]
    _in_a_notebook(shown)


def _in_a_notebook(shown: dict[str, Any]) -> None:
    """docs/python.md, line by line, on this very project; the second block is `tests/backtest/test_walk.py`'s."""
    block = re.findall(r"^```py\n(.*?)^```$", (PAGES / "python.md").read_text(), re.M | re.S)[0]
    names: dict[str, Any] = {}
    exec(compile(block, "python.md", "exec"), names)
    with names["project"]:
        model = names["model"]
        assert model.search.frame().height == len(shown["search"]["tried"])
        assert model.curve.frame().row(-1)[0] == shown["curve"]["points"][-1]["rows"]
        for part in (model, model.search, model.curve, names["project"].models()):
            html = part._repr_html_()
            assert ("<script" not in html and "<table>" in html) or "<svg" in html
