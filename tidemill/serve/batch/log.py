"""A partition's answers as its log keeps them (`tidemill.store.partlog`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import chain
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.serve.batch.answer import Answers, by_of
from tidemill.serve.batch.columns import rest_of
from tidemill.store.partlog import NUMBERS, texts
from tidemill.tasks.port import Plain


def log_of(found: Answers, as_of: str = "") -> dict[str, NDArray[Any]]:
    """The arrays, whose rows are in order. ``as_of``: part of what was asked."""
    by = [*by_of(found)]
    slow = np.array([one.row for one in found.slow], np.int64)
    rows = np.concatenate([*(rows for _, rows, _ in found.fast), slow])
    order = np.argsort(rows, kind="stable")
    whose = [np.full(len(rows), by.index(who.said)) for who, rows, _ in found.fast]
    alone = np.array([by.index(one.said) for one in found.slow], np.int64)
    meta = {"by": by, "watermark": found.watermark, "whole": _whole(found)}
    arrays: dict[str, NDArray[Any]] = {
        "row": rows[order].astype(np.int32),
        "by": np.concatenate([*whose, alone])[order].astype(np.uint16),
        "meta": np.frombuffer(json.dumps(meta).encode(), np.uint8),
    }
    arrays |= _texts(
        "output", [*chain.from_iterable(_outputs(plain, as_of) for *_, plain in found.fast), *_slow(found)], order
    )
    arrays |= _inputs(found, rows, order, as_of)
    if any(one.answer.cold for one in found.slow):
        cold = np.zeros(len(rows), np.bool_)
        cold[len(rows) - len(found.slow) :] = [one.answer.cold for one in found.slow]
        arrays["cold"] = cold[order]
    if any(one.explained for one in found.slow):
        none = [b""] * (len(rows) - len(found.slow))
        arrays |= _texts("explained", [*none, *(one.explained for one in found.slow)], order)
    if found.subjects is not None:
        names = [found.subjects[row] for row in rows[order].tolist()]
        arrays["subject"] = np.array(names) if names else np.zeros(0, "U1")
    if found.keys is not None:
        arrays["key"] = np.array([found.keys[row] for row in rows[order].tolist()] or [""])[: len(rows)]
    return arrays


def _slow(found: Answers) -> list[bytes]:
    return [one.answer.output for one in found.slow]


def _texts(name: str, said: list[bytes], order: NDArray[Any]) -> dict[str, NDArray[Any]]:
    data, end = texts([said[place] for place in order.tolist()])
    return {name: data, f"{name}.end": end}


def _outputs(plain: Plain, as_of: str) -> list[bytes]:
    """The answers as JSON objects."""
    said = {name: _column(held) for name, held in plain.told.items()} | ({"as_of": as_of} if as_of else {})
    columns = {name: held for name, held in said.items() if isinstance(held, pl.Series)}
    same = {name: pl.lit(held) for name, held in said.items() if name not in columns}
    whole = pl.DataFrame(columns).with_columns(**same).select(pl.struct(list(said))).to_series()
    return [text.encode() for text in whole.struct.json_encode().to_list()]


def _column(held: Any) -> Any:
    """What is said of each row; what is the same for all as it is."""
    if isinstance(held, Mapping):
        return pl.DataFrame({label: pl.Series(one) for label, one in held.items()}).to_struct()
    return pl.Series(held) if isinstance(held, np.ndarray | list) else held


def _inputs(found: Answers, rows: NDArray[Any], order: NDArray[Any], as_of: str) -> dict[str, NDArray[Any]]:
    """What was asked: numbers as columns, all else, and rows that were asked alone, as JSON."""
    numbers = {name: held for name, held in found.given.items() if isinstance(held, np.ndarray)}
    arrays = {f"{NUMBERS}{name}": held[rows[order]] for name, held in numbers.items()}
    others = [name for name in found.given if name not in numbers]
    if not (others or as_of or found.slow):
        return arrays
    some = rows[: len(rows) - len(found.slow)]
    kept = rest_of(found.frame[some], others, {"as_of": as_of} if as_of else {})
    return arrays | _texts("inputs", [*kept, *(one.inputs for one in found.slow)], order)


def _whole(found: Answers) -> list[str]:
    """Columns of whole numbers that are held as floats, as some are missing."""
    kinds = found.frame.schema
    return [
        n
        for n, held in found.given.items()
        if isinstance(held, np.ndarray) and held.dtype.kind == "f" and kinds[n].is_integer()
    ]
