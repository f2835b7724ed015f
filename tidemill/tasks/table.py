"""From the configuration's task to the trainer it is: above the problems, so that they need not know one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidemill.learning.trainer import Settings, Trainer

if TYPE_CHECKING:
    import polars as pl


def open_trainer(rows: pl.DataFrame, settings: Settings) -> Trainer:
    """The trainer of this task."""
    found: Any
    if settings.task in ("classify", "regress"):
        from tidemill.tasks.tabular.trainer import TabularTrainer, unpack

        found = TabularTrainer(unpack(rows, settings), settings)
    else:
        from tidemill.tasks.ranking.interactions import from_table
        from tidemill.tasks.ranking.trainer import LearnerTrainer, RankingTrainer

        kind = LearnerTrainer if settings.task.startswith("steps:") else RankingTrainer
        found = kind(from_table(rows), settings)
    trainer: Trainer = found
    return trainer
