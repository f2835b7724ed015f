"""Boosted trees for one row of a table, by ctypes on LightGBM's library. numpy only: the package is never imported.

A row costs about 15 µs: LightGBM's own single-row interface, without a frame and without a dataset.
"""

from __future__ import annotations

import ctypes
import importlib.util
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tidemill.data.check.column import Column
from tidemill.data.check.readings import BITS, Unread, read
from tidemill.errors import ModelError, SignatureMismatch
from tidemill.features.transforms import CALENDAR, calendar
from tidemill.learning.bundle import file_of
from tidemill.learning.labelled import text_of
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.port import NEVER_SEEN
from tidemill.types import JsonObject, did_you_mean

F8 = NDArray[np.float64]
_FLOAT64 = 1
_NORMAL = 0
_INT64 = BITS[False]
_AS_IT_IS: Mapping[str, tuple[type, ...]] = {
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "string": (str,),
}
"""What JSON gives that needs no reading, by type of column."""
_NUMBERS = frozenset((int, float, type(None)))
MOST_SAID = 60
"""Characters of a value in a message."""


class Input(msgspec.Struct, frozen=True):
    """One column of the trees. ``source``: the input it is made from (for a calendar column, the time); ``column``: what that must be."""

    name: str
    kind: str  # number | category | a calendar operation
    source: str
    required: bool = False
    categories: tuple[str | bool, ...] = ()
    column: Column | None = None

    @property
    def read_as(self) -> Column:
        """How a value is read: by the contract's column, else by what the trees were fitted on."""
        if self.column is not None:
            return self.column
        of = {"number": "number", "category": "boolean" if True in self.categories else "string"}
        return Column(self.source, of.get(self.kind, "timestamp"))

    def number(self, value: Any) -> float:
        """The value as the trees take it; NaN for what is missing or a category they never saw. Raises SignatureMismatch."""
        found = reading(self.read_as, value)
        return math.nan if found is None else float(self.encoder()(found))

    def encoder(self) -> Callable[[Any], float]:
        """What makes a number of a value that is read and there."""
        if self.kind in CALENDAR:
            return partial(calendar, self.kind)
        if self.kind == "category":
            return partial(_place, {value: float(i) for i, value in enumerate(self.categories)})
        return float


def _place(places: Mapping[Any, float], value: Any) -> float:
    return places.get(value, math.nan)


def reading(column: Column, value: Any) -> Any:
    """The value of a request as the column reads it. Raises SignatureMismatch."""
    try:
        return read(column, value)
    except Unread as exc:
        place, said = f"$.inputs.{column.name}", repr(value)
        said = said if len(said) <= MOST_SAID else f"{said[:MOST_SAID]}…"
        raise SignatureMismatch(f"{column.name!r} is {said}", place=place, hint=exc.hint) from exc


class TreesScorer:
    """Answers a row of a table: ``{"value": x}``, or ``{"value": label, "probability": p}``. Safe for threads.

    A label comes with the ``probabilities`` of all labels by their text: without them nobody could judge the answer later.
    """

    def __init__(self, bundle: Bundle) -> None:
        said = bundle.manifest
        self.inputs = msgspec.convert(said["columns"], tuple[Input, ...])
        self.labels: list[Any] | None = said["labels"]
        self._sources = [one.source for one in self.inputs]
        self._names = frozenset(self._sources)
        self._needed = sorted({one.source for one in self.inputs if one.required})
        self._encoders = [(one.source, one.encoder()) for one in self.inputs]
        self._slots = [_slot(one) for one in {one.source: one for one in self.inputs}.values()]
        self._ready = _Ready(self.inputs)
        self._constant: F8 | None = None
        if said["constant"] is not None:
            self._constant = np.array(said["constant"], np.float64)
        else:
            width = max(len(self.labels or ()), 2)
            self._ask = Booster(file_of(bundle, "model.txt"), len(self.inputs), width).row

    def predict(self, inputs: Mapping[str, Any]) -> JsonObject:
        """The answer to one row, with ``flags`` by input where a value breaks a limit or was never seen.

        Raises SignatureMismatch for inputs that do not fit.
        """
        values: list[Any] = [inputs.get(source) for source in self._sources]
        if None in values or not self._names.issuperset(inputs):
            self._check(inputs)
        flags: dict[str, str] = {}
        if not self._ready.are(values):
            typed = self._read(inputs, flags)
            values = [math.nan if (v := typed[name]) is None else encode(v) for name, encode in self._encoders]
        elif not self._ready.within(values):
            self._read(inputs, flags)
        told = self.told(self.outputs(values))
        return {**told, "flags": flags} if flags else told

    def _read(self, inputs: Mapping[str, Any], flags: dict[str, str]) -> dict[str, Any]:
        """Each input as its column reads it, once, whatever is made of it. Raises SignatureMismatch."""
        typed = {}
        for name, column, as_it_is, limited, known in self._slots:
            value: Any = inputs.get(name)
            kind = type(value)
            if kind not in as_it_is or value == "" or (kind is int and not _INT64[0] <= value <= _INT64[1]):
                value = reading(column, value)
            typed[name] = value
            if value is None:
                continue
            if limited and (words := column.broken(value)):
                flags[name] = words
            elif known is not None and value not in known:
                flags[name] = NEVER_SEEN
        for name in self._needed:
            if typed[name] is None:
                raise SignatureMismatch(f"input {name!r} is missing", place=f"$.inputs.{name}")
        return typed

    def outputs(self, row: F8 | Sequence[float]) -> F8:
        """What the trees say of an encoded row: one value, or the probability of each label."""
        if self._constant is not None:
            return self._constant
        found = self._ask(row)
        return found if self.labels is None or len(found) > 1 else np.array([1 - found[0], found[0]])

    def told(self, outputs: F8) -> JsonObject:
        """Outputs as they are answered."""
        if self.labels is None:
            return {"value": float(outputs[0])}
        best = int(np.argmax(outputs))
        by_label = dict(zip(map(text_of, self.labels), outputs.tolist(), strict=True))
        return {"value": self.labels[best], "probability": float(outputs[best]), "probabilities": by_label}

    def _check(self, inputs: Mapping[str, Any]) -> None:
        for name in inputs:
            if name not in self._names:
                raise SignatureMismatch(
                    f"unknown input {name!r}", place=f"$.inputs.{name}", hint=did_you_mean(name, self._names)
                )
        for name in self._needed:
            if inputs.get(name) is None:
                raise SignatureMismatch(f"input {name!r} is missing", place=f"$.inputs.{name}")


