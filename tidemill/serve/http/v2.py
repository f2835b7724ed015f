"""The Open Inference Protocol (version 2, REST) beside our own: ``/v2/…``. A model's name there is an endpoint's, its version that of its model.

Answers are made, logged and named as those of ``POST /predict/{endpoint}``; errors have the protocol's form, ``{"error": text}``.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from tidemill.errors import Conflict, NoRoute, TidemillError, UnsupportedMedia
from tidemill.serve import bodies, tensors
from tidemill.serve.http.admit import JSON, Call, Reply
from tidemill.serve.http.routes import OPEN, Route
from tidemill.serve.many import answer_many
from tidemill.serve.service import ack_mode
from tidemill.types import JsonObject, did_you_mean

if TYPE_CHECKING:
    from tidemill.data.check.column import Column
    from tidemill.serve.http.admit import Reading
    from tidemill.serve.predictor import Predictor
    from tidemill.serve.service import PredictionService
    from tidemill.serve.serving import Serving

PATH = "/v2"
_MODEL, _VERSION = f"{PATH}/models/{{name}}", f"{PATH}/models/{{name}}/versions/{{version}}"
LIVE, READY = Route("GET", f"{PATH}/health/live", OPEN), Route("GET", f"{PATH}/health/ready", OPEN)
SERVERS = [Route("GET", path, "predict") for path in (PATH, f"{PATH}/")]
MODELS = [Route("GET", path, "predict") for path in (_MODEL, _VERSION)]
READIES = [Route("GET", f"{path}/ready", "predict") for path in (_MODEL, _VERSION)]
INFERS = [Route("POST", f"{path}/infer", "predict") for path in (_MODEL, _VERSION)]
_encode = msgspec.json.Encoder().encode


class Host(Protocol):
    """What these routes need of the application."""

    serving: Serving
    answers: PredictionService
    reading: Reading
    draining: bool

    def until(self, began: float, asked: int | None) -> tuple[float, float]: ...

    async def in_time(self, work: Awaitable[bytes], until: float) -> bytes: ...


def is_here(path: str) -> bool:
    """Whether an error is told in the protocol's form."""
    return path == PATH or path.startswith(f"{PATH}/")


def error(exc: TidemillError) -> bytes:
    """
    >>> error(NoRoute("no endpoint of this name", hint="known: shop"))
    b'{"error":"no endpoint of this name - known: shop"}'
    """
    return _encode({"error": str(exc)})


async def live(app: Host, call: Call) -> Reply:
    return _reply({"live": True})


async def ready(app: Host, call: Call) -> Reply:
    """Whether every endpoint may be asked."""
    is_ready = not app.draining and all(map(_serves, app.serving.health().values()))
    return _reply({"live": True, "ready": is_ready}, 200 if is_ready else 503)


async def server(app: Host, call: Call) -> Reply:
    return _reply({"name": "tidemill", "version": version("tidemill"), "extensions": []})


async def model(app: Host, call: Call) -> Reply:
    predictor = _asked(app, call)
    task = predictor.task
    return _reply(
        {
            "name": predictor.endpoint,
            "versions": sorted(_versions(predictor), key=int),
            "platform": f"tidemill_{task.name}",
            "inputs": tensors.inputs_said(task.request, _columns(predictor)),
            "outputs": tensors.outputs_said(task.reply),
        }
    )


async def model_ready(app: Host, call: Call) -> Reply:
    predictor = _asked(app, call)
    is_ready = not app.draining and _serves(app.serving.health()[predictor.endpoint])
    return _reply({"name": predictor.endpoint, "ready": is_ready}, 200 if is_ready else 503)


async def infer(app: Host, call: Call) -> Reply:
    """All rows are answered, or none is."""
    began, predictor = time.monotonic(), _asked(app, call)
    if "version" in call.params and len(_versions(predictor)) > 1:
        hint = "leave the version out: who is asked about decides which one answers"
        raise Conflict("several versions answer here", place=call.path, hint=hint)
    if call.header(b"inference-header-content-length") is not None:
        raise UnsupportedMedia("tensors in binary are not read", hint="send them as JSON: binary_data=False")
    body = bodies.decoded(tensors.INFERENCE, await app.reading.body(call, bodies.MAX_LIST))
    asked = tensors.asked_of(body, predictor.task.request, _columns(predictor))
    tensors.check_wanted(body.outputs, predictor.task.reply)
    ack = ack_mode(asked.ack or call.header(b"ack"))
    position = bodies.position(asked.position or call.header(b"position"))
    patience = bodies.milliseconds(call.header(b"deadline")) or bodies.least_timeout(asked.rows)
    until, model = app.until(began, patience)
    made = answer_many(app.answers, predictor.endpoint, asked.rows, ack, position, model, whole=True)
    said = await app.in_time(made, until)
    told: JsonObject = msgspec.json.decode(said)
    answers = told["answers"]
    outputs = tensors.outputs_of(answers, predictor.task.reply, body.outputs)
    versions = {_version(one["model"]) for one in answers}
    head: JsonObject = {"model_name": predictor.endpoint}
    head |= {"model_version": versions.pop()} if len(versions) == 1 else {}
    head |= {"id": body.id} if body.id is not None else {}
    return _reply({**head, "parameters": {n: told[n] for n in ("ack", "at", "position")}, "outputs": outputs})


HANDLERS: dict[Route, Callable[[Host, Call], Awaitable[Reply]]] = {
    LIVE: live,
    READY: ready,
    **dict.fromkeys(SERVERS, server),
    **dict.fromkeys(MODELS, model),
    **dict.fromkeys(READIES, model_ready),
    **dict.fromkeys(INFERS, infer),
}


def _reply(value: Mapping[str, Any], status: int = 200) -> Reply:
    return status, JSON, _encode(value)


def _asked(app: Host, call: Call) -> Predictor:
    """Raises NoRoute for a model that is no endpoint, and for a version that does not answer there."""
    name, version = call.params["name"], call.params.get("version")
    predictor = app.serving.at(name)
    known = _versions(predictor)
    if version is not None and version not in known:
        raise NoRoute(f"version {version} of {name!r} does not answer", hint=did_you_mean(version, sorted(known)))
    return predictor


def _versions(predictor: Predictor) -> set[str]:
    return {_version(model) for model in predictor.models().values()}


def _version(ref: str) -> str:
    return ref.rpartition("@")[2]


def _columns(predictor: Predictor) -> Mapping[str, Column]:
    """The inputs of the model that serves, by name."""
    served = predictor.served
    loaded = served.champion or next(iter(served.variants.values()), None)
    inputs = getattr(loaded.scorer, "inputs", ()) if loaded is not None else ()
    return {one.source: one.read_as for one in inputs}


def _serves(health: str) -> bool:
    return health in ("ok", "degraded", "fallback")
