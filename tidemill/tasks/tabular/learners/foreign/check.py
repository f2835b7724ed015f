"""A model in ONNX looked into before it is believed; runs in the child alone, within its limits. onnx is imported here.

Only operators of ONNX itself are let in, all of its numbers must be in the file, and each tensor be one that a row can feed. Then it
answers the rows, and rows of extremes: what needs too much memory for that is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tidemill.errors import ModelError
from tidemill.learning.labelled import text_of
from tidemill.store.artifacts.codecs import Bundle, encode
from tidemill.tasks.tabular.learners.foreign.onnx import EXTRA, FILE, SPEC, TYPES, first_line, open_onnx, session_of
from tidemill.tasks.tabular.learners.foreign.rows import F8, Learned
from tidemill.types import JsonObject, did_you_mean

DOMAINS = ("", "ai.onnx", "ai.onnx.ml")
MOST_ROWS = 20_000
NEAR = 1e-3
"""So far from 1 the probabilities of a row may add up to."""


def checked(data: bytes, recipe: JsonObject, train: Learned, encoded: bool = False) -> JsonObject:
    """What the model is fed with and which of its answers are which. Raises ModelError.

    ``encoded``: the project's own function made it, for columns as `Learned` has them.
    """
    _look(data)
    session = session_of(data)
    feeds = _feeds(session.get_inputs(), recipe["inputs"], train, encoded)
    spec: JsonObject = {"feeds": feeds, **_output(session.get_outputs(), recipe, train)}
    rows = train.x[np.linspace(0, len(train.x) - 1, min(len(train.x), MOST_ROWS)).astype(np.int64)]
    told = asked(data, spec, rows)
    _sound(told, rows, train)
    _extremes(data, spec, train)
    return spec


def asked(data: bytes, spec: JsonObject, rows: F8) -> F8:
    """What the server would answer. Raises ModelError."""
    return open_onnx(Bundle({}, {FILE: data, SPEC: encode("json", spec)})).rows(rows)


def outputs_of(data: bytes) -> list[str]:
    """The names of its outputs."""
    return [one.name for one in session_of(data).get_outputs()]


def _look(data: bytes) -> None:
    """Raises ModelError for what is no ONNX, reaches out of its file, or is more than its bytes."""
    try:
        import onnx
        from google.protobuf.message import DecodeError
    except ImportError as exc:
        raise ModelError("a model in ONNX needs the package onnx", hint=EXTRA) from exc
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError as exc:
        raise ModelError("it is no model in ONNX", hint="export it again, as one file") from exc
    if not model.graph.output:
        raise ModelError("it is no model in ONNX: it answers nothing", hint="export it again, as one file")
    if model.functions:
        hint = "write them out first: onnx.inliner.inline_local_functions"
        raise ModelError(f"it brings functions of its own ({model.functions[0].name})", hint=hint)
    for graph in _graphs(model.graph):
        for node in graph.node:
            if node.domain not in DOMAINS:
                hint = "export it with operators of ONNX alone"
                raise ModelError(f"it has an operator of another's: {node.domain}.{node.op_type}", hint=hint)
        for tensor in _tensors(graph):
            _whole(tensor, onnx.TensorProto.EXTERNAL, len(data))
    try:
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, ValueError) as exc:
        raise ModelError(f"it is no sound ONNX: {first_line(exc)}", hint="export it again") from exc


def _graphs(graph: Any) -> Iterator[Any]:
    """The graph, and those within its operators."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
                yield from _graphs(inner)


def _tensors(graph: Any) -> Iterator[Any]:
    """Every tensor that the graph holds."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from (*([attribute.t] if attribute.HasField("t") else []), *attribute.tensors)
            for sparse in (
                *([attribute.sparse_tensor] if attribute.HasField("sparse_tensor") else []),
                *attribute.sparse_tensors,
            ):
                yield from (sparse.values, sparse.indices)


def _whole(tensor: Any, external: int, size: int) -> None:
    if tensor.data_location == external or tensor.external_data:
        hint = "save it as one file: onnx.save(model, path, save_as_external_data=False)"
        raise ModelError(f"numbers of it ({tensor.name}) are in another file", hint=hint)
    numbers = 1
    for dim in tensor.dims:
        numbers *= dim
    if any(dim < 0 for dim in tensor.dims) or numbers > 8 * size:  # of packed ones eight are in a byte
        shape = " × ".join(map(str, tensor.dims))
        raise ModelError(
            f"{tensor.name} says that it holds {shape} numbers, more than the file", hint="export it again"
        )


def _feeds(inputs: list[Any], said: Any, train: Learned, encoded: bool) -> list[JsonObject]:
    """Each tensor, and the columns of rows that it is made of. Raises ModelError."""
    if len(inputs) == 1 and not isinstance(said, dict) and (said or _width(inputs[0]) != 1):
        return [_one(inputs[0], list(said or ()), train, encoded)]
    by_tensor = said if isinstance(said, dict) else {}
    names = {one.name: str(by_tensor.get(one.name, one.name)) for one in inputs}
    if unknown := sorted(set(by_tensor) - set(names)):
        raise ModelError(f"it has no tensor {unknown[0]!r}", hint=did_you_mean(unknown[0], names))
    return [_single(one, names[one.name], train, encoded) for one in inputs]


def _one(tensor: Any, names: list[str], train: Learned, encoded: bool) -> JsonObject:
    """One tensor of many columns: in the order that somebody said."""
    if not names:
        hint = f'say them in its order: inputs = ["{train.columns[0]}", …]'
        raise ModelError(
            f"its one tensor {tensor.name!r} takes {_width(tensor) or 'many'} inputs, and which is not said", hint=hint
        )
    if _width(tensor) not in (None, len(names)):
        raise ModelError(
            f"its tensor {tensor.name!r} takes {_width(tensor)} inputs, and {len(names)} are said", hint="inputs = […]"
        )
    columns = [_column(name, train) for name in names]
    kind = _type(tensor)
    values = [_values(place, kind, train, encoded) for place in columns]
    return {"tensor": tensor.name, "type": kind, "columns": columns, "flat": False, "values": values}


def _single(tensor: Any, name: str, train: Learned, encoded: bool) -> JsonObject:
    """A tensor of one column."""
    place, kind, rank = _column(name, train), _type(tensor), len(tensor.shape)
    if rank not in (1, 2) or (rank == 2 and _width(tensor) not in (None, 1)):
        raise ModelError(
            f"its tensor {tensor.name!r} has the shape {tensor.shape}", hint="rows x 1, or one number a row"
        )
    values = [_values(place, kind, train, encoded)]
    return {"tensor": tensor.name, "type": kind, "columns": [place], "flat": rank == 1, "values": values}


def _values(place: int, kind: str, train: Learned, encoded: bool) -> list[Any] | None:
    """What a category's places stand for in this tensor; None for a number. Raises ModelError."""
    values, name = train.categories.get(place), train.columns[place]
    texts = kind == "tensor(string)"
    if values is None and texts:
        raise ModelError(f"{name!r} is a number, and the tensor takes texts", hint="export it with numbers")
    if values is None or encoded:
        return None
    if not texts and not all(isinstance(value, bool) for value in values):
        raise ModelError(f"{name!r} is no number, and the tensor takes {kind}", hint="export it with a tensor of texts")
    return [str(value) if texts else float(value) for value in values]


