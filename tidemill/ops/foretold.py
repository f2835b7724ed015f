"""Estimates before labels as a notebook shows them: a picture with the truth in it, how often that lay within, and a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tidemill.learning.measures import measure
from tidemill.ops.estimates import STATED, Estimated
from tidemill.ops.shown import ROWS, Records, cell, table
from tidemill.ops.sketches import courses
from tidemill.ops.text import share

if TYPE_CHECKING:
    import polars as pl


class OpenEstimates(Records[Estimated]):
    """Windows of an endpoint, the latest first."""

    def __init__(self, found: Iterable[Estimated]) -> None:
        super().__init__(found)

    def frame(self) -> pl.DataFrame:
        """``[from, metric, n, estimate, low, high, truth, state]`` of every window and metric, oldest first."""
        import polars as pl

        rows = [
            (one.start, metric, one.n, *figures, one.truth.get(metric), one.state)
            for one in reversed(self)
            for metric, figures in one.estimates.items()
        ]
        types: dict[str, pl.DataType] = {"from": pl.Int64(), "metric": pl.String(), "n": pl.Int64()}
        types |= dict.fromkeys(("estimate", "low", "high", "truth"), pl.Float64())
        types |= {"state": pl.String()}
        return pl.DataFrame(rows, schema=types, orient="row").with_columns(pl.from_epoch("from", "us"))

    def _repr_html_(self) -> str:
        there = [one for one in reversed(self) if one.estimate is not None]
        metric = there[-1].metric if there else ""
        own = [one for one in there if one.metric == metric]
        lines = {
            "estimate": [(one.start, one.estimate) for one in own],
            "truth": [(one.start, None if metric not in one.truth else (one.truth[metric],) * 3) for one in own],
        }
        picture = courses(f"{metric} before labels, and the truth", lines)
        shown = [one for one in own if metric in one.inside]
        held = f"the truth lay within in {sum(one.inside[metric] for one in shown)} of {len(shown)} windows, stated {share(STATED)}"
        rows = (_row(one) for one in self[:ROWS])
        names = ("from", "answers", "metric", "estimate", "truth", "state", "")
        return picture + table(names, rows, held if shown else f"{len(self):,} windows, no label yet")


def _row(one: Estimated) -> list[str]:
    kind = measure(one.metric)
    estimate = "{} ({} … {})".format(*map(kind.text, one.estimate)) if one.estimate else ""
    truth = one.truth.get(one.metric)
    texts = [f"{one.n:,}", one.metric, estimate, "" if truth is None else kind.text(truth), one.state, one.said]
    return [cell("start", one.start), *(cell("", text) for text in texts)]
