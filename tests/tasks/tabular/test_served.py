"""A bundle of each learner in a process of its own: the answers of training, from data and numpy alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.raised import raised
from tests.tasks.tabular.test_learners import hires
from tests.tasks.tabular.test_learners import trainer_of as hours
from tests.tasks.tabular.test_trees import loans
from tidemill.config.sections import FeatureConfig, FeatureViewConfig
from tidemill.errors import SignatureMismatch
from tidemill.features.views import View
from tidemill.learning.search import Settings
from tidemill.store.artifacts.codecs import put_bundle
from tidemill.store.artifacts.local import LocalArtifacts
from tidemill.tasks.table import load
from tidemill.tasks.tabular import fitting, learners
from tidemill.tasks.tabular.training import TRAINING, TabularTrainer

SERVER = """
import json, sys
from pathlib import Path
from tidemill.store.artifacts.codecs import get_bundle
from tidemill.store.artifacts.local import LocalArtifacts
from tidemill.tasks.table import load

root, asked = Path(sys.argv[1]), json.loads(sys.stdin.read())
told = {}
for digest, rows in asked.items():
    scorer = load(get_bundle(LocalArtifacts(root), digest))
    told[digest] = [scorer.predict(row) for row in rows]
heavy = {"lightgbm", "polars", "scipy", "optuna", "sklearn", "pandas", "deltalake"} & set(sys.modules)
print(json.dumps([sorted(heavy), told]))
"""
STRANGE: list[dict[str, Any]] = [
    {"age": 44},
    {"age": 44, "town": "paris", "owner": None, "income": None},
    {"age": 2**40, "income": -1e300, "town": "oslo"},
]
"""What is missing, a town that training never saw, numbers far from all that it saw."""


def trainer_of(task: str) -> TabularTrainer:
    frame, contract = loans(task)
    days = FeatureViewConfig(
        name="days", from_="loans", features={op: FeatureConfig(op=op) for op in ("hour", "month")}
    )
    views = [View.of(days, contract)]
    kind = "regress" if task == "regress" else "classify"
    details = {**TRAINING.details(contract, views, Path(), kind)}
    if task == "binary":
        details["costs"] = {"false_positive": 1.0, "false_negative": 3.0, "positive": ""}
    settings = Settings(kind, "mae" if task == "regress" else "log_loss", None, 1, None, details)
    found = TRAINING.open_trainer(TRAINING.rows(frame.lazy(), contract, views), settings)
    assert isinstance(found, TabularTrainer)
    return found


def test_every_learner_answers_in_the_server_as_in_training(tmp_path: Path) -> None:
    """Values, probabilities (mapped, too), the label by its threshold; of rows with and without values, of unknown ones."""
    kept, asked, own = LocalArtifacts(tmp_path), {}, {}
    for task in ("regress", "binary", "multi"):
        trainer = trainer_of(task)
        kind, end = trainer.settings.task, int(trainer.at[800])
        for name in (*trainer.baselines, "trees"):
            recipe = {
                **(trainer.baseline(name) if name != "trees" else learners.recipe_of(name, kind)),
                "num_iterations": 20,
            }
            for more in ({}, {"calibration": fitting.OWN}) if kind == "classify" and name != "constant" else ({},):
                bundle = trainer.fit({**recipe, **more}, end)
                digest = put_bundle(kept, bundle)
                questions = trainer.questions(None, end, int(trainer.at[-1]) + 1)  # type: ignore[arg-type]
                whose = bundle.manifest["subject"]
                asked[digest] = [
                    {**one["inputs"], **({whose: one["subject"]} if whose else {})} for one in questions.requests
                ]
                own[digest] = questions.answers(bundle)
                strange = [{**row, "at": "2011-03-01T05:00:00Z"} for row in STRANGE]
                asked[digest] += strange
    done = subprocess.run(
        [sys.executable, "-c", SERVER, str(tmp_path)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
    )
    heavy, told = json.loads(done.stdout)
    assert heavy == [] and told.keys() == own.keys() and len(own) == 15
    for digest, answers in own.items():
        n = len(answers)
        assert n == 60 and len(told[digest]) == n + len(STRANGE)
        for there, here in zip(told[digest], answers):
            assert there.keys() == here.keys()
            for key, value in here.items():
                assert there[key] == (pytest.approx(value, rel=1e-9) if isinstance(value, float | dict) else value)
        flags = [one.get("flags", {}) for one in told[digest][n:]]
        assert flags == [{}, {"town": "never seen"}, {}]
        if "threshold" in answers[0]:
            assert all(
                (one["value"] == "yes") == (one["probabilities"]["yes"] >= one["threshold"] == 0.25)
                for one in told[digest]
            )


def test_a_number_that_no_float_holds_is_the_request_s_fault_and_not_the_model_s() -> None:
    """Where all inputs are numbers they are not read one by one."""
    trainer = hours(hires())
    scorer = load(trainer.fit(trainer.baseline("linear"), int(trainer.at[-1])))
    with raised(SignatureMismatch, "$.inputs.warmth"):
        scorer.predict({"warmth": 10**400})
    assert scorer.predict({"warmth": 10**30}) == scorer.predict({"warmth": 1e30})