def _column(name: str, train: Learned) -> int:
    if name not in train.columns:
        raise ModelError(
            f"it asks for {name!r}, which is no input of the model", hint=did_you_mean(name, train.columns)
        )
    return train.columns.index(name)


def _type(tensor: Any) -> str:
    if tensor.type not in TYPES:
        raise ModelError(f"its tensor {tensor.name!r} is a {tensor.type}", hint=f"rows can feed {', '.join(TYPES)}")
    if tensor.shape and isinstance(tensor.shape[0], int):
        hint = "export it with a first dimension that is free (dynamic_axes)"
        raise ModelError(
            f"its tensor {tensor.name!r} takes {tensor.shape[0]} rows and no other number of them", hint=hint
        )
    return str(tensor.type)


def _width(tensor: Any) -> int | None:
    """Its columns; None where any number will do."""
    if len(tensor.shape) == 1:
        return 1
    return tensor.shape[1] if len(tensor.shape) == 2 and isinstance(tensor.shape[1], int) else None


def _output(outputs: list[Any], recipe: JsonObject, train: Learned) -> JsonObject:
    """The tensor that answers, and where each label's probability is. Raises ModelError."""
    names = [one.name for one in outputs]
    wanted = str(recipe.get("output") or "")
    floats = [one for one in outputs if one.type in ("tensor(float)", "tensor(double)")]
    if wanted and wanted not in names:
        raise ModelError(f"it has no output {wanted!r}", hint=did_you_mean(wanted, names))
    found = [one for one in floats if one.name == wanted or (not wanted and len(floats) == 1)]
    if not found:
        hint = "scikit-learn's: zipmap=False" if any("map" in one.type for one in outputs) else 'say it: output = "…"'
        raise ModelError(f"which of its outputs is the answer is not clear: {', '.join(names)}", hint=hint)
    labels = [str(one) for one in recipe.get("labels") or ()]
    if train.labels is None:
        return {"output": found[0].name, "picks": None, "labels": 0}
    if len(labels) < 2:
        raise ModelError(
            "which label each probability is of is not said", hint='labels = ["no", "yes"], in the order of its output'
        )
    texts = [text_of(label) for label in train.labels]
    if not set(texts) & set(labels):
        raise ModelError(f"none of its labels is one of the rows' ({', '.join(texts[:5])})", hint="labels = […]")
    picks = [labels.index(text) if text in labels else -1 for text in texts]
    return {"output": found[0].name, "picks": picks, "labels": len(labels)}


def _sound(told: F8, rows: F8, train: Learned) -> None:
    """Raises ModelError for answers that are none."""
    if told.shape != (len(rows), len(train.labels) if train.labels is not None else 1):
        raise ModelError(
            f"it answers with the shape {told.shape} to {len(rows)} rows", hint="one number a row and label"
        )
    bad = ~np.isfinite(told).all(axis=1)
    if bad.any():
        said = ", ".join(f"{n} = {v:g}" for n, v in zip(train.columns, rows[int(np.argmax(bad))].tolist()))
        hint = "what is missing is fed as NaN: put an imputer into the model"
        raise ModelError(f"it answers no number to {int(bad.sum())} of {len(rows)} rows: {said[:300]}", hint=hint)
    if train.labels is not None and (np.min(told) < -NEAR or np.abs(told.sum(axis=1) - 1.0).max() > NEAR):
        raise ModelError("its answers are no probabilities: they do not add up to 1", hint="put a softmax at its end")


def _extremes(data: bytes, spec: JsonObject, train: Learned) -> None:
    """Rows far from all that it was made of: it may answer what it likes, and not take all memory for it."""
    low = np.where(np.isfinite(train.x), train.x, 0.0).min(axis=0)
    for value in (0.0, -1.0, 1e6, 3e38):
        row = np.where([place in train.categories for place in range(len(low))], low, value)
        try:
            asked(data, spec, row[None])
        except ModelError as exc:
            if "alloc" in str(exc.__cause__):  # onnxruntime's words, and those of C++
                raise MemoryError from exc
