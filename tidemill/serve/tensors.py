"""Requests and answers as tensors by name: what the Open Inference Protocol (version 2, REST) puts into a body.

A request is a row: of each tensor the first dimension counts them. A table's tensors are its inputs by their names, a recommender's
are ``subject``, ``k`` and ``recent``; ``subject`` and ``key`` go with any, unless an input of the model is called so.
Written after the protocol's published text: https://github.com/kserve/open-inference-protocol.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

from tidemill.data.check.column import Column
from tidemill.errors import BadRequest
from tidemill.serve.bodies import MAX_ROWS
from tidemill.tasks.port import Name, Request
from tidemill.types import JsonObject, did_you_mean

MOST_INPUTS = 1_010
_INTS = {f"{sign}INT{bits}": bits for sign in ("", "U") for bits in (8, 16, 32, 64)}
_FLOATS = ("FP16", "FP32", "FP64")
TYPES = ("BYTES", "BOOL", *_FLOATS, *_INTS)
OF_COLUMNS = {"number": "FP64", "integer": "INT64", "boolean": "BOOL"}
"""By a column's kind; texts, dates and moments are BYTES."""
OF_REPLIES: dict[Any, str] = {str: "BYTES", float: "FP64", int: "INT64", bool: "BOOL"}
OURS = ("prediction_id", "model", "arm")
"""Outputs that every model has."""
Dimension = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Parameters = Annotated[dict[Name, Any], msgspec.Meta(max_length=50)]


class Tensor(msgspec.Struct, forbid_unknown_fields=True):
    """An input: ``data`` in row-major order, flat or nested."""

    name: Name
    shape: Annotated[list[Dimension], msgspec.Meta(min_length=1, max_length=8)]
    datatype: Annotated[str, msgspec.Meta(max_length=10)]
    data: list[Any]
    parameters: Parameters = {}


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    """An output that is asked for."""

    name: Name
    parameters: Parameters = {}


