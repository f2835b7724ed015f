"""Models that are not built in, from tidemill.toml to an answer over HTTP: an estimator of the project's, and a process of its own."""

from __future__ import annotations

import random
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.cases.projects import Folder, replayed
from tests.serve.real import scorer
from tests.tasks.tabular.test_process import PLAIN
from tidemill.retrain.run_all import run_all
from tidemill.scope.sources import files as files_of_a_copy
from tidemill.store.artifacts.codecs import get_bundle
from tidemill.types import parse_time

CONTRACT = """\
apiVersion: v3.0.2
kind: DataContract
id: notes
version: 1.0.0
schema:
  - name: notes
    customProperties: [{ property: tidemill.key, value: [id] }]
    properties:
      - { name: id, logicalType: string, required: true }
      - { name: at, logicalType: timestamp, required: true, customProperties: [{ property: tidemill.role, value: time }] }
      - { name: x, logicalType: number }
      - { name: words, logicalType: string }
      - { name: stars, logicalType: number, required: true, customProperties: [{ property: tidemill.role, value: target }] }
"""
TOML = """\
[project]
name = "notes"
[data.notes]
source = "data/*.csv"
contract = "contracts/notes.yaml"
[features.texts]
from = "notes"
letters = { op = "embed", column = "words", process = { command = ["python", "plain.py", "", ".", "CODE"], model = "letters-1", size = 3 } }
[model]
task = "regress"
split = { by = "time", test = "10 days" }
""".replace("CODE", "a word that is a program " * 15)
GATES = """\
[gates]
baseline = { superior_to = "mean" }
latency = { p99 = "1 s" }
"""
STEPS = """
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline


def make():
    return make_pipeline(SimpleImputer(), Ridge())
"""
N = 600


def lay(folder: Path, learner: str) -> Folder:
    (folder / "contracts").mkdir(parents=True)
    (folder / "data").mkdir()
    (folder / "contracts" / "notes.yaml").write_text(CONTRACT)
    (folder / "tidemill.toml").write_text(TOML + learner + GATES)
    (folder / "steps.py").write_text(STEPS)
    shutil.copy(PLAIN, folder / "plain.py")
    rng, lines = random.Random(3), ["id,at,x,words,stars"]
    for n in range(N):
        at = datetime(2024, 1, 1) + timedelta(hours=2 * n)
        words = "".join(rng.choice("abc ") for _ in range(12))
        x = rng.gauss(0, 1)
        stars = 3 * words.count("a") - 2 * words.count("b") + x + rng.gauss(0, 0.3)
        lines.append(f"n{n},{at.isoformat()}Z,{x:.4f},{words!r},{stars:.4f}".replace("'", '"'))
    (folder / "data" / "a.csv").write_text("\n".join(lines) + "\n")
    return Folder(folder)


@pytest.mark.parametrize(
    ("learner", "files"),
    [
        ('learner = "steps:make"\n', ["background.npz", "model.onnx", "onnx.json"]),
        pytest.param(
            'process = { command = ["python", "plain.py"] }\n',
            ["background.npz", "process.json", "state.bin"],
            marks=pytest.mark.nightly,  # each fit starts it anew
        ),
    ],
    ids=["estimator", "process"],
)
def test_it_is_built_gated_released_and_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, learner: str, files: list[str]
) -> None:
    """A text is an input by its letters, which a process counts: once a text in training, and as it is asked in the server."""
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    folder = lay(tmp_path / "notes", learner)
    with replayed(folder, parse_time("2024-02-20")) as project:
        made = run_all(project)
        verdicts = {v.gate: v for v in project.store.verdicts.list(model=made.model.ref)}
        assert made.release.status == "champion", {g: v.evidence for g, v in verdicts.items() if not v.passed}
        assert "all 60 answers are the offline ones" in verdicts["infrastructure"].evidence["said"]
        assert made.model.recipe["method"] in ("own", "process") and made.model.metrics["mae"][1] < 0.5
        assert sorted(get_bundle(project.artifacts, made.model.bundle).files) == files
        code = {Path("plain.py"), *([Path("steps.py")] if "steps" in learner else [])}
        assert code <= set(files_of_a_copy(project)), "a backtest has what its learners are made of"
        with scorer(project) as server:
            inputs = {"x": 0.5, "words": "aab"}
            status, told = server.ask("POST", "/predict/notes", {"inputs": inputs, "key": "1"})
            assert status == 200 and told["value"] == pytest.approx(3 * 2 - 2 + 0.5, abs=0.3)
            (logged,) = project.live.predictions.list(key="1")
            assert logged.model == made.model.ref
            status, told = server.ask("POST", "/predict/notes", {"inputs": {"x": 0.5}})
            assert status == 200, "a text that is missing is missing"