def _slot(one: Input) -> tuple[str, Column, frozenset[type], bool, frozenset[Any] | None]:
    """How an input is read: its name and column, the types that need no reading, whether it has limits, its known categories."""
    column = one.read_as
    as_it_is = (
        frozenset((type(None), *_AS_IT_IS.get(column.kind, ())))
        if not (column.narrow or column.normal)
        else frozenset()
    )
    return one.source, column, as_it_is, column.limited, frozenset(one.categories) if one.kind == "category" else None


class _Ready:
    """Whether a request's values are numbers that the trees take as they are: the rows of most models, asked the most."""

    def __init__(self, inputs: Sequence[Input]) -> None:
        columns = [one.read_as for one in inputs]
        self._plain = all(
            one.kind == "number" and not column.narrow and column.allowed is None
            for one, column in zip(inputs, columns, strict=True)
        )
        self._whole = [place for place, column in enumerate(columns) if column.kind == "integer"]
        self._bounds = [(place, *_range(column)) for place, column in enumerate(columns) if column.limited]

    def are(self, values: Sequence[Any]) -> bool:
        """Whether nothing is to be read: all are numbers, and those of whole numbers are no floats."""
        if not self._plain or not _NUMBERS.issuperset(map(type, values)):
            return False
        low, high = _INT64
        for place in self._whole:
            value = values[place]
            if value is not None and (type(value) is float or not low <= value <= high):
                return False
        return True

    def within(self, values: Sequence[Any]) -> bool:
        """Whether no limit is broken."""
        for place, low, high in self._bounds:
            value = values[place]
            if value is not None and not low <= value <= high:
                return False
        return True


def _range(column: Column) -> tuple[float, float]:
    """The least and the greatest value within the limits."""
    low = -math.inf if column.minimum is None else column.minimum
    high = math.inf if column.maximum is None else column.maximum
    above = -math.inf if column.above is None else math.nextafter(column.above, math.inf)
    below = math.inf if column.below is None else math.nextafter(column.below, -math.inf)
    return max(low, above), min(high, below)


class Booster:
    """A LightGBM model in memory, asked one row at a time."""

    def __init__(self, text: bytes, columns: int, width: int) -> None:
        self._library = library()
        self._model, self._fast = ctypes.c_void_p(), ctypes.c_void_p()
        ask, model, fast = self._library, ctypes.byref(self._model), ctypes.byref(self._fast)
        self._check(ask.LGBM_BoosterLoadModelFromString(text, ctypes.byref(ctypes.c_int(0)), model))
        given = self._model, _NORMAL, 0, -1, _FLOAT64, columns, b"num_threads=1 verbosity=-1", fast
        self._check(ask.LGBM_BoosterPredictForMatSingleRowFastInit(*given))
        self._in, self._out = np.zeros(columns, np.float64), np.zeros(width, np.float64)
        self._count = ctypes.c_int64(0)
        # Keeps Python's lock during the call: to win it back from a busy server's other threads takes longer than a row.
        self._ask = ctypes.PyDLL(self._library._name).LGBM_BoosterPredictForMatSingleRowFast
        self._given = (  # made once: making them for each row costs as much as the trees
            self._fast,
            ctypes.c_void_p(self._in.ctypes.data),
            ctypes.byref(self._count),
            ctypes.c_void_p(self._out.ctypes.data),
        )
        self._lock = threading.Lock()

    def row(self, row: F8 | Sequence[float]) -> F8:
        """The outputs for one row, in the order of the columns. Raises ModelError."""
        if len(row) != len(self._in):
            raise ModelError(f"a row is {len(self._in)} numbers")
        with self._lock:
            self._in[:] = row
            self._check(self._ask(*self._given))
            return self._out[: self._count.value].copy()

    def _check(self, code: int) -> None:
        if code != 0:
            raise ModelError(f"LightGBM: {self._library.LGBM_GetLastError().decode(errors='replace')}")

    def __del__(self) -> None:
        if getattr(self, "_fast", None):
            self._library.LGBM_FastConfigFree(self._fast)
        if getattr(self, "_model", None):
            self._library.LGBM_BoosterFree(self._model)


@cache
def library() -> Any:
    """LightGBM's shared library, found without importing the package. Raises ModelError."""
    found = importlib.util.find_spec("lightgbm")
    folders = list(found.submodule_search_locations or ()) if found else []
    path = next((p for folder in folders for p in sorted(Path(folder).glob("**/lib_lightgbm.*"))), None)
    if path is None:
        raise ModelError("LightGBM is not installed", hint="pip install lightgbm")
    loaded = ctypes.CDLL(str(path))
    loaded.LGBM_GetLastError.restype = ctypes.c_char_p
    return loaded
