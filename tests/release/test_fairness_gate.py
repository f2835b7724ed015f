"""The gate `fairness`: refused where a gap is shown, held where too little is known, and a person's word holds while the same is asked."""

from __future__ import annotations

import json
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.cases.projects import Folder
from tests.raised import raised
from tests.release.test_gates import MODEL, Server, case, say
from tests.scope.made import endpoint_of
from tidemill.errors import ConfigError, SignatureMismatch
from tidemill.learning.evaluate import Scored
from tidemill.learning.trainer import Report
from tidemill.model.prepare import check_inputs
from tidemill.release.gates.fairness import Fairness, allowed, terms
from tidemill.release.gates.port import CandidateReport, GateContext, build_context
from tidemill.release.gates.registry import gates_of
from tidemill.scope.project import open_project
from tidemill.store.artifacts.codecs import Bundle, get_bundle
from tidemill.tasks.tabular.row import RowScorer

TABLE = """
[project]
name = "shop"
[data.sales]
source = "data/*.csv"
contract = "contracts/sales.yaml"
[model]
task = "classify"
[fairness]
attributes = ["sex"]
"""


def answered(n: int, gap: float, used: bool = False, toml: str = TABLE, server: Any = None) -> GateContext:
    """A candidate that answered n rows of two labels; of women it selects so many fewer."""
    rng = np.random.default_rng(1)
    sex = rng.choice(["f", "m"], n)
    chance = np.clip(rng.random(n) - gap * (sex == "f"), 0, 1)
    values = {"log_loss": Scored(chance, np.arange(n), np.arange(n), np.zeros(n, np.bool_), {"sex": sex}, "rows")}
    found = Report(
        values, {}, {"told": np.column_stack([1 - chance, chance]), "truth": (rng.random(n) < chance).astype(float)}
    )
    columns = [{"name": name, "source": name} for name in (("age", "sex") if used else ("age",))]
    bundle = Bundle({"labels": ["no", "yes"], "columns": columns}, {})
    context = case(endpoint=endpoint_of(toml), candidate_model=MODEL, **({"server": server} if server else {}))
    window: Any = context.window
    window.report, window.trainer = (lambda model: (found, bundle)), SimpleNamespace(unit="rows")
    return context


def test_a_gap_that_is_shown_is_refused_and_one_that_is_ruled_out_passes() -> None:
    far, near = say(Fairness(), answered(4000, 0.15)), say(Fairness(), answered(9000, 0.0))
    assert (far["passed"], far["verdict"], far["blessing"]) == (False, "worse", "quality")
    assert far["evidence"]["worst"]["between"] == ["m", "f"] and far["evidence"]["verdict"] == "beyond"
    assert (near["passed"], near["verdict"]) == (True, "")
    assert near["evidence"]["worst"]["gap"][2] < 0.05


def test_a_protected_column_among_the_inputs_is_said() -> None:
    for used in (False, True):
        said = say(Fairness(), answered(9000, 0.0, used))
        assert said["evidence"]["inputs"] == (["sex"] if used else [])
        assert ("sex is an input" in said["evidence"]["said"]) is used


def test_it_applies_where_attributes_are_named_and_needs_right_answers() -> None:
    there = [gate.name for gate in gates_of(answered(100, 0.0))]
    plain = [gate.name for gate in gates_of(case(endpoint=endpoint_of(TABLE.partition("[fairness]")[0])))]
    assert "fairness" in there and "fairness" not in plain
    said = say(Fairness(), answered(9000, 0.0, server=Server(CandidateReport(False, ["it died"]))))
    assert not said["passed"] and not said["verdict"]


# whole --------------------------------------------------------------------------------------------------------------

CONTRACT = """\
apiVersion: v3.0.2
kind: DataContract
id: loans
version: 1.0.0
schema:
  - name: loans
    customProperties: [{ property: tidemill.key, value: [loan] }]
    properties:
      - { name: loan, logicalType: string, required: true }
      - { name: income, logicalType: number, required: true }
      - { name: sex, logicalType: string }
      - name: bad
        logicalType: boolean
        required: true
        customProperties: [{ property: tidemill.role, value: target }]
"""
TOML = """\
[project]
name = "loans"
[data.loans]
source = "data/*.csv"
contract = "contracts/loans.yaml"
[model]
task = "classify"
inputs = { exclude = ["sex"] }
search = { trials = 1 }
[gates]
latency = { p99 = "1 s" }
baseline = { superior_to = "prior" }
[fairness]
attributes = ["sex"]
[environment.production]
rollout = [{ share = "100 %" }]
"""


def loans(n: int, seed: int = 0) -> str:
    """Loans that go bad by income; men and women alike; of few nobody knows the sex."""
    dice, lines = random.Random(seed), ["loan,income,sex,bad"]
    for number in range(n):
        income, sex = dice.uniform(10, 100), dice.choice(["f", "m"]) if number % 50 else ""
        lines.append(f"L{number},{income:.2f},{sex},{str(dice.random() < (0.8 if income < 45 else 0.1)).lower()}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    root = tmp_path / "loans"
    for name, text in (("contracts/loans.yaml", CONTRACT), ("data/a.csv", loans(1500)), ("tidemill.toml", TOML)):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return Folder(root)


def test_too_little_is_held_for_a_person_whose_word_holds_while_the_same_is_asked(folder: Folder) -> None:
    """The attribute is no input, and is judged all the same; a request may say it, and no answer rests on it."""
    made = folder.json("run")
    assert made["status"] == "held", made["refused_by"]
    assert list(made["held_by"]) == ["fairness"] and made["refused_by"] == {}
    shown = folder.json("models", "show", "latest")
    assert set(shown["examined"]["fairness"]["groups"]["sex"]) == {"f", "m", "(missing)"}
    assert "## Fairness" in shown["card"] and shown["examined"]["fairness"]["inputs"] == []
    assert folder.tidemill("approve", "--reason", "few rows yet").returncode == 0
    with open_project(folder.root) as project:
        scope, model = project.endpoint(), project.store.models.list()[-1]
        (release,) = project.store.releases.list()
        assert (release.evidence.waits, release.status) == (("fairness",), "champion")
        said = Fairness().judge(build_context(scope, model, None))
        assert said.passed and said.figures["allowed"]["reason"] == "few rows yet"
        asked = terms(scope.fairness)
        assert allowed(scope, asked) and allowed(scope, {**asked, "max_gap": "4 %"}) is None
        scorer = RowScorer(get_bundle(project.artifacts, model.bundle))
        assert scorer.attributes == ("sex",)
        same = [scorer.predict({"income": 30.0, **more}) for more in ({}, {"sex": "f"}, {"sex": "m"}, {"sex": None})]
        assert same == [same[0]] * 4
        with pytest.raises(SignatureMismatch):
            scorer.predict({"income": 30.0, "sx": "f"})


@pytest.mark.parametrize(("named", "meant"), [("sx", "sex"), ("bad", "predicts")])
def test_an_attribute_that_nobody_has_is_an_error(folder: Folder, named: str, meant: str) -> None:
    (folder.root / "tidemill.toml").write_text(TOML.replace('["sex"]\n[env', f'["{named}"]\n[env'))
    with open_project(folder.root) as project, raised(ConfigError, "[fairness] attributes") as caught:
        check_inputs(project.model())
    assert meant in f"{caught.value.message} {caught.value.hint}"
    done = folder.tidemill("run", "--json")
    assert done.returncode and json.loads(done.stderr or done.stdout)["code"] == "config"
