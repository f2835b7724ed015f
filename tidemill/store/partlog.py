"""The log of a batch: the answers of one partition as arrays, in an artifact that a row of the live store names. numpy only.


| array | what |
|---|---|
| ``row`` | the row of the partition that each answer is to; rows without one could not be answered |
| ``by`` | the place in ``meta["by"]`` of who answered: model, release, variant and its chance |
| ``cold``, ``subject``, ``key`` | as of `Prediction`; left out where no row has any |
| ``output``, ``inputs``, ``explained`` | JSON: all bytes after one another, and in ``….end`` where each ends |
| ``inputs:NAME`` | a column of numbers, which is no part of the JSON; NaN is what is missing |
| ``meta`` | JSON: ``by``, ``watermark``, and which columns are ``whole`` numbers |
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from tidemill.store.batched import KIND, ROW
from tidemill.store.records import BatchPart, Prediction
from tidemill.types import JsonObject, letters

Arrays = Mapping[str, NDArray[Any]]
NUMBERS = "inputs:"


def texts(values: Sequence[bytes]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Texts as one array of bytes, and where each ends."""
    data = np.frombuffer(b"".join(values), np.uint8)
    return data, np.cumsum(np.fromiter(map(len, values), np.int64, len(values)))


class Opened:
    """The arrays of a partition, and what is worked out of them once."""

    def __init__(self, part: BatchPart, arrays: Arrays) -> None:
        self._part, self._arrays, self.rows = part, arrays, arrays["row"]
        self._meta: JsonObject = json.loads(arrays["meta"].tobytes())
        self._numbers = {n.removeprefix(NUMBERS): held for n, held in arrays.items() if n.startswith(NUMBERS)}

    def of(self, subject: str) -> NDArray[Any]:
        """The places of the answers to a subject."""
        if "subject" not in self._arrays:
            return np.arange(0 if subject else len(self.rows))
        order, names = self._by_subject
        asked = np.array([subject])
        first, last = np.searchsorted(names, asked, "left")[0], np.searchsorted(names, asked, "right")[0]
        return np.sort(order[first:last])

    @cached_property
    def _by_subject(self) -> tuple[NDArray[Any], NDArray[Any]]:
        names = self._arrays["subject"]
        order = np.argsort(names, kind="stable")
        return order, names[order]

    def record(self, at: int) -> Prediction:
        """The answer at this place."""
        arrays, meta, part = self._arrays, self._meta, self._part
        model, release, arm, propensity = meta["by"][int(arrays["by"][at])]
        return Prediction(
            id=f"{KIND}{part.name}{letters(int(self.rows[at]), ROW)}",
            endpoint=part.endpoint,
            at=part.at,
            subject=str(arrays["subject"][at]) if "subject" in arrays else "",
            model=model,
            release=release,
            arm=arm,
            output=self._text("output", at),
            inputs=self._inputs(at),
            watermark=meta["watermark"],
            latency_us=0,  # nobody waited for one of them
            cold=bool(arrays["cold"][at]) if "cold" in arrays else False,
            environment=part.environment,
            propensity=propensity,
            key=(str(arrays["key"][at]) or None) if "key" in arrays else None,
            explained=self._text("explained", at) if "explained" in arrays else b"",
        )

    def _text(self, name: str, at: int) -> bytes:
        ends = self._arrays[f"{name}.end"]
        return self._arrays[name][int(ends[at - 1]) if at else 0 : int(ends[at])].tobytes()

    def _inputs(self, at: int) -> bytes:
        """What was asked: the JSON, and the numbers that are no part of it."""
        kept = self._text("inputs", at) if "inputs" in self._arrays else b""
        if not self._numbers and b":null" not in kept:
            return kept
        said: JsonObject = json.loads(kept or b"{}")
        if not self._numbers and "inputs" not in said:
            return kept
        numbers = {name: held[at].item() for name, held in self._numbers.items()}
        there = {n: int(v) if n in self._meta["whole"] else v for n, v in numbers.items() if not math.isnan(v)}
        said["inputs"] = {**there, **{n: v for n, v in said.get("inputs", {}).items() if v is not None}}
        return json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass(frozen=True)
class PartLog(Sequence[Prediction]):
    """The answers of a partition, each made a record when it is looked at. ``open`` holds the arrays of few at a time."""

    part: BatchPart
    open: Callable[[BatchPart], Opened]
    places: NDArray[Any] | None = None  # of those that are meant; None: all

    def __len__(self) -> int:
        return self.part.answered if self.places is None else len(self.places)

    @overload
    def __getitem__(self, at: int) -> Prediction: ...
    @overload
    def __getitem__(self, at: slice) -> PartLog: ...
    def __getitem__(self, at: int | slice) -> Prediction | PartLog:
        if isinstance(at, slice):
            return replace(self, places=self._places[at])
        return self.open(self.part).record(int(self._places[at]))

    def __iter__(self) -> Iterator[Prediction]:
        opened = self.open(self.part)
        return (opened.record(int(place)) for place in self._places)

    @property
    def _places(self) -> NDArray[Any]:
        return np.arange(self.part.answered) if self.places is None else self.places

    def at_row(self, row: int) -> Prediction | None:
        """The answer to this row of the partition."""
        opened = self.open(self.part)
        at = int(np.searchsorted(opened.rows, row))
        return opened.record(at) if at < len(opened.rows) and opened.rows[at] == row else None

    def of(self, subject: str) -> PartLog:
        """The answers to a subject."""
        return replace(self, places=self.open(self.part).of(subject))

    def having(self, wanted: Mapping[str, Any]) -> PartLog:
        """Those with these values in fields of the record."""
        if not wanted:
            return self
        meant = [all(getattr(one, name, None) == v for name, v in wanted.items()) for one in self]
        return replace(self, places=self._places[np.array(meant, np.bool_)])
