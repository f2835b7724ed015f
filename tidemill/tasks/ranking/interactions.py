"""Timed events of subjects with items as arrays: what recommenders learn from and are asked about. numpy only.

A row with ``value > 0`` is a purchase (a click, a play), one below zero a return. Rows that belong together (an
invoice) share a ``basket``: a request is a basket of purchases, asked for at its first moment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidemill.features.as_of import Histories
from tidemill.features.transaction_time import BEGAN, KNOWN, TransactionTime, known_of
from tidemill.learning.rows import AT, BESIDE, beside
from tidemill.types import Micros

if TYPE_CHECKING:
    import polars as pl

    from tidemill.data.contract.contract import Contract

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

TITLE = "_title"
"""The column of `table_of` with what the row's item is called."""


@dataclass(frozen=True)
class Interactions:
    """Rows by code; ``users[user[i]]`` and ``items[item[i]]`` are the names, both lists sorted, no name twice.

    ``at`` in µs UTC, every one of them before ``end``: the moment up to which this is known. ``transaction_time``: when each row was
    known, where any came late.
    """

    users: list[str]
    items: list[str]
    user: I8
    item: I8
    at: I8
    value: F8
    basket: I8
    end: Micros
    transaction_time: TransactionTime | None = None
    beside: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    """Columns that answers are judged by: the value of each row, None where there is none."""

    @staticmethod
    def of(
        users: Sequence[str],
        items: Sequence[str],
        at: Sequence[int] | I8,
        value: Sequence[float] | F8 | None = None,
        basket: Sequence[int] | I8 | None = None,
        end: Micros | None = None,
    ) -> Interactions:
        """From one name a row. Without baskets, rows of one subject at one moment are one.

        >>> data = Interactions.of(["u", "u", "v"], ["b", "a", "a"], [1, 1, 2])
        >>> data.items, data.item.tolist(), data.basket.tolist(), data.end
        (['a', 'b'], [1, 0, 0], [0, 0, 1], 3)
        """
        import polars as pl

        types = {"subject": pl.String, "item": pl.String, AT: pl.Int64, "value": pl.Float64}
        given = [1.0] * len(at) if value is None else value
        rows = pl.DataFrame(dict(zip(types, (users, items, at, given))), schema=types)
        together = _moments() if basket is None else pl.Series("basket", basket, pl.Int64)
        made = from_table(rows.with_columns(together))
        return made if end is None else replace(made, end=end)

    def __len__(self) -> int:
        return len(self.at)

    def before(self, end: Micros) -> Interactions:
        """What had happened before this moment: later rows are gone, and so are names that only they have."""
        return self._take(self.at < end, min(end, self.end))

    def known_before(self, end: Micros) -> Interactions:
        """What a model of this moment may learn from: what had happened, and was known. At its own end all of it is."""
        if self.transaction_time is None or end >= self.end:
            return self.before(end)
        return self._take((self.at < end) & self.transaction_time.seen(end), end)

    def learned(self, end: Micros, back: Micros | None) -> Interactions:
        """What a model of this moment learns from, going so far back: all that was known, where nothing is said."""
        known = replace(self.known_before(end), end=end)
        return known if back is None else known.since(end - back)

    def since(self, start: Micros) -> Interactions:
        """The rows from this moment on."""
        return self._take(self.at >= start, self.end)

    @property
    def purchases(self) -> Interactions:
        """Rows with a value above zero."""
        return self._take(self.value > 0, self.end)

    @cached_property
    def histories(self) -> Histories:
        """Every subject's purchases, ready to be asked as of any moment."""
        return Histories(self.users, self.items, self.user, self.item, self.at, self.value, self.transaction_time)

    def _take(self, mask: NDArray[np.bool_], end: Micros) -> Interactions:
        if mask.all():
            return replace(self, end=end)
        users, user = _compact(self.users, self.user[mask])
        items, item = _compact(self.items, self.item[mask])
        rows = {name: getattr(self, name)[mask] for name in ("at", "value", "basket")}
        known = self.transaction_time and self.transaction_time.take(mask)
        judged = {name: column[mask] for name, column in self.beside.items()}
        told = replace(self, users=users, items=items, user=user, item=item, end=end, transaction_time=known)
        return replace(told, beside=judged, **rows)


class Asked(NamedTuple):
    """A basket to be predicted: ``truth`` are its distinct items, sorted. ``row``: its first one, among those of the data."""

    at: Micros
    subject: str
    truth: list[str]
    row: int = -1


