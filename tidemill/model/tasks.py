"""From the configuration's task to the problem it is: above the problems, so that they need not know one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidemill.model.problem import Problem, Settings

if TYPE_CHECKING:
    import polars as pl


def open_problem(rows: pl.DataFrame, settings: Settings) -> Problem:
    """The problem of this task."""
    found: Any
    if settings.task in ("classify", "regress"):
        from tidemill.model.table_problem import TableProblem, unpack

        found = TableProblem(unpack(rows, settings), settings)
    else:
        from tidemill.model.interactions import from_table
        from tidemill.model.rank_problem import LearnerProblem, RankProblem

        kind = LearnerProblem if settings.task.startswith("steps:") else RankProblem
        found = kind(from_table(rows), settings)
    problem: Problem = found
    return problem
