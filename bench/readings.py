"""Reading values: what the one reading costs a request beside its trees, and a file beside polars' own cast."""

from __future__ import annotations

from functools import partial
from typing import Any

import polars as pl

from bench import shop
from bench.timing import piece, row
from tidemill.data.check.checks import Rules
from tidemill.data.check.column import Column
from tidemill.data.check.readings import name_of
from tidemill.learning.bundle import open_scorer
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.tabular.inputs import Input
from tidemill.tasks.tabular.row import RowScorer
from tidemill.tasks.tabular.tables import as_json

N = 1_000_000
MIXED = {"member": True, "country": "FR", "at": "2024-10-09T10:00:00Z", **{f"x{i:02}": 0.1 * i for i in range(27)}}


def run() -> list[dict[str, Any]]:
    return [*of_requests(), *of_files()]


def of_requests() -> list[dict[str, Any]]:
    bundle = shop.trees(0)
    plain, limited, mixed = (_scorer(bundle, inputs) for inputs in (_numbers(None), _numbers(-1e6), _mixed()))
    values = [*shop.ROW.values()]
    floor = piece(lambda: plain.told(plain.outputs(values)))[1]
    rows = [
        row(
            f"a request of 30 numbers{what}",
            piece(partial(scorer.predict, asked))[1],
            "CPU us",
            floor,
            "its trees",
        )
        for what, scorer, asked in (
            ("", plain, shop.ROW),
            (" with limits", limited, shop.ROW),
            (": 27, a boolean, a text, the hour", mixed, MIXED),
            (": 27, the same as texts", mixed, {**MIXED, "member": "yes", "at": "2024-10-09 10:00"}),
        )
    ]
    return [*rows, row("a name in its normal form", piece(lambda: name_of(None, "17000"))[1], "CPU us")]


def _scorer(bundle: Bundle, inputs: list[Input]) -> RowScorer:
    said = {**bundle.manifest, "columns": as_json(inputs)}
    scorer: RowScorer = open_scorer(Bundle(said, bundle.files), {"row": RowScorer})
    return scorer


def _numbers(least: float | None) -> list[Input]:
    return [Input(n, "number", n, True, column=Column(n, "number", minimum=least)) for n in shop.ROW]


def _mixed() -> list[Input]:
    first = [
        Input("member", "category", "member", categories=(False, True), column=Column("member", "boolean")),
        Input("country", "category", "country", categories=("DE", "FR"), column=Column("country", "string")),
        Input("hour", "hour", "at", True, column=Column("at", "timestamp")),
    ]
    return [*first, *_numbers(None)[:27]]


def of_files() -> list[dict[str, Any]]:
    ids = pl.Series("v", [f"{i % 100_000}" for i in range(N)])
    numbers = pl.Series("v", [f"{i / 7:.3f}" for i in range(N)])
    times = pl.Series("v", ["2024-01-31 10:30:00"]).sample(N, with_replacement=True)
    form = "%Y-%m-%d %H:%M:%S"
    found = []
    for what, column, values, cast in (
        ("ids", Column("v", "string", normal=True), ids, pl.col("v").str.strip_chars()),
        ("numbers", Column("v", "number"), numbers, pl.col("v").cast(pl.Float64)),
        ("times", Column("v", "timestamp"), times, pl.col("v").str.to_datetime(form)),
    ):
        frame, rules = values.to_frame().with_columns(_row=pl.int_range(pl.len())), Rules(columns=(column,))
        cost = piece(partial(rules.check, frame))[1] / 1e6
        floor = piece(partial(frame.select, cast))[1] / 1e6
        found.append(row(f"a million {what} as text, checked", cost, "CPU s", floor, "polars' cast"))
    return found
