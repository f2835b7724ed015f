"""A table without a time column, a credit file: through the gates, released and asked, and honest about what it cannot know."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serve.real import scorer
from tidemill.errors import ConfigError, NotTemporalSplit
from tidemill.retrain.run_all import RunSummary, run_all
from tidemill.scope.project import Project, open_project

CONTRACT = """\
apiVersion: v3.0.2
kind: DataContract
id: credit
version: 1.0.0
schema:
  - name: credit
    customProperties: [{ property: tidemill.key, value: [loan] }]
    properties:
      - { name: loan, logicalType: string, required: true }
      - { name: income, logicalType: number, required: true }
      - { name: purpose, logicalType: string }
      - { name: years, logicalType: integer }
      - name: bad
        logicalType: boolean
        required: true
        customProperties: [{ property: tidemill.role, value: target }]
"""
TOML = """\
[project]
name = "credit"
[data.credit]
source = "data/*.csv"
contract = "contracts/credit.yaml"
[model]
task = "classify"
search = { trials = 2 }
"""


def credit(n: int, seed: int = 0, first: int = 0) -> str:
    """Loans whose income and purpose say much of whether they go bad."""
    dice, lines = random.Random(seed), ["loan,income,purpose,years,bad"]
    for number in range(first, first + n):
        income, purpose = dice.uniform(10, 100), dice.choice(["car", "house", "boat"])
        odds = 0.85 if income < 45 else 0.1
        bad = dice.random() < (odds / 3 if purpose == "house" else odds)
        lines.append(f"L{number},{income:.2f},{purpose},{dice.randint(0, 30)},{str(bad).lower()}")
    return "\n".join(lines) + "\n"


def lay(root: Path, toml: str = TOML) -> Path:
    (root / "contracts").mkdir(parents=True)
    (root / "data").mkdir()
    (root / "contracts/credit.yaml").write_text(CONTRACT)
    (root / "tidemill.toml").write_text(toml)
    (root / "data/1.csv").write_text(credit(1_500))
    return root


@pytest.fixture(scope="module")
def turned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, RunSummary]]:
    base = tmp_path_factory.mktemp("credit")
    patch = pytest.MonkeyPatch()
    patch.setenv("TIDEMILL_HOME", str(base / "home"))
    with open_project(lay(base / "credit")) as project:
        yield project, run_all(project)
    patch.undo()


def test_it_is_released_and_says_that_it_has_no_temporal_evidence(turned: tuple[Project, RunSummary]) -> None:
    project, made = turned
    verdicts = {v.gate: v for v in project.store.verdicts.list(model=made.model.ref)}
    assert made.release.status == "champion", {g: v.evidence for g, v in verdicts.items() if not v.passed}
    assert verdicts["baseline"].evidence["temporal"] is False
    assert "no temporal evidence" in project.artifacts.get(made.model.card or "").decode()
    assert made.model.metrics["auc"][0] > 0.7
    assert made.model.trained_through <= project.clock.now()


def test_a_later_candidate_is_tested_on_keys_that_the_champion_has_not_seen(turned: tuple[Project, RunSummary]) -> None:
    project, made = turned
    (project.root / "data/2.csv").write_text(credit(700, seed=1, first=10_000))
    again = run_all(project)
    assert again.model.version == made.model.version + 1
    verdicts = {v.gate: v for v in project.store.verdicts.list(model=again.model.ref)}
    compared = verdicts.get("refit") or verdicts["method"]
    assert "comparison" in compared.evidence, compared.evidence


def test_it_answers(turned: tuple[Project, RunSummary]) -> None:
    project, _ = turned
    with scorer(project) as server:
        status, told = server.ask(
            "POST", "/predict/credit", {"inputs": {"income": 15.0, "purpose": "boat", "years": 3}}
        )
        assert status == 200 and told["probabilities"]["true"] > 0.5, told


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ('split = { by = "random" }', NotTemporalSplit),
        ('split = { by = "key", test = "80 %" }', ConfigError),
        ('train = "30 days"', ConfigError),
    ],
)
def test_what_needs_a_time_is_refused(tmp_path: Path, line: str, error: type[Exception]) -> None:
    with open_project(lay(tmp_path / "credit", TOML + line + "\n")) as project, pytest.raises(error):
        run_all(project)


def test_its_answers_can_be_watched(turned: tuple[Project, RunSummary]) -> None:
    from tidemill.monitor.reference import reference_of

    project, made = turned
    base, _ = reference_of(project.endpoint(), made.model.ref)
    assert {column.name for column in base.columns} >= {"income", "purpose"}
