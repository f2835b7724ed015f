"""Rows of a table as the trees take them: columns of the contract, declared features and the calendar, in numbers.

A feature made of earlier rows (``last_week = { op = "mean", window = "7 days" }``) is an input of the answer under its own
name: whoever asks says it, so that training and serving cannot differ in silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ContractError, NotEnoughData
from tidemill.features.transaction_time import TransactionTime
from tidemill.learning.evaluate import day_blocks
from tidemill.learning.split import places
from tidemill.tasks.tabular.boost import Input
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    import polars as pl

    from tidemill.data.contract.contract import Contract
    from tidemill.features.views import View

F8 = NDArray[np.float64]
MOST_CATEGORIES = 256
"""A column keeps its most frequent categories; the others are as missing."""
_PLACE = "_place"
PLAIN = {"string": "category", "boolean": "category", "integer": "number", "number": "number"}


@dataclass(frozen=True)
class Table:
    """Rows by time, or without one by their place (`tidemill.learning.split.places`).

    ``raw`` holds the inputs by name, ``target`` the truth: numbers, or labels.
    """

    raw: dict[str, Any]  # name -> polars Series
    kinds: dict[str, str]  # input -> number | category
    calendar: dict[str, str]  # feature -> operation on the time
    required: frozenset[str]
    time: str
    target: Any  # polars Series
    at: NDArray[np.int64]
    unit: NDArray[Any]  # the independent unit of each row: its subject, else its day, without a time its key
    transaction_time: TransactionTime | None = None  # when each row was known, where any came late

    def __len__(self) -> int:
        return len(self.at)

    def pack(self) -> pl.DataFrame:
        """One table with everything, for the artifact between steps; `described` says what each column is."""
        import polars as pl

        known = self.transaction_time.columns() if self.transaction_time else {}
        return pl.DataFrame({**self.raw, "_target": self.target, "_at": self.at, "_unit": self.unit, **known})

    @staticmethod
    def unpack(rows: pl.DataFrame, columns: Sequence[JsonObject]) -> Table:
        """The rows back, given what each column is."""
        plain = [c for c in columns if "time" not in c]
        timed = [c for c in columns if "time" in c]
        return Table(
            raw={c["name"]: rows[c["name"]] for c in plain},
            kinds={c["name"]: c["kind"] for c in plain},
            calendar={c["name"]: c["kind"] for c in timed},
            required=frozenset(c["name"] for c in plain if c["required"]),
            time=timed[0]["time"] if timed else "",
            target=rows["_target"],
            at=rows["_at"].to_numpy().astype(np.int64),
            unit=rows["_unit"].to_numpy(),
            transaction_time=TransactionTime.read(rows),
        )

    def columns(self, rows: NDArray[np.int64]) -> tuple[Input, ...]:
        """The columns as these rows show them: categories that only later rows have are unknown."""
        found = [
            Input(
                name, kind, name, name in self.required, _categories(self.raw[name][rows]) if kind == "category" else ()
            )
            for name, kind in self.kinds.items()
        ]
        return (*found, *(Input(name, op, self.time, True) for name, op in self.calendar.items()))

    def encoded(self, inputs: Sequence[Input], rows: NDArray[np.int64]) -> F8:
        """rows x inputs in float64: exactly what `Input.number` gives each value."""
        from tidemill.features.transforms import calendar

        out = np.empty((len(rows), len(inputs)))
        for place, one in enumerate(inputs):
            if one.name in self.calendar:
                out[:, place] = calendar(one.kind, self.at[rows])
            elif one.kind == "category":
                codes = {value: float(i) for i, value in enumerate(one.categories)}
                out[:, place] = [codes.get(value, np.nan) for value in self.raw[one.name][rows].to_list()]
            else:
                out[:, place] = _numbers(self.raw[one.name][rows])
        return out

    def between(self, start: Micros | None, end: Micros) -> NDArray[np.int64]:
        """The rows with ``start <= at < end``."""
        return np.flatnonzero((self.at >= (start if start is not None else -(2**62))) & (self.at < end))

    def known_between(self, start: Micros | None, end: Micros) -> NDArray[np.int64]:
        """Those of them that a model of ``end`` may learn from: known by then. After the last row all are."""
        rows = self.between(start, end)
        if self.transaction_time is None or end > int(self.at.max(initial=-1)):
            return rows
        return rows[self.transaction_time.seen(end)[rows]]


def build(frame: pl.DataFrame, contract: Contract, views: Sequence[View] = ()) -> Table:
    """The rows of a dataset with a target. Raises ContractError when the contract names none."""
    import polars as pl

    if contract.target is None:
        raise ContractError("a table needs a column with the role 'target'", place=contract.place)
    target = contract.target
    rows = _ordered(frame.filter(pl.col(target).is_not_null()), contract)
    if not len(rows):
        raise NotEnoughData("there is no row with a target")
    at = rows[_PLACE].to_numpy()
    made = _made(rows, views, at)
    said = described(contract, views)
    return Table(
        raw={c["name"]: made[c["name"]] if c["name"] in made else rows[c["name"]] for c in said if "time" not in c},
        kinds={c["name"]: c["kind"] for c in said if "time" not in c},
        calendar={c["name"]: c["kind"] for c in said if "time" in c},
        required=frozenset(c["name"] for c in said if c["required"]),
        time=contract.time or "",
        target=rows[target],
        at=at.astype(np.int64),
        unit=_units(rows, contract, at),
        transaction_time=TransactionTime.read(rows),
    )


def described(contract: Contract, views: Sequence[View] = ()) -> tuple[JsonObject, ...]:
    """What each input is: ``{name, kind, required}``, with ``time`` where it is made from the moment.

    Not inputs: the target, the time itself, the subject and the columns of the key.
    """
    left_out = {contract.time, contract.target, contract.subject, *contract.key}
    said: list[JsonObject] = [
        {"name": c.name, "kind": PLAIN[c.kind], "required": c.required}
        for c in contract.columns
        if c.name not in left_out and c.kind in PLAIN
    ]
    for view in views:
        for f in view.features:
            if f.calendar:
                said.append({"name": f.name, "kind": f.op, "required": True, "time": contract.time})
            elif f.by is None:
                said.append({"name": f.name, "kind": "number", "required": False})
    return tuple(said)


def _ordered(rows: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """The rows in their order, with the moment or the place of each."""
    import polars as pl

    if contract.time is not None:
        rows = rows.sort(contract.time, *contract.key, maintain_order=True)
        return rows.with_columns(pl.col(contract.time).cast(pl.Datetime("us")).dt.epoch("us").alias(_PLACE))
    whose = [contract.subject] if contract.subject else list(contract.key or contract.names)
    keys = rows.select(pl.concat_str([pl.col(c).cast(pl.String).fill_null("") for c in whose], separator="\x1f"))
    placed = rows.with_columns(pl.Series(_PLACE, places(keys.to_series().to_list()), dtype=pl.Int64))
    return placed.sort(_PLACE, *contract.key, maintain_order=True)


def _units(rows: pl.DataFrame, contract: Contract, at: Any) -> NDArray[Any]:
    import polars as pl

    if contract.subject:
        return rows[contract.subject].cast(pl.String).to_numpy()
    return day_blocks(at.astype(np.int64)) if contract.time else at.astype(np.int64)


def _made(rows: pl.DataFrame, views: Sequence[View], at: Any) -> dict[str, Any]:
    """Columns made of earlier rows: each row is a request at its own moment."""
    import polars as pl

    from tidemill.features.as_of import table

    made: dict[str, Any] = {}
    transaction_time = TransactionTime.read(rows)
    for view in views:
        lagged = [f.name for f in view.features if not f.calendar and f.by is None]
        if lagged:
            entity = {"entity": rows[view.entity]} if view.entity else {}
            requests = pl.DataFrame({"request": np.arange(len(rows)), **entity, "at": at})
            found = table(view, rows, transaction_time.asked(requests) if transaction_time else requests)
            made |= {name: found[name] for name in lagged}
    return made


def signature(inputs: Sequence[Input], labels: list[Any] | None) -> JsonObject:
    """The typed inputs and outputs of a bundle of trees."""
    said: JsonObject = {one.source: {"type": _type(one), "required": one.required} for one in inputs}
    outputs: JsonObject = {"value": "float64"}
    if labels is not None:
        outputs = {"value": "label", "probability": "float64", "probabilities": "float64 by label"}
    return {"inputs": said, "outputs": outputs}


def _type(one: Input) -> str:
    if one.kind == "category":
        return "boolean" if one.categories and isinstance(one.categories[0], bool) else "string"
    return "float64" if one.kind == "number" else "time"


def _categories(values: Any) -> tuple[str | bool, ...]:
    counts = values.drop_nulls().value_counts(sort=False)
    pairs = sorted(zip(counts["count"].to_list(), counts[values.name].to_list()), key=lambda p: (-p[0], p[1]))
    return tuple(sorted(name for _, name in pairs[:MOST_CATEGORIES]))


def _numbers(values: Any) -> F8:
    import polars as pl

    found: F8 = values.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return found