class Inference(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /v2/models/{name}/infer``. ``parameters``: what holds for every row (``explain``, ``k``, ``subject`` …), ``ack`` and ``position``."""

    inputs: Annotated[list[Tensor], msgspec.Meta(min_length=1, max_length=MOST_INPUTS)]
    id: Annotated[str, msgspec.Meta(max_length=256)] | None = None
    parameters: Parameters = {}
    outputs: Annotated[list[Wanted], msgspec.Meta(max_length=MOST_INPUTS)] | None = None


INFERENCE = msgspec.json.Decoder(Inference)


@dataclass(frozen=True, slots=True)
class Asked:
    """The rows of a request, and what it says of all of them together."""

    rows: list[Any]
    ack: str | None
    position: str | None


_WHOLE = ("ack", "position")
_PASSED = ("binary_data_output",)
"""Parameters of an extension that is not here: clients send it unasked, and see by the answer's head that it is JSON."""


def asked_of(body: Inference, request: type[Request], own: Collection[str]) -> Asked:
    """The rows as requests of the task. ``own``: the inputs of the model. Raises BadRequest, naming the tensor."""
    fields = {name for name in request.__struct_fields__ if name != "inputs"}
    unknown = [name for name in body.parameters if name not in (*fields, *_WHOLE, *_PASSED)]
    if unknown:
        hint = did_you_mean(unknown[0], sorted((*fields, *_WHOLE)))
        raise BadRequest(f"unknown parameter {unknown[0]!r}", place="$.parameters", hint=hint)
    n = body.inputs[0].shape[0]
    if not 1 <= n <= MAX_ROWS:
        raise BadRequest(f"{n} rows", place="$.inputs[0].shape", hint=f"1 to {MAX_ROWS:,} at a time")
    common = {name: value for name, value in body.parameters.items() if name in fields}
    if "key" in common and n > 1:
        raise BadRequest("one key of several rows", place="$.parameters.key", hint="send a tensor `key`: one each")
    rows: list[JsonObject] = [
        {**common, "inputs": {}} if "inputs" in request.__struct_fields__ else {**common} for _ in range(n)
    ]
    counts = Counter([*common, *(tensor.name for tensor in body.inputs)])
    if again := next((name for name, times in counts.items() if times > 1), None):
        raise BadRequest(f"{again!r} is there twice", place="$.inputs", hint="say it once")
    for i, tensor in enumerate(body.inputs):
        _lay(rows, tensor, f"$.inputs[{i}]", fields, own, _lists(request))
    whole = {name: value if value is None else str(value) for name in _WHOLE for value in [body.parameters.get(name)]}
    return Asked([_request(row, request, f"row {i}") for i, row in enumerate(rows)], **whole)


@cache
def _lists(request: type[Request]) -> frozenset[str]:
    """The fields that are lists."""
    return frozenset(name for name, hint in get_type_hints(request).items() if get_origin(hint) in (list, tuple))


def _lay(
    rows: list[JsonObject],
    tensor: Tensor,
    place: str,
    fields: Collection[str],
    own: Collection[str],
    lists: Collection[str],
) -> None:
    """A tensor's values into the rows."""
    values = _values(tensor, place)
    if len(values) != len(rows):
        raise BadRequest(f"{len(values)} rows, where others have {len(rows)}", place=f"{place}.shape")
    inside = "inputs" in rows[0] and (tensor.name in own or tensor.name not in fields)
    if not inside and (tensor.name not in fields or tensor.name in ("explain", "timeout")):
        raise BadRequest(
            f"unknown input {tensor.name!r}", place=f"{place}.name", hint=did_you_mean(tensor.name, sorted(fields))
        )
    if not inside and tensor.name in lists:
        values = [one if isinstance(one, list) else [one] if one not in ("", None) else [] for one in values]
    for row, value in zip(rows, values, strict=True):
        if value is not None:
            (row["inputs"] if inside else row)[tensor.name] = value


def _request(row: JsonObject, request: type[Request], place: str) -> Any:
    try:
        return msgspec.convert(row, request)
    except msgspec.ValidationError as exc:
        message, _, where = str(exc).partition(" - at `")
        raise BadRequest(
            message, place=f"{place}: {where.rstrip('`') or '$'}", hint="GET /v2/models/NAME says what it takes"
        ) from exc


def _values(tensor: Tensor, place: str) -> list[Any]:
    """Of each row its value; of a matrix a list of them, without the empty texts that fill a row up. Raises BadRequest."""
    flat = list[Any]()
    if not _flatten(tensor.data, flat, tensor.shape):
        raise BadRequest(
            f"{len(flat)} values in the shape {tensor.shape}",
            place=f"{place}.data",
            hint="as many as the dimensions say, flat or nested as they are",
        )
    for value in flat:
        _check(value, tensor.datatype, place)
    width = math.prod(tensor.shape[1:])
    if width == 1:
        return flat
    return (
        [[v for v in flat[i : i + width] if v not in ("", None)] for i in range(0, len(flat), width)]
        if width
        else [[] for _ in range(tensor.shape[0])]
    )


def _flatten(data: Sequence[Any], into: list[Any], shape: Sequence[int]) -> bool:
    """Whether they have this shape: all in a row, or each dimension in lists of its own."""
    if len(shape) == 1 or not any(isinstance(value, list) for value in data):
        into += data
        return len(data) == math.prod(shape)
    fits = [isinstance(value, list) and _flatten(value, into, shape[1:]) for value in data]
    return len(data) == shape[0] and all(fits)


def _check(value: Any, datatype: str, place: str) -> None:
    """null is what is missing. Raises BadRequest."""
    kind = type(value)
    if datatype not in TYPES:
        raise BadRequest(
            f"unknown datatype {datatype[:20]!r}", place=f"{place}.datatype", hint=f"one of {', '.join(TYPES)}"
        )
    if value is None or (kind is str and datatype == "BYTES") or (kind is bool and datatype == "BOOL"):
        return
    if kind in (int, float) and datatype in _FLOATS:
        return
    if kind is int and (bits := _INTS.get(datatype)):
        least, most = (0, 2**bits) if datatype[0] == "U" else (-(2 ** (bits - 1)), 2 ** (bits - 1))
        if least <= value < most:
            return
    raise BadRequest(f"{str(value)[:60]!r} is no {datatype}", place=f"{place}.data")


# answers --------------------------------------------------------------------------------------------------------------


def check_wanted(wanted: Sequence[Wanted] | None, reply: type[msgspec.Struct]) -> None:
    """Raises BadRequest for an output that the task does not have."""
    known = {tensor["name"] for tensor in outputs_said(reply)} | {"explained"}
    for i, one in enumerate(wanted or ()):
        if one.name not in known:
            raise BadRequest(
                f"no output {one.name!r}", place=f"$.outputs[{i}]", hint=did_you_mean(one.name, sorted(known))
            )


def outputs_of(
    answers: Sequence[Mapping[str, Any]], reply: type[msgspec.Struct], wanted: Sequence[Wanted] | None
) -> list[JsonObject]:
    """The answers as tensors, of what the task says and of `OURS`; ``explained`` and ``flags`` as JSON in a text.

    What is asked for and no answer has is null.
    """
    names = [*reply.__struct_fields__, *OURS, "explained"]
    made = [tensor for name in names if any(name in one for one in answers) for tensor in _output(name, answers)]
    if wanted is None:
        return made
    by_name = {tensor["name"]: tensor for tensor in made}
    kinds = {tensor["name"]: tensor["datatype"] for tensor in outputs_said(reply)}
    none = [None] * len(answers)
    return [
        by_name.get(one.name) or _tensor(one.name, [len(none)], kinds.get(one.name, "BYTES"), none) for one in wanted
    ]


def _output(name: str, answers: Sequence[Mapping[str, Any]]) -> list[JsonObject]:
    values = [one.get(name) for one in answers]
    first = next(value for value in values if value is not None)
    if name == "probabilities":
        labels = list(dict.fromkeys(label for value in values if value for label in value))
        chances = [[(value or {}).get(label, 0.0) for label in labels] for value in values]
        return [_matrix(name, chances, "FP64"), _tensor("labels", [len(labels)], "BYTES", labels)]
    if isinstance(first, list):
        rows = [value or [] for value in values]
        kind = OF_REPLIES[type(next((v for row in rows for v in row), ""))]
        return [_matrix(name, rows, kind)]
    if isinstance(first, dict):
        return [_tensor(name, [len(values)], "BYTES", [msgspec.json.encode(value or {}).decode() for value in values])]
    return [_tensor(name, [len(values)], OF_REPLIES[type(first)], values)]


def _matrix(name: str, rows: Sequence[Sequence[Any]], datatype: str) -> JsonObject:
    """Rows that are shorter than the longest are filled up."""
    width, empty = max(map(len, rows)), "" if datatype == "BYTES" else 0
    flat = [value for row in rows for value in (*row, *[empty] * (width - len(row)))]
    return _tensor(name, [len(rows), width], datatype, flat)


def _tensor(name: str, shape: list[int], datatype: str, data: list[Any]) -> JsonObject:
    return {"name": name, "shape": shape, "datatype": datatype, "data": data}


# what a model takes and gives -----------------------------------------------------------------------------------------


def inputs_said(request: type[Request], columns: Mapping[str, Column]) -> list[JsonObject]:
    """``$metadata_tensor`` of each input: a model's columns, or the fields of the task's request."""
    if "inputs" in request.__struct_fields__:
        return [_said(name, OF_COLUMNS.get(column.kind, "BYTES"), [-1]) for name, column in columns.items()]
    objects = [name for name, hint in get_type_hints(request).items() if get_origin(hint) is dict]
    apart = ("subject", "key", "explain", "timeout", *objects)  # parameters say those
    return [_said("subject", "BYTES", [-1]), *_fields_said(request, apart)]


def outputs_said(reply: type[msgspec.Struct]) -> list[JsonObject]:
    """``$metadata_tensor`` of each output."""
    return [*_fields_said(reply, ()), *(_said(name, "BYTES", [-1]) for name in OURS)]


def _fields_said(kind: type[msgspec.Struct], left_out: Collection[str]) -> list[JsonObject]:
    found = list[JsonObject]()
    for name, hint in get_type_hints(kind).items():
        if name in left_out or name.startswith("__"):
            continue
        inner = (
            next((part for part in get_args(hint) if part is not type(None)), hint)
            if get_origin(hint) not in (list, tuple, dict)
            else hint
        )
        found += _field_said(name, inner)
    return found


def _field_said(name: str, kind: Any) -> list[JsonObject]:
    if name == "probabilities":
        return [_said(name, "FP64", [-1, -1]), _said("labels", "BYTES", [-1])]
    if get_origin(kind) in (list, tuple):
        return [_said(name, OF_REPLIES.get(get_args(kind)[0], "BYTES"), [-1, -1])]
    return [_said(name, OF_REPLIES.get(kind, "BYTES"), [-1])]


def _said(name: str, datatype: str, shape: list[int]) -> JsonObject:
    return {"name": name, "datatype": datatype, "shape": shape}
