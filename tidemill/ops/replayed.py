"""Searches, learning curves, backtests and auditions as a notebook shows them: a picture, sentences, and tables to go on with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from tidemill.backtest.compared import INCUMBENT
from tidemill.backtest.course import REFIT, STATIC, Figure
from tidemill.backtest.lived import LOOP
from tidemill.ops import backtests
from tidemill.ops.auditions import Audition
from tidemill.ops.backtests import Backtest, Beside
from tidemill.ops.searched import Curve, Searched
from tidemill.ops.shown import ROWS, Opened, Records, Shown, cell, table
from tidemill.ops.sketches import courses, intervals
from tidemill.ops.text import Interval, number
from tidemill.store.records import Run
from tidemill.types import Micros, parse_time

if TYPE_CHECKING:
    import polars as pl

NOTHING = "<p>nothing was kept of it</p>"


def sentences(lines: Iterable[str]) -> str:
    """Each on a line of its own, as text."""
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


class Plays(Records[Run]):
    """Runs of backtests or auditions: what was played, of which model."""

    def _repr_html_(self) -> str:
        asked = ("name", "every", "recipe_of")
        rows = ([run.id, *(str(run.params.get(name, "")) for name in asked), run.status] for run in self[:ROWS])
        shown = ([*(cell("", text) for text in row), cell("started", run.started)] for row, run in zip(rows, self))
        names = ("run", "model", "every", "recipe", "status", "started")
        left_out = f", the first {ROWS}" if len(self) > ROWS else ""
        return table(names, shown, f"{len(self):,} run{'' if len(self) == 1 else 's'}{left_out}")


class OpenSearch(Shown[Searched | None]):
    """What a version's search tried. Empty of one that was made by hand."""

    def frame(self) -> pl.DataFrame:
        """``[method, mean, low, high, chosen, fits, why]``, the best first."""
        import polars as pl

        rows = [
            (one.method, *(one.reached or (None, None, None)), one.chosen, one.fits, one.why)
            for one in (self.record.tried if self.record else ())
        ]
        types: dict[str, pl.DataType] = {"method": pl.String(), **_figures(pl.Float64())}
        types |= {"chosen": pl.Boolean(), "fits": pl.Int64(), "why": pl.String()}
        return pl.DataFrame(rows, schema=types, orient="row")

    def _repr_html_(self) -> str:
        found = self.record
        if found is None:
            return NOTHING
        best = [(f"{one.method}{' ★' if one.chosen else ''}", one.reached) for one in found.tried[:ROWS] if one.reached]
        chosen = next((one.reached[0] for one in found.tried if one.chosen and one.reached), None)
        rows = (
            [cell("", one.method), _text(one.reached), cell("", one.settings), cell("", one.why)]
            for one in found.tried[:ROWS]
        )
        picture = intervals(f"{found.metric} by recipe", best[:12], chosen)
        names = ("method", f"{found.metric} ({found.better} is better)", "settings", "why")
        return picture + table(names, rows, found.said)


class OpenCurve(Shown[Curve | None]):
    """What a version's recipe reaches from fewer rows. Empty where its run kept none."""

    def frame(self) -> pl.DataFrame:
        """``[rows, mean, low, high]``."""
        import polars as pl

        points = self.record.points if self.record else ()
        rows = [(point.rows, *point.reached) for point in points]
        return pl.DataFrame(rows, schema={"rows": pl.Int64(), **_figures(pl.Float64())}, orient="row")

    def _repr_html_(self) -> str:
        found = self.record
        if found is None:
            return NOTHING
        rows = [(f"{point.rows:,} rows", point.reached) for point in found.points]
        picture = intervals(f"{found.metric} by rows", rows, found.points[-1].reached[0])
        return f"<p>{escape(found.metric)}, {found.better} is better</p>{picture}{sentences([found.said])}"


