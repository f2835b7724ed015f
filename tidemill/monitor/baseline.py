"""What a champion's training data looked like, column by column, and how clean windows of it differ from one another.

Made once a champion from the rows it was trained on, kept as an artifact, and compared with every window that follows.
How a column is cut is in `monitor.bins`; items and subjects are watched by what is new and by popularity; keys and times are
left out and named. Where weekdays differ, a day is compared with the same weekdays. A baseline lists no subject: who was in
the training data is read from the dataset.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from polars import selectors

from tidemill.config.policies import FalseAlarms
from tidemill.errors import ConfigError, NotEnoughData
from tidemill.monitor.bins import (
    BINS,
    Places,
    Rows,
    column_of,
    counted,
    height_of,
    names_of,
    places,
    popularity,
    tally,
    values_of,
)
from tidemill.monitor.calibrate import Blocks, by_weekday, calibrate
from tidemill.monitor.clumps import alike, clumps_of, worth, worth_by_window
from tidemill.monitor.drift import Column, Counts, above
from tidemill.monitor.weighed import Attributions
from tidemill.store.payloads import AlarmRate, DriftWindow
from tidemill.types import DAY, Micros, did_you_mean

NEW_ITEMS, NEW_SUBJECTS, POPULARITY = "unseen items", "unseen customers", "popularity"
OF_ITEMS = ("popularity", "new")
"""Kinds of columns that are of the rows that count, and not of those that are given back."""
GAP: Micros = 28 * DAY
"""How old a model is when its share of new things is usual: the baseline's own share is taken at this distance."""
_FEWEST = 5  # windows with rows, before it is known when a window's last one comes


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
    window: Micros
    quiet: Micros  # the longest between a window's last row and its end
    attributions: Attributions | None = None  # of what answers are made, made where that is watched

    def count(self, frame: Rows, known: Collection[str]) -> list[Counts]:
        """The frame's rows in each column's bins. ``known``: the `subjects` of the rows that the baseline was made of."""
        bought = _bought(frame, self.roles)
        return [self._count(column, frame, bought, known) for column in self.columns]

    def compare(self, frame: Rows, known: Collection[str], start: Micros | None = None) -> DriftWindow:
        """The frame against the baseline, all columns under the one threshold: what is above it is an alarm.

        ``start`` of the window: it is compared with its own weekdays where they differ. A column that the baseline does not
        know, or of another type by now, is named among the ``skipped``.
        """
        phase = None if start is None else start // self.window
        counts, sizes = self.count(frame, known), self._sizes(frame)
        columns = {
            c.name: c.compare(n, phase, worth(sizes[c.kind in OF_ITEMS], c.rho))
            for c, n in zip(self.columns, counts, strict=True)
        }
        least = min((found.p for found in columns.values()), default=1.0)
        seen = {*self.skipped, *(c.source for c in self.columns)}
        return DriftWindow(
            self.model,
            self.calibration,
            columns,
            which=above(columns, self.calibration.threshold),
            score=math.log(1 / max(least, 1e-300)),
            subjects=len(sizes[0]),
            skipped={**self.skipped, **{name: "newer than the model" for name in names_of(frame) if name not in seen}},
        )

    def _sizes(self, frame: Rows) -> tuple[Places, Places]:
        """How many rows each subject has: of all rows, and of those that count."""
        subject = self.roles.subject
        if subject is None:
            return (np.empty(0, np.int64),) * 2
        every, bought = (values_of(rows, subject) for rows in (frame, _bought(frame, self.roles)))
        return _sizes_of(every), _sizes_of(bought)

    def _count(self, column: Column, frame: Rows, bought: Rows, known: Collection[str]) -> Counts:
        bins = len(column.labels)
        if column.kind == "popularity":
            items = counted(values_of(bought, column.source))
            return tally(((self.bins[item], n) for item, n in items if item in self.bins), bins)
        if column.kind == "new" and column.source == self.roles.subject:
            return tally(
                ((int(subject not in known), 1) for subject, _ in counted(values_of(bought, column.source))), bins
            )
        if column.kind == "new":
            return tally(
                ((int(item not in self.bins), n) for item, n in counted(values_of(bought, column.source))), bins
            )
        there = column.source in names_of(frame)
        values = values_of(frame, column.source) if there else pl.Series([None] * height_of(frame))
        return np.bincount(places(column, values), minlength=bins).astype(np.float64)


