"""What a champion's training data looked like, column by column, and how clean windows of it differ from one another.

Made once a champion from the rows it was trained on, kept as an artifact, and compared with every window that follows.
Numbers are cut at the baseline's deciles; text and truth values are counted; items and subjects are watched by what is
new and by popularity; keys, times and columns with too many values are left out and named. A baseline lists no subject:
who was in the training data is read from the dataset.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.config.policies import FalseAlarms
from tidemill.errors import ConfigError, NotEnoughData
from tidemill.monitor.calibrate import calibrate
from tidemill.monitor.drift import Column, Counts, above
from tidemill.store.payloads import AlarmRate, DriftWindow
from tidemill.types import DAY, Micros, did_you_mean

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
    calibration: AlarmRate
    bins: Mapping[str, int]
    skipped: Mapping[str, str]

    def count(self, frame: pl.DataFrame, known: Collection[str]) -> list[Counts]:
        """The frame's rows in each column's bins. ``known``: the `subjects` of the rows that the baseline was made of."""
        bought = _bought(frame, self.roles)
        return [self._count(column, frame, bought, known) for column in self.columns]

    def compare(self, frame: pl.DataFrame, known: Collection[str]) -> DriftWindow:
        """The frame against the baseline, all columns under the one threshold: what is above it is an alarm."""
        counts = self.count(frame, known)
        columns = {c.name: c.compare(n) for c, n in zip(self.columns, counts, strict=True)}
        least = min((found.p for found in columns.values()), default=1.0)
        return DriftWindow(
            self.model,
            self.calibration,
            columns,
            which=above(columns, self.calibration.threshold),
            score=math.log(1 / max(least, 1e-300)),
            skipped=self.skipped,
        )

    def _count(self, column: Column, frame: pl.DataFrame, bought: pl.DataFrame, known: Collection[str]) -> Counts:
        bins = len(column.labels)
        if column.name == NEW_SUBJECTS:
            subjects = _counted(bought[str(self.roles.subject)])
            return _tally(((int(subject not in known), 1) for subject, _ in subjects), bins)
        if column.name == NEW_ITEMS:
            items = _counted(bought[str(self.roles.item)])
            return _tally(((int(item not in self.bins), n) for item, n in items), bins)
        if column.name == POPULARITY:
            items = _counted(bought[str(self.roles.item)])
            return _tally(((self.bins[item], n) for item, n in items if item in self.bins), bins)
        return np.bincount(places(column, frame[column.name]), minlength=bins).astype(np.float64)


def places(column: Column, series: pl.Series) -> NDArray[np.int64]:
    """The bin of each value: the last is for what is missing, in categories the one before it for others."""
    missing = len(column.labels) - 1
    if column.kind == "numeric":
        values = series.cast(float).to_numpy()
        return np.where(np.isnan(values), missing, np.searchsorted(column.cuts, values, side="right"))
    texts = series.cast(pl.String)
    codes = texts.cast(pl.Enum(column.cuts), strict=False).to_physical().cast(pl.Int64).fill_null(missing - 1)
    return np.where(texts.is_null().to_numpy(), missing, codes.to_numpy())


def _counted(series: pl.Series) -> list[tuple[str, int]]:
    """Each different value as text and how often it is there."""
    return series.cast(str).value_counts().rows()


def _tally(found: Iterable[tuple[int, int]], bins: int) -> Counts:
    """How many fell into each bin, of pairs (bin, how many)."""
    counted = np.zeros(bins)
    for place, n in found:
        counted[place] += n
    return counted


def numeric_column(name: str, cuts: Sequence[float]) -> Column:
    """A column of numbers cut at these edges (an edge is in the bin above it); one more bin for what is missing."""
    edges = [f"{c:.4g}" for c in cuts]
    inner = [f"{a} to {b}" for a, b in pairwise(edges)]
    labels = (f"below {edges[0]}", *inner, f"from {edges[-1]}", _MISSING) if edges else ("all", _MISSING)
    return Column(name, "numeric", labels, cuts=tuple(cuts))


def category_column(name: str, values: Sequence[str]) -> Column:
    """A column of values; one more bin for others, one for what is missing."""
    return Column(name, "category", (*values, "others", _MISSING), cuts=tuple(values))


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
    if not frame.height:
        raise NotEnoughData("no rows to compare windows with", place=model)
    frame = frame.with_columns(_at=pl.lit(0) if roles.time is None else pl.col(roles.time).dt.epoch("us"))
    frame = frame.with_columns(_window=pl.col("_at") // window)
    bought = _bought(frame, roles)
    watched, skipped = _watched(frame, roles, columns)
    made = [(column, _blocks(frame, places(column, frame[column.name]), column)) for column in watched]
    bins: dict[str, int] = {}
    if roles.item is not None and bought.height:
        bins = _popularity(bought[roles.item])
        popularity = Column(
            POPULARITY, "popularity", tuple(f"items of popularity {i + 1}/{_BINS}" for i in range(_BINS))
        )
        ranks = bought[roles.item].cast(str).replace_strict(bins, default=0).to_numpy()
        made.append((popularity, _blocks(bought, ranks, popularity)))
        made += _new(bought, roles.item, NEW_ITEMS, window, gap, each_row=True)
    if roles.subject is not None and bought.height:
        made += _new(bought, roles.subject, NEW_SUBJECTS, window, gap, each_row=False)
    counted = [replace(column, counts=tuple(blocks.sum(axis=0).tolist())) for column, blocks in made]
    fitted, calibration = calibrate(counted, [blocks for _, blocks in made], promise, window, seed)
    return Baseline(model, roles, frame.height, tuple(fitted), calibration, bins, skipped)


def subjects(frame: pl.DataFrame, roles: Roles) -> frozenset[str]:
    """Who is in these rows. Kept in memory only: a baseline is an artifact, and lists nobody."""
    if roles.subject is None:
        return frozenset()
    return frozenset(map(str, _bought(frame, roles)[roles.subject].cast(str).unique().to_list()))


def _bought(frame: pl.DataFrame, roles: Roles) -> pl.DataFrame:
    return frame if roles.value is None else frame.filter(pl.col(roles.value) > 0)


def _watched(frame: pl.DataFrame, roles: Roles, wanted: str | Sequence[str]) -> tuple[list[Column], dict[str, str]]:
    """The columns that are watched by their values, and why the others are not."""
    for name in wanted if wanted != "all" else ():
        if name not in frame.columns:
            raise ConfigError(f"no column {name!r}", place="[monitor] drift", hint=did_you_mean(name, frame.columns))
    parts: dict[str | None, str] = dict.fromkeys(roles.key, "part of the key")
    parts |= {roles.time: "the time", roles.subject: "watched as customers", roles.item: "watched as items"}
    found: list[Column] = []
    skipped: dict[str, str] = {}
    for name in frame.columns:
        if name.startswith("_") or (wanted != "all" and name not in wanted):
            continue
        column = parts.get(name) or _column(frame[name])
        if isinstance(column, Column):
            found.append(column)
        else:
            skipped[name] = column
    return found, skipped


def _column(series: pl.Series) -> Column | str:
    """The column to be watched, or why it is not."""
    kind, many = series.dtype, series.n_unique()
    if many < 2:
        return "one value only"
    if kind.is_numeric() and not (kind.is_integer() and many <= _FEW):
        return numeric_column(series.name, _cuts(series))
    if not (kind.is_integer() or kind in (pl.String, pl.Boolean)):
        return f"a column of {kind}"
    if many > MANY:
        return f"{many} values"
    counted = series.cast(str).drop_nulls().value_counts().sort("count", series.name, descending=[True, False])
    return category_column(series.name, counted[series.name].to_list())


def _cuts(series: pl.Series) -> list[float]:
    values = series.cast(float).drop_nulls().drop_nans().to_numpy()
    if not len(values):
        return []
    return sorted({float(v) for v in np.quantile(values, np.arange(1, _BINS) / _BINS)})


def _blocks(frame: pl.DataFrame, where: NDArray[np.int64], column: Column) -> Counts:
    """Counts by (window, bin), one row for every window from the first to the last."""
    windows, bins = frame["_window"].to_numpy(), len(column.labels)
    first, last = int(windows.min()), int(windows.max())
    flat = np.bincount((windows - first) * bins + where, minlength=(last - first + 1) * bins)
    return flat.reshape(-1, bins).astype(np.float64)


def _popularity(items: pl.Series) -> dict[str, int]:
    """The bin of each item: in order of how often they are bought, cut into bins that hold the same share of rows each."""
    counted = items.cast(str).drop_nulls().value_counts().sort("count", items.name, descending=[True, False])
    before = counted["count"].cum_sum().shift(1, fill_value=0).to_numpy()
    place = np.minimum(before * _BINS // counted["count"].sum(), _BINS - 1)
    return dict(zip(counted[items.name].to_list(), place.tolist(), strict=True))


def _new(
    bought: pl.DataFrame, name: str, label: str, window: Micros, gap: Micros, *, each_row: bool
) -> list[tuple[Column, Counts]]:
    """How much is new in the second half of the baseline to a model that is ``gap`` old. Nothing if it is too short."""
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
    column = Column(label, "new", ("known", "new"))
    return [(column, _blocks(late, late["new"].to_numpy().astype(np.int64), column))]