class OpenBacktest(Opened[Backtest]):
    """One past that was played again."""

    @property
    def said(self) -> list[str]:
        """What it shows, in sentences."""
        return self.record.said

    def frame(self) -> pl.DataFrame:
        """``[from, arm, requests, mean, low, high]`` of every span, of a play of the loop by month."""
        return _frame(self._spans())

    def compare(self, other: str) -> OpenBeside:
        """This one and another of the same model. Raises NotFound, BadRequest."""
        return OpenBeside(backtests.compare(self._project, self.record.run, other))

    def _spans(self) -> list[tuple[Micros, int, Mapping[str, Figure]]]:
        found = self.record
        if found.report is not None:
            return [(one.start, one.n, one.arms) for one in found.report.spans]
        months = found.lived.months if found.lived else []
        return [(parse_time(f"{one.month}-01"), one.n, one.arms) for one in months]

    def _repr_html_(self) -> str:
        found, report = self.record, self.record.report
        picture = _over_time(found.metric, self._spans(), (REFIT, STATIC) if report else (LOOP, STATIC))
        aged = (
            [
                (f"{one.age} × {found.every}", _percent(one.gain.gain, one.gain.low, one.gain.high))
                for one in report.staleness
            ]
            if report
            else []
        )
        stale = (
            f"<p>by age of the fit, against a fresh one, in %</p>{intervals('staleness', aged, 0.0)}" if aged else ""
        )
        head = f"<p><b>{escape(found.model)}</b>, {escape(found.words)}; {escape(found.metric)}</p>"
        return head + picture + stale + sentences(found.said)


class OpenAudition(Opened[Audition]):
    """A present system beside the loop."""

    @property
    def said(self) -> list[str]:
        """What it found, in sentences."""
        return self.record.said

    def frame(self) -> pl.DataFrame:
        """``[from, arm, requests, mean, low, high]`` by month."""
        return _frame(self._months())

    def _months(self) -> list[tuple[Micros, int, Mapping[str, Figure]]]:
        return [(parse_time(f"{one.month}-01"), one.n, one.arms) for one in self.record.report.months]

    def _repr_html_(self) -> str:
        found = self.record
        picture = _over_time(found.report.metric, self._months(), (LOOP, INCUMBENT))
        unknown = [f"not known: {line}" for line in found.report.cannot_know]
        head = f"<p><b>{escape(found.model)}</b>: {escape(found.verdict)}</p>"
        return head + picture + sentences([*found.said, *unknown])


class OpenBeside(Shown[Beside]):
    """Two backtests of one model side by side."""

    def _repr_html_(self) -> str:
        found = self.record
        lines = {name: play.course for name, play in zip(("first", "second"), found.plays)}
        return courses(f"{found.metric} of two plays", lines) + sentences(found.said)


def _over_time(metric: str, spans: Sequence[tuple[Micros, int, Mapping[str, Figure]]], arms: Sequence[str]) -> str:
    return courses(f"{metric} over time", {arm: [(at, figures.get(arm)) for at, _, figures in spans] for arm in arms})


def _frame(spans: Sequence[tuple[Micros, int, Mapping[str, Figure]]]) -> pl.DataFrame:
    import polars as pl

    rows = [(at, arm, n, *figure) for at, n, arms in spans for arm, figure in arms.items()]
    types: dict[str, pl.DataType] = {
        "from": pl.Int64(),
        "arm": pl.String(),
        "requests": pl.Int64(),
        **_figures(pl.Float64()),
    }
    return pl.DataFrame(rows, schema=types, orient="row").with_columns(pl.from_epoch("from", "us"))


def _figures(kind: pl.DataType) -> dict[str, pl.DataType]:
    return dict.fromkeys(("mean", "low", "high"), kind)


def _percent(*shares: float) -> Interval:
    mean, low, high = (100 * one for one in shares)
    return mean, low, high


def _text(reached: Interval | None) -> str:
    return "" if reached is None else escape("{} ({} … {})".format(*map(number, reached)))
