"""A table with a known truth: its columns by name, a target made of them, and a model of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator, RegressorMixin

from tidemill.data.contract.contract import Contract
from tidemill.evaluation.port import Look
from tidemill.learning.search import Settings
from tidemill.learning.split import Cut
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.tabular import learners
from tidemill.tasks.tabular.sample import Sample
from tidemill.tasks.tabular.tables import build
from tidemill.tasks.tabular.training import TRAINING, TabularTrainer
from tidemill.types import JsonObject

HEAD = """\
apiVersion: v3.0.2
kind: DataContract
id: made
version: 1.0.0
schema:
  - name: made
    customProperties: [{ property: tidemill.key, value: [id] }]
    properties:
      - { name: id, logicalType: string, required: true }
      - { name: at, logicalType: timestamp, required: true, customProperties: [{ property: tidemill.role, value: time }] }
      - { name: who, logicalType: string, customProperties: [{ property: tidemill.role, value: subject }] }
"""
TARGET = "      - {{ name: target, logicalType: {}, required: true, customProperties: [{{ property: tidemill.role, value: target }}] }}\n"
KINDS = {"f": "number", "i": "integer", "U": "string", "b": "boolean"}


class Made:
    """Rows three hours apart of ten rows a subject; the last fifth is the test."""

    def __init__(self, columns: Mapping[str, Any], target: Any, metric: str = "", **details: Any) -> None:
        n, values = len(target), {name: np.asarray(one) for name, one in columns.items()}
        kind = KINDS[np.asarray(target).dtype.kind]
        text = HEAD + "".join(
            f"      - {{ name: {k}, logicalType: {KINDS[v.dtype.kind]} }}\n" for k, v in values.items()
        )
        self.contract = Contract.parse(text + TARGET.format(kind))
        named = {"id": [f"r{i}" for i in range(n)], "who": [f"w{i % max(n // 10, 1)}" for i in range(n)]}
        at = [datetime(2024, 1, 1) + timedelta(hours=3 * i) for i in range(n)]
        frame = pl.DataFrame({**named, "at": at, **values, "target": target}).with_columns(
            pl.col("at").cast(pl.Datetime("us")), pl.col(pl.Float64).fill_nan(None)
        )
        task = "regress" if kind == "number" else "classify"
        self.rows = build(frame, self.contract)
        said: JsonObject = {**TRAINING.details(self.contract, (), None, task), **details}  # type: ignore[arg-type]
        metric = metric or ("mae" if task == "regress" else "log_loss")
        self.settings = Settings(task, metric, None, 1, None, said)
        trainer = TRAINING.open_trainer(self.rows, self.settings)
        assert isinstance(trainer, TabularTrainer)
        self.trainer = trainer
        self.cut = Cut([], int(trainer.at[n * 4 // 5]), int(trainer.at[-1]) + 1)

    def fit(self, method: str = "linear", **recipe: Any) -> Bundle:
        said = learners.recipe_of(method, self.settings.task, self.settings.metric)
        return self.trainer.fit({**said, **recipe}, self.cut.test_start)

    def look(self, bundle: Bundle) -> Look:
        own = self.trainer.report(bundle, self.cut.test_start, self.cut.end)
        return Look(self.trainer, self.rows, self.settings, self.cut, bundle, own, {}, {}, 0)

    def sample(self, bundle: Bundle, most: int = 20_000) -> Sample:
        return self.trainer.sample(bundle, self.cut.test_start, self.cut.end, most)

    def learned(self, bundle: Bundle, most: int = 20_000) -> Sample:
        return self.trainer.learned(bundle, self.cut.test_start, most)


class Asked(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A sample's scorer as scikit-learn asks one."""

    def __init__(self, sample: Sample | None = None) -> None:
        self.sample = sample

    def fit(self, x: Any, y: Any) -> Any: ...

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict(self, x: Any) -> Any:
        assert self.sample is not None
        return self.sample.told(np.asarray(x))[:, self.sample.watched]
