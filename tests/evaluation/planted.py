"""Tables of known truth, and a look at what was fitted to them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from tests.tasks.tabular.test_trees import CONTRACT
from tidemill.data.contract.contract import Contract
from tidemill.evaluation.port import Look
from tidemill.learning.rows import AT
from tidemill.learning.search import Settings
from tidemill.learning.split import Cut
from tidemill.learning.trainer import Report
from tidemill.tasks.tabular import learners
from tidemill.tasks.tabular.tables import as_json, build, described
from tidemill.tasks.tabular.training import TRAINING
from tidemill.types import JsonObject

HEAD, _, _ = CONTRACT.partition("      - { name: income")


def table(
    columns: Mapping[str, Any], target: Any, *, task: str = "regress", subjects: int = 0
) -> tuple[pl.DataFrame, Settings]:
    """Rows three hours apart as the trainer takes them; texts are categories."""
    n = len(target)
    frame = pl.DataFrame({
        "id": [f"l{i}" for i in range(n)],
        "at": [datetime(2011, 1, 1) + timedelta(hours=3 * i) for i in range(n)],
        "who": [f"w{i % (subjects or n)}" for i in range(n)],
        **columns,
        "TARGET": target,
    }).with_columns(pl.col(pl.Float64).fill_nan(None), pl.col("at").cast(pl.Datetime("us")))  # fmt: skip
    kinds = {name: "string" if frame[name].dtype == pl.String else "number" for name in (*columns, "TARGET")}
    lines = "".join(f"      - {{ name: {name}, logicalType: {kinds[name]} }}\n" for name in columns)
    role = "customProperties: [{ property: tidemill.role, value: target }]"
    contract = Contract.parse(
        f"{HEAD}{lines}      - {{ name: TARGET, logicalType: {kinds['TARGET']}, required: true, {role} }}\n"
    )
    details: JsonObject = {"columns": as_json(described(contract)), "unit": "subjects"}
    metric = "mae" if task == "regress" else "log_loss"
    return build(frame, contract), Settings(task, metric, None, 1, None, details)


def look_at(rows: pl.DataFrame, settings: Settings, method: str = "linear", test: float = 0.5, **recipe: Any) -> Look:
    """A recipe fitted before the last part of the rows, which is its test; the simple models beside it. Its answers are not measured."""
    at = rows[AT].to_numpy()
    cut = Cut([], int(at[round(len(at) * (1 - test))]), int(at[-1]) + 1)
    trainer = TRAINING.open_trainer(rows, settings)
    made = {**learners.recipe_of(method, settings.task, settings.metric), **recipe}
    bundle = trainer.fit(made, cut.test_start)
    simple = {name: trainer.fit(trainer.baseline(name), cut.test_start) for name in ("constant", "linear")}
    return Look(trainer, rows, settings, cut, bundle, Report({}, {}), {}, simple, 0)
