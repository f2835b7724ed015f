"""Tables that are no tables to learn from: each is trained as far as it can be, or refused with its own sentence."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from bench.leaky import Case
from tests.cases.projects import VISITS, VISITS_TOML, lay
from tests.raised import raised
from tidemill.config.sections import SplitSection
from tidemill.data.contract.contract import Contract
from tidemill.errors import ConfigError, NotEnoughData
from tidemill.learning.rows import AT
from tidemill.learning.search import Settings
from tidemill.learning.split import cut, resolved
from tidemill.learning.trainer import Trainer
from tidemill.model.inputs import Inputs
from tidemill.scope.project import open_project
from tidemill.tasks.table import training_of

N = 300


def frame(**columns: Any) -> pl.DataFrame:
    """Rows whose first column says something of the target."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=N)
    rows = {"at": [datetime(2024, 1, 1) + timedelta(hours=6 * i) for i in range(N)], "x": x}
    return pl.DataFrame({**rows, "y": np.where(x + rng.normal(size=N) > 0, "yes", "no"), **columns})


def opened(rows: pl.DataFrame, task: str = "classify") -> tuple[Trainer, Any]:
    """The trainer of these rows, and their cut, as the pipeline makes them."""
    contract = Contract.parse(Case("bad", rows, "y", task, time="at").contract())
    training = training_of(task)
    details = training.details(contract, (), Path(), task)
    settings = Settings(task, "mae" if task == "regress" else "log_loss", None, 1, None, details)
    built = training.rows(rows.lazy(), contract, ())
    at = built[AT].to_numpy()
    where = cut(resolved(SplitSection(test="14 days"), True), int(at.min()), int(at.max()))
    return training.open_trainer(built, settings), where


def trained(rows: pl.DataFrame, task: str = "classify") -> dict[str, Any]:
    """What the recipe that the search chooses reaches on the test."""
    trainer, where = opened(rows, task)
    found = trainer.search(where.windows, None, 0)
    report = trainer.report(trainer.fit(found.recipe, where.test_start), where.test_start, where.end)
    assert all(np.isfinite(one.values).all() for one in report.scored.values())
    return {"recipe": found.recipe, "tried": found.tried}


@pytest.mark.parametrize("task", ["classify", "regress"])
def test_one_value_of_the_target(task: str) -> None:
    y = pl.Series("y", ["no"] * N) if task == "classify" else pl.Series("y", [2.5] * N)
    with raised(NotEnoughData, "contract.yaml"):
        opened(frame(y=y), task)


def test_no_column_is_left() -> None:
    with raised(ConfigError, "[model] inputs"):
        opened(frame().drop("x"))


@pytest.mark.parametrize("said", ['columns = ["pages", "came_back"]', 'columns = ["came_back"]'])
def test_a_target_among_the_inputs(tmp_path: Path, said: str) -> None:
    made = lay(tmp_path, "visits", VISITS, VISITS_TOML.replace("search", f"inputs = {{ {said} }}\nsearch"))
    with open_project(made.root) as project, raised(ConfigError, "[model.visits] inputs") as caught:
        Inputs.of(project.model())
    assert "came_back" in caught.value.message


def test_the_column_that_a_declared_label_is_made_of_among_the_inputs(tmp_path: Path) -> None:
    said = 'label = { column = "member" }\ninputs = { columns = ["pages", "member"] }\nsearch'
    made = lay(tmp_path, "visits", VISITS, VISITS_TOML.replace("search", said))
    with open_project(made.root) as project, raised(ConfigError, "[model.visits] inputs"):
        Inputs.of(project.model())


@pytest.mark.parametrize(
    "column",
    [
        pl.Series("odd", [None] * N, dtype=pl.Float64),
        pl.Series("odd", [None] * N, dtype=pl.String),
        pl.Series("odd", ["same"] * N),
        pl.Series("odd", [7] * N),
        pl.Series("odd", [f"c{i}" for i in range(N)]),
        pl.Series("odd", [float("inf"), float("-inf"), None] * (N // 3)),
        pl.Series("odd", [1.7e308, -1.7e308, 1.0] * (N // 3)),
    ],
    ids=["null numbers", "null texts", "one text", "one number", "a text each", "infinities", "very large"],
)
def test_columns_that_say_nothing(column: pl.Series) -> None:
    """They are trained with, and cost nothing: the column that says something is learned from."""
    assert trained(frame(odd=column))["recipe"]["method"] != "constant"


def test_more_columns_than_rows() -> None:
    rng = np.random.default_rng(1)
    wide = {f"w{i}": rng.normal(size=N) for i in range(N + 100)}
    assert trained(frame(**wide))["tried"]


def test_a_hundred_thousand_categories() -> None:
    """Only the frequent ones are kept, and the row's own names make no model large."""
    rng = np.random.default_rng(2)
    n = 120_000
    x = rng.normal(size=n)
    rows = pl.DataFrame(
        {
            "at": [datetime(2024, 1, 1) + timedelta(minutes=i) for i in range(n)],
            "x": x,
            "name": [f"n{i}" for i in rng.integers(0, 100_000, n)],
            "y": np.where(x + rng.normal(size=n) > 0, "yes", "no"),
        }
    )
    trainer, where = opened(rows)
    recipe = {**trainer.candidates().start, "num_iterations": 50}
    bundle = trainer.fit(recipe, where.test_start)
    assert sum(map(len, bundle.files.values())) + len(str(bundle.manifest)) < 5_000_000