def _sizes_of(subjects: pl.Series) -> Places:
    """How many rows each has; a row of nobody stands for itself."""
    named = [n for _, n in counted(subjects.drop_nulls())]
    return np.array([*named, *[1] * subjects.null_count()], np.int64)


@dataclass(frozen=True, slots=True)
class Past:
    """Who and what rows are of, and which window each is in: beside the frame, whose columns may have any name."""

    rows: pl.DataFrame
    at: Places
    window: Micros
    clumps: Places

    @property
    def windows(self) -> Places:
        return self.at // self.window

    def where(self, keep: pl.Series) -> Past:
        kept = keep.to_numpy()
        _, clumps = np.unique(self.clumps[kept], return_inverse=True)
        return Past(
            self.rows.filter(keep) if self.rows.width else self.rows,
            self.at[kept],
            self.window,
            clumps.astype(np.int64),
        )

    def blocks(self, found: Places, column: Column) -> tuple[Column, Blocks]:
        """The column with how much clumps are alike, and what rows are worth by (window, bin), one row for every window from
        the first to the last."""
        windows, bins = self.windows - int(self.windows.min()), len(column.labels)
        count = int(windows.max()) + 1
        rho = alike(found, self.clumps, windows)
        flat = np.bincount(windows * bins + found, minlength=count * bins).reshape(-1, bins)
        scaled = flat * worth_by_window(windows, self.clumps, rho, count)[:, None]
        return replace(column, rho=rho), Blocks(scaled, int(self.windows.min()))

    def quiet(self) -> Micros:
        """How long before a window's end its last row came at most; the whole window where too few say it.

        Of the last window nobody knows whether it was whole.
        """
        windows = self.windows
        last = np.full(int(windows.max() - windows.min()) + 1, -1, np.int64)
        np.maximum.at(last, windows - windows.min(), self.at)
        ends = self.window - last[last >= 0][:-1] % self.window
        return int(ends.max()) if len(ends) >= _FEWEST else self.window