def requests_between(data: Interactions, start: Micros, end: Micros) -> list[Asked]:
    """The baskets of purchases whose first moment is in ``start <= at < end``, in order.

    >>> data = Interactions.of(["u", "u", "v"], ["b", "a", "a"], [1, 1, 2])
    >>> [asked.truth for asked in requests_between(data, 0, 3)]
    [['a', 'b'], ['a']]
    """
    bought = np.flatnonzero(data.value > 0)
    is_late = data.at[bought] >= start
    late = bought[is_late]
    late = late[~np.isin(data.basket[late], data.basket[bought[~is_late]])]  # not of a basket that had begun
    order = late[np.lexsort((data.item[late], data.at[late], data.basket[late]))]
    edges = np.flatnonzero(np.diff(data.basket[order], prepend=-1, append=-1)) if len(order) else np.empty(0, np.int64)
    found = []
    for low, high in pairwise(edges.tolist()):
        at = int(data.at[order[low]])
        if at < end:
            truth = [data.items[i] for i in sorted(set(data.item[order[low:high]].tolist()))]
            found.append(Asked(at, data.users[data.user[order[low]]], truth, int(order[low])))
    return sorted(found)


def table_of(frame: pl.DataFrame | pl.LazyFrame, contract: Contract, judged_by: Sequence[str] = ()) -> pl.DataFrame:
    """The rows of a dataset by the roles of its contract: subject, item, `AT`, value, basket; by time. TransactionTime goes along.

    Baskets: what the contract's key says beside subject and item (an invoice number), else subject and moment.
    """
    import polars as pl
    import polars.selectors as cs

    time, subject, item = (pl.col(str(contract.role(role))) for role in ("time", "subject", "item"))
    rest = [name for name in contract.key if name not in (contract.subject, contract.item)]
    has_basket = bool(rest) and len(rest) < len(contract.key)
    lazy = frame.lazy()
    there = lazy.collect_schema().names()
    roles = [name for name in map(contract.role, ("time", "subject", "item", "value")) if name]
    wanted = lazy.select(
        subject.cast(pl.String).alias("subject"),
        item.cast(pl.String).alias("item"),
        time.cast(pl.Datetime("us")).dt.epoch("us").alias(AT),
        (pl.col(contract.value).cast(pl.Float64) if contract.value else pl.lit(1.0)).alias("value"),
        (pl.struct(rest).rank("dense") if has_basket else pl.lit(0)).cast(pl.Int64).alias("basket"),
        *([known_of(roles, there), pl.col(BEGAN)] if KNOWN in there else []),
        *(pl.col(name).alias(BESIDE + name) for name in judged_by),
        *([pl.col(contract.title).cast(pl.String).alias(TITLE)] if contract.title in there else []),
    )
    wanted = wanted.drop_nulls(~(cs.starts_with(BESIDE) | cs.by_name(TITLE, require_all=False))).sort(
        AT, "subject", "item", maintain_order=True
    )
    if not has_basket:
        wanted = wanted.with_columns(_moments())
    rows: pl.DataFrame = wanted.collect()
    return rows


def titles(rows: pl.DataFrame) -> dict[str, str]:
    """What each item of the rows of `table_of` was called last; nothing where the contract names no column for it.

    >>> import polars as pl
    >>> titles(pl.DataFrame({"item": ["a", "a", "b"], "_title": ["mug", "a mug", None]}))
    {'a': 'a mug'}
    """
    import polars as pl

    if TITLE not in rows.columns:
        return {}
    there = rows.lazy().filter(pl.col(TITLE).str.strip_chars() != "").group_by("item", maintain_order=True)
    found = there.agg(pl.col(TITLE).last().str.strip_chars()).collect()
    return dict(found.rows())


def from_table(rows: pl.DataFrame) -> Interactions:
    """The rows of `table_of` as arrays."""
    users, user = _coded(rows["subject"])
    items, item = _coded(rows["item"])
    at, value, basket = (rows[name].to_numpy() for name in (AT, "value", "basket"))
    end = int(at.max(initial=-1)) + 1
    judged = {name: column.to_numpy() for name, column in beside(rows).items()}
    return Interactions(users, items, user, item, at, value, basket, end, TransactionTime.read(rows), judged)


def from_frame(frame: pl.DataFrame | pl.LazyFrame, contract: Contract) -> Interactions:
    """The rows of a dataset by the roles of its contract."""
    return from_table(table_of(frame, contract))


def _coded(names: pl.Series) -> tuple[list[str], I8]:
    """The distinct names, sorted, and each name's place among them."""
    import polars as pl

    distinct = names.unique().sort()
    return distinct.to_list(), names.cast(pl.Enum(distinct)).to_physical().cast(pl.Int64).to_numpy()


def _moments() -> pl.Expr:
    """One basket for the rows of one subject at one moment."""
    import polars as pl

    return (pl.struct("subject", AT).rank("dense").cast(pl.Int64) - 1).alias("basket")


def _compact(names: list[str], codes: I8) -> tuple[list[str], I8]:
    """The names that still occur and the codes among them: counting, because sorting every row again would cost more."""
    used = np.flatnonzero(np.bincount(codes, minlength=len(names)))
    new = np.zeros(len(names), np.int64)
    new[used] = np.arange(len(used))
    return [names[i] for i in used.tolist()], new[codes]
