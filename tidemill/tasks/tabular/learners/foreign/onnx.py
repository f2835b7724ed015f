"""Answers rows from a model in ONNX. onnxruntime is imported where a bundle asks for it, and has one thread.

Beside the model a bundle says (`SPEC`) what each tensor is fed with, and which of its answers are which.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ModelError, SignatureMismatch
from tidemill.learning.bundle import file_of
from tidemill.store.artifacts.codecs import Bundle, decode
from tidemill.tasks.tabular.learners.port import F8, Asked
from tidemill.types import JsonObject

FILE, SPEC = "model.onnx", "onnx.json"
EXTRA = "install the extra: pip install 'tidemill[onnx]'"
TYPES: dict[str, type[Any]] = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
    "tensor(string)": np.object_,
}
"""The tensors that can be fed, as onnxruntime calls them."""
WHOLE = ("tensor(int64)", "tensor(int32)", "tensor(bool)")
Feed = Callable[[F8], NDArray[Any]]


def session_of(model: bytes) -> Any:
    """onnxruntime's session of these bytes, on one thread of the CPU. Raises ModelError."""
    try:
        import onnxruntime
    except ImportError as exc:
        raise ModelError("a model in ONNX needs onnxruntime", hint=EXTRA) from exc
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.enable_cpu_mem_arena = False  # what a request took is given back
    options.use_deterministic_compute = True
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as exc:
        raise ModelError(f"onnxruntime does not load it: {first_line(exc)}") from exc


def first_line(exc: BaseException, most: int = 300) -> str:
    """What a library says, as one line of a message."""
    lines = str(exc).strip().splitlines() or [type(exc).__name__]
    return lines[0][:most]


def open_onnx(bundle: Bundle) -> Asked:
    """How the bundle's model answers. Raises ModelError, Damaged."""
    said: JsonObject = decode("json", file_of(bundle, SPEC))
    session = session_of(file_of(bundle, FILE))
    feeds = {one["tensor"]: _feed(one) for one in said["feeds"]}
    output, picks = [said["output"]], said["picks"]

    def rows(x: F8) -> F8:
        fed = {name: make(x) for name, make in feeds.items()}
        try:
            (found,) = session.run(output, fed)
        except Exception as exc:
            raise ModelError(f"the model in ONNX failed: {first_line(exc)}") from exc
        told = np.asarray(found, np.float64).reshape(len(x), -1)
        return told if picks is None else picked(told, picks, said["labels"])

    return Asked(lambda row: rows(np.asarray(row, np.float64)[None])[0], rows)


def picked(told: F8, picks: list[int], labels: int) -> F8:
    """The probability of each label from those that the model gives: of one that it does not know 0, of others nothing.

    Raises ModelError where it gives as many as it has no ``labels``.
    """
    both = np.hstack([1.0 - told, told]) if (told.shape[1], labels) == (1, 2) else told
    if both.shape[1] != labels:
        raise ModelError(f"it answers with {both.shape[1]} probabilities, and has {labels} labels", hint="labels = […]")
    chance = np.where(np.array(picks) < 0, 0.0, both[:, picks])
    if sorted(picks) == list(range(both.shape[1])):
        return np.asarray(chance)
    total = chance.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(chance, total, out=np.full_like(chance, 1 / len(picks)), where=total > 0))


def _feed(said: JsonObject) -> Feed:
    """What makes the tensor of encoded rows."""
    kind, columns, flat, name = said["type"], said["columns"], said["flat"], said["tensor"]
    dtype, values = TYPES[kind], said["values"]
    none = "" if kind == "tensor(string)" else np.nan
    tables = [None if one is None else np.array([*one, none], object) for one in values]

    def make(x: F8) -> NDArray[Any]:
        part = x[:, columns]
        if any(table is not None for table in tables):
            part = np.stack([_named(table, one) for table, one in zip(tables, part.T, strict=True)], axis=1)
        with np.errstate(invalid="ignore"):
            made = part.astype(np.float64).astype(dtype) if kind in WHOLE else part.astype(dtype)
        if kind in WHOLE and (other := made.astype(np.float64) != part.astype(np.float64)).any():
            what = "missing" if np.isnan(part[other].astype(np.float64)).any() else f"{part[other][0]:g}"
            raise SignatureMismatch(f"input {name!r} is {what}, and the model in ONNX takes {kind}")
        return made[:, 0] if flat else made

    return make


def _named(table: NDArray[Any] | None, column: F8) -> NDArray[Any]:
    """The values of a category's places; of none the last one."""
    if table is None:
        return column.astype(object)
    last = len(table) - 1
    named: NDArray[Any] = table[np.where(np.isnan(column), last, np.minimum(column, last)).astype(np.int64)]
    return named
