"""What a champion's training data looked like, column by column, and how clean windows of it differ from one another.

Made once a champion from the rows it was trained on, kept as an artifact, and compared with every window that follows.
Numbers are cut at the baseline's deciles; text and truth values are counted; items and subjects are watched by what is
new and by popularity; keys, times and columns with too many values are left out and named. A baseline lists no subject:
who was in the training data is read from the dataset.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from tidemill.config.policies import FalseAlarms
from tidemill.errors import ConfigError, NotEnoughData
from tidemill.monitor.calibrate import Calibration, calibrate
from tidemill.monitor.drift import Column, Compared, Counts, Drift, together
from tidemill.types import DAY, JsonObject, Micros, canonical, did_you_mean

if TYPE_CHECKING:
    import polars as pl

NEW_ITEMS, NEW_SUBJECTS, POPULARITY = "unseen items", "unseen customers", "popularity"
GAP: Micros = 28 * DAY
"""How old a model is when its share of new things is usual: the baseline's own share is taken at this distance."""
MANY = 200
"""A text column with more values than this is not watched by value."""
_BINS = 10
_FEW = 12  # integers with so few values are counted value by value
_MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Roles:
    """Which columns of a frame play which part; those that are absent are None."""

    time: str | None = None
    subject: str | None = None
    item: str | None = None
    value: str | None = None
    key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Baseline:
    """What windows are compared with. ``bins`` gives each item's popularity bin; it also is the set of known items."""

    model: str
    roles: Roles
    rows: int
    columns: tuple[Column, ...]
    calibration: Calibration
    bins: Mapping[str, int]
    skipped: Mapping[str, str]

    def count(self, frame: pl.DataFrame, known: Collection[str]) -> list[Counts]:
        """The frame's rows in each column's bins. ``known``: the `subjects` of the rows that the baseline was made of."""
        bought = _bought(frame, self.roles)
        return [self._count(column, frame, bought, known) for column in self.columns]

    def compare(self, frame: pl.DataFrame, known: Collection[str]) -> Drift:
        """The frame against the baseline, all columns under the one threshold."""
        counts = self.count(frame, known)
        compared: list[Compared] = [c.compare(n) for c, n in zip(self.columns, counts, strict=True)]
        return together(compared, self.calibration.threshold)

    def _count(self, column: Column, frame: pl.DataFrame, bought: pl.DataFrame, known: Collection[str]) -> Counts:
        if column.kind == "popularity":
            counted = np.zeros(len(column.counts))
            for item, n in _counted(bought[str(self.roles.item)]):
                if item is not None and item in self.bins:
                    counted[self.bins[item]] += n
            return counted
        if column.name == NEW_ITEMS:
            old = sum(n for item, n in _counted(bought[str(self.roles.item)]) if item in self.bins)
            return np.array([old, bought.height - old], dtype=np.float64)
        if column.name == NEW_SUBJECTS:
            asked = [subject for subject, _ in _counted(bought[str(self.roles.subject)])]
            old = sum(subject in known for subject in asked)
            return np.array([old, len(asked) - old], dtype=np.float64)
        return counts_of(column, frame[column.name])

    def to_bytes(self) -> bytes:
        """As kept in the artifact store: JSON."""
        return canonical(
            {
                "model": self.model,
                "roles": asdict(self.roles),
                "rows": self.rows,
                "columns": [c.to_json() for c in self.columns],
                "calibration": asdict(self.calibration),
                "bins": dict(self.bins),
                "skipped": dict(self.skipped),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Baseline:
        raw: JsonObject = json.loads(data)
        return cls(
            model=raw["model"],
            roles=Roles(**{**raw["roles"], "key": tuple(raw["roles"]["key"])}),
            rows=raw["rows"],
            columns=tuple(Column.from_json(c) for c in raw["columns"]),
            calibration=Calibration(**raw["calibration"]),
            bins=raw["bins"],
            skipped=raw["skipped"],
        )


def counts_of(column: Column, series: pl.Series) -> Counts:
    """The values in the column's bins; the last is for what is missing; in categories the one before is for others."""
    if column.kind == "numeric":
        values = series.to_numpy()
        if values.dtype.kind != "f":
            values = series.cast(float).to_numpy()
        there = values[~np.isnan(values)]
        found = np.bincount(np.searchsorted(column.cuts, there, side="right"), minlength=len(column.cuts) + 1)
        return np.append(found, len(values) - len(there)).astype(np.float64)
    place = {value: i for i, value in enumerate(column.cuts)}
    counted = np.zeros(len(column.counts))
    for value, n in _counted(series):
        counted[-1 if value is None else place.get(value, len(place))] += n
    return counted


def _counted(series: pl.Series) -> list[tuple[str | None, int]]:
    """Each different value as text and how often it is there."""
    return series.cast(str).value_counts().rows()


def numeric_column(name: str, cuts: Sequence[float], counts: Sequence[float] = ()) -> Column:
    """A column of numbers cut at these edges (an edge is in the bin above it); one more bin for what is missing."""
    edges = [f"{c:.4g}" for c in cuts]
    inner = [f"{a} to {b}" for a, b in pairwise(edges)]
    labels = (f"below {edges[0]}", *inner, f"from {edges[-1]}", _MISSING) if edges else ("all", _MISSING)
    return Column(name, "numeric", labels, tuple(counts), tuple(float(c) for c in cuts))


def category_column(name: str, values: Sequence[str], counts: Sequence[float] = ()) -> Column:
    """A column of values; one more bin for others, one for what is missing."""
    return Column(name, "category", (*values, "others", _MISSING), tuple(counts), tuple(values))


def build(
    frame: pl.DataFrame,
    roles: Roles,
    promise: FalseAlarms,
    window: Micros,
    *,
    model: str,
    columns: str | Sequence[str] = "all",
    seed: int = 0,
    gap: Micros = GAP,
) -> Baseline:
    """The baseline of these rows. Times are cut into windows of ``window`` micros. Raises NotEnoughData for no rows."""
    import polars as pl

    if not frame.height:
        raise NotEnoughData("no rows to compare windows with", place=model)
    frame = frame.with_columns(_at=pl.lit(0) if roles.time is None else pl.col(roles.time).dt.epoch("us"))
    frame = frame.with_columns(_window=pl.col("_at") // window)
    bought = _bought(frame, roles)
    watched, skipped = _watched(frame, roles, columns)
    made = [_with_blocks(column, frame) for column in watched]
    bins: dict[str, int] = {}
    if roles.item is not None and bought.height:
        popularity, bins, blocks = _popularity(bought, roles.item)
        made += [(popularity, blocks), *_new(bought, roles.item, NEW_ITEMS, window, gap, each_row=True)]
    if roles.subject is not None and bought.height:
        made += _new(bought, roles.subject, NEW_SUBJECTS, window, gap, each_row=False)
    fitted, calibration = calibrate([c for c, _ in made], [b for _, b in made], promise, window, seed)
    return Baseline(model, roles, frame.height, tuple(fitted), calibration, bins, skipped)


def subjects(frame: pl.DataFrame, roles: Roles) -> frozenset[str]:
    """Who is in these rows. Kept in memory only: a baseline is an artifact, and lists nobody."""
    if roles.subject is None:
        return frozenset()
    return frozenset(map(str, _bought(frame, roles)[roles.subject].cast(str).unique().to_list()))


def _bought(frame: pl.DataFrame, roles: Roles) -> pl.DataFrame:
    import polars as pl

    return frame if roles.value is None else frame.filter(pl.col(roles.value) > 0)


def _watched(frame: pl.DataFrame, roles: Roles, wanted: str | Sequence[str]) -> tuple[list[Column], dict[str, str]]:
    """The columns that are watched by their values, and why the others are not."""
    import polars as pl

    for name in wanted if wanted != "all" else ():
        if name not in frame.columns:
            raise ConfigError(f"no column {name!r}", place="[monitor] drift", hint=did_you_mean(name, frame.columns))
    parts = {roles.time: "the time", roles.subject: "watched as customers", roles.item: "watched as items"}
    found: list[Column] = []
    skipped: dict[str, str] = {}
    for name, kind in frame.schema.items():
        if name.startswith("_") or (wanted != "all" and name not in wanted):
            continue
        if name in parts or name in roles.key:
            skipped[name] = parts.get(name, "part of the key")
            continue
        series = frame[name]
        many = series.n_unique()
        if many < 2:
            skipped[name] = "one value only"
        elif kind.is_numeric() and not (kind.is_integer() and many <= _FEW):
            found.append(numeric_column(name, _cuts(series)))
        elif kind == pl.String or kind == pl.Boolean or kind.is_integer():
            if many > MANY:
                skipped[name] = f"{many} values"
            else:
                counted = series.cast(str).drop_nulls().value_counts().sort("count", name, descending=[True, False])
                found.append(category_column(name, counted[name].to_list()))
        else:
            skipped[name] = f"a column of {kind}"
    return found, skipped


def _cuts(series: pl.Series) -> list[float]:
    values = series.cast(float).drop_nulls().drop_nans().to_numpy()
    if not len(values):
        return []
    return sorted({float(v) for v in np.quantile(values, np.arange(1, _BINS) / _BINS)})


def _with_blocks(column: Column, frame: pl.DataFrame) -> tuple[Column, Counts]:
    """The column with its counts, and its counts window by window."""
    bins = len(column.labels)
    column = replace(column, counts=(0.0,) * bins)
    series = frame[column.name]
    if column.kind == "numeric":
        values = series.cast(float).to_numpy()
        where = np.searchsorted(column.cuts, values, side="right")
        where[np.isnan(values)] = bins - 1
    else:
        place: dict[Any, int] = {value: i for i, value in enumerate(column.cuts)}
        texts = series.cast(str)
        where = texts.replace_strict(place, default=bins - 2).to_numpy().copy()
        where[texts.is_null().to_numpy()] = bins - 1
    blocks = _blocks(frame["_window"].to_numpy(), where.astype(np.int64), bins)
    return replace(column, counts=tuple(blocks.sum(axis=0).tolist())), blocks


def _blocks(windows: Any, where: Any, bins: int) -> Counts:
    """Counts by (window, bin), one row for every window from the first to the last."""
    first, last = int(windows.min()), int(windows.max())
    flat = np.bincount((windows - first) * bins + where, minlength=(last - first + 1) * bins)
    return flat.reshape(-1, bins).astype(np.float64)


def _popularity(bought: pl.DataFrame, item: str) -> tuple[Column, dict[str, int], Counts]:
    """Items in order of how often they are bought, cut into bins that hold the same share of rows each."""
    names = bought[item].cast(str)
    counted = names.value_counts().sort("count", item, descending=[True, False])
    before = counted["count"].cum_sum().shift(1, fill_value=0).to_numpy()
    place = np.minimum(before * _BINS // bought.height, _BINS - 1)
    bins = dict(zip(counted[item].to_list(), (int(b) for b in place), strict=True))
    where = names.replace_strict(bins, default=0).to_numpy()
    blocks = _blocks(bought["_window"].to_numpy(), where.astype(np.int64), _BINS)
    labels = tuple(f"items of popularity {i + 1}/{_BINS}" for i in range(_BINS))
    return Column(POPULARITY, "popularity", labels, tuple(blocks.sum(axis=0).tolist())), bins, blocks


def _new(
    bought: pl.DataFrame, name: str, label: str, window: Micros, gap: Micros, *, each_row: bool
) -> list[tuple[Column, Counts]]:
    """How much is new in the second half of the baseline to a model that is ``gap`` old. Nothing if it is too short."""
    import polars as pl

    start = int(bought["_window"].min())  # type: ignore[arg-type]
    half = start + (int(bought["_window"].max()) - start) // 2  # type: ignore[arg-type]
    first = pl.col("_at").min().over(name)
    late = bought.select("_window", name, new=first >= pl.col("_window") * window - gap).filter(
        pl.col("_window") > half
    )
    if (half - start) * window < gap or not late.height:
        return []
    if not each_row:
        late = late.unique(["_window", name], maintain_order=True)
    blocks = _blocks(late["_window"].to_numpy(), late["new"].to_numpy().astype(np.int64), 2)
    return [(Column(label, "new", ("known", "new"), tuple(blocks.sum(axis=0).tolist())), blocks)]