def build(
    frame: Rows,
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
    height, names = height_of(frame), names_of(frame)
    if not height:
        raise NotEnoughData("no rows to compare windows with", place=model)
    at = np.zeros(height, np.int64) if roles.time is None else values_of(frame, roles.time).dt.epoch("us").to_numpy()
    whose = None if roles.subject is None else values_of(frame, roles.subject)
    past = Past(_of_roles(frame, roles), at, window, clumps_of(at // window, whose))
    watched, skipped = _watched(frame, roles, columns)
    made = [past.blocks(places(column, values_of(frame, column.name)), column) for column in watched]
    bought = past if roles.value is None else past.where(_counts(frame, roles.value))
    bins: dict[str, int] = {}
    if roles.item is not None and len(bought.at):
        bins = popularity(values_of(bought.rows, roles.item))
        made += _of_items(bought, roles.item, bins, gap, names)
    if roles.subject is not None and len(bought.at):
        made += _new(bought, roles.subject, _free(NEW_SUBJECTS, names), gap, each_row=False)
    fitted, calibration = of_past(made, promise, window, seed)
    return Baseline(model, roles, height, tuple(fitted), calibration, bins, skipped, window, past.quiet())


def of_past(
    made: Sequence[tuple[Column, Blocks]], promise: FalseAlarms, window: Micros, seed: int
) -> tuple[list[Column], AlarmRate]:
    """The columns as their past windows show them, and the threshold that keeps the promise."""
    counts = [by_weekday(column, blocks, window) for column, blocks in made]
    return calibrate(counts, [blocks for _, blocks in made], promise, window, seed)


def subjects(frame: Rows, roles: Roles) -> frozenset[str]:
    """Who is in these rows. Kept in memory only: a baseline is an artifact, and lists nobody."""
    if roles.subject is None:
        return frozenset()
    return frozenset(map(str, values_of(_bought(frame, roles), roles.subject).cast(str).unique().to_list()))


def _bought(frame: Rows, roles: Roles) -> Rows:
    return frame if roles.value is None else frame.filter(selectors.by_name(roles.value) > 0)


def _counts(frame: Rows, value: str) -> pl.Series:
    """Whether a row counts: what is given back does not."""
    return (values_of(frame, value) > 0).fill_null(False)


def _free(name: str, taken: Collection[str]) -> str:
    """Our name for what is watched beside the columns, unless a column is called so.

    >>> _free("popularity", ["price"]), _free("popularity", ["popularity"])
    ('popularity', 'popularity (of items)')
    """
    while name in taken:
        name += " (of items)"
    return name


def _of_roles(frame: Rows, roles: Roles) -> pl.DataFrame:
    """Who and what the rows are of."""
    of = [name for name in (roles.subject, roles.item) if name is not None]
    return pl.DataFrame({name: values_of(frame, name) for name in of}) if of else pl.DataFrame()


def _watched(frame: Rows, roles: Roles, wanted: str | Sequence[str]) -> tuple[list[Column], dict[str, str]]:
    """The columns that are watched by their values, and why the others are not."""
    for name in wanted if wanted != "all" else ():
        if name not in names_of(frame):
            raise ConfigError(f"no column {name!r}", place="[monitor] drift", hint=did_you_mean(name, names_of(frame)))
    parts: dict[str | None, str] = dict.fromkeys(roles.key, "part of the key")
    parts |= {roles.time: "the time", roles.subject: "watched as customers", roles.item: "watched as items"}
    found: list[Column] = []
    skipped: dict[str, str] = {}
    for name in names_of(frame):
        if wanted != "all" and name not in wanted:
            skipped[name] = "not among [monitor] drift columns"
            continue
        column = parts.get(name) or column_of(name, values_of(frame, name))
        if isinstance(column, Column):
            found.append(column)
        else:
            skipped[name] = column
    return found, skipped


def _of_items(
    bought: Past, name: str, bins: Mapping[str, int], gap: Micros, taken: Collection[str]
) -> list[tuple[Column, Blocks]]:
    """Items by popularity, and those that are new."""
    labels = tuple(f"items of popularity {i + 1}/{BINS}" for i in range(BINS))
    column = Column(_free(POPULARITY, taken), "popularity", labels, of=name)
    there = bought.where(values_of(bought.rows, name).is_not_null())
    ranks = values_of(there.rows, name).cast(pl.String).replace_strict(bins, default=0).to_numpy()
    return [there.blocks(ranks, column), *_new(bought, name, _free(NEW_ITEMS, taken), gap, each_row=True)]


def _new(bought: Past, name: str, label: str, gap: Micros, *, each_row: bool) -> list[tuple[Column, Blocks]]:
    """How much is new in the second half of the baseline to a model that is ``gap`` old. Nothing if it is too short."""
    windows = bought.windows
    start = int(windows.min())
    half = start + (int(windows.max()) - start) // 2
    late = windows > half
    if (half - start) * bought.window < gap or not late.any():
        return []
    of_rows = {"at": bought.at, "window": windows, "clump": bought.clumps}
    rows = pl.DataFrame({"value": values_of(bought.rows, name), **of_rows})
    new = pl.col("at").min().over("value") >= pl.col("window") * bought.window - gap
    rows = rows.with_columns(new=new).filter(pl.col("window") > half)
    if not each_row:
        rows = rows.unique(["window", "value"], maintain_order=True)
    column = Column(label, "new", ("known", "new"), of=name)
    _, clumps = np.unique(rows["clump"].to_numpy(), return_inverse=True)
    past = Past(rows, (rows["window"] * bought.window).to_numpy(), bought.window, clumps.astype(np.int64))
    return [past.blocks(rows["new"].to_numpy().astype(np.int64), column)]
