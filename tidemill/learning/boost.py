"""LightGBM's library by ctypes: a model in memory, asked one row at a time. numpy only: the package is never imported.

A row costs about 15 µs: LightGBM's own single-row interface, without a frame and without a dataset.
"""

from __future__ import annotations

import ctypes
import importlib.util
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ModelError

F8 = NDArray[np.float64]
_FLOAT64 = 1
_NORMAL, _RAW, _CONTRIB = 0, 1, 3


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

    def rows(self, x: F8) -> F8:
        """The outputs for many rows: rows x outputs. Raises ModelError."""
        return self._many(x, _NORMAL, len(self._out))

    def raw(self, x: F8) -> F8:
        """What the trees of many rows add up to, before anything is made of it: rows x outputs. Raises ModelError."""
        return self._many(x, _RAW, len(self._out))

    def contributions(self, x: F8) -> F8:
        """What each column adds to `raw` (TreeSHAP: Lundberg et al. 2018), and last the trees' mean: rows x outputs x (columns + 1).

        Raises ModelError.
        """
        columns = len(self._in) + 1
        return self._many(x, _CONTRIB, len(self._out) * columns).reshape(len(x), -1, columns)

    def _many(self, x: F8, what: int, width: int) -> F8:
        if x.ndim != 2 or x.shape[1] != len(self._in):
            raise ModelError(f"a row is {len(self._in)} numbers")
        x = np.ascontiguousarray(x, np.float64)
        out, count = np.zeros(len(x) * width, np.float64), ctypes.c_int64(0)
        data, told = ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(out.ctypes.data)
        how = what, 0, -1, b"num_threads=1 verbosity=-1"
        size = ctypes.c_int32(x.shape[0]), ctypes.c_int32(x.shape[1]), 1
        if len(x):
            ask = self._library.LGBM_BoosterPredictForMat
            self._check(ask(self._model, data, _FLOAT64, *size, *how, ctypes.byref(count), told))
        return out[: count.value].reshape(len(x), -1)

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
