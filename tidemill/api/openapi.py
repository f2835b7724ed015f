"""The whole HTTP interface as one OpenAPI 3.1 document: the control API, and scoring as it is decoded."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from typing import Any

import msgspec

from tidemill import __version__
from tidemill.api.verbs import Verb
from tidemill.scope.project import Project
from tidemill.serve.bodies import MAX_ROWS, ClockBody
from tidemill.serve.http import v2
from tidemill.serve.http.app import CLOCK, FEEDBACK, HEALTH, ITEMS, LOGIN, LOGOUT, METRICS, PREDICT, REFRESH, REPLAY
from tidemill.serve.http.later import LOOK
from tidemill.serve.http.routes import OPEN, Route
from tidemill.serve.items import ItemBody
from tidemill.serve.tensors import Inference
from tidemill.tasks.table import task_of

REF = "#/components/schemas/{name}"
_TEXTS = ("type", "title", "code", "detail", "message", "place", "hint")
PROBLEM = {
    "type": "object",
    "required": ["code", "message", "status", "hint"],
    "properties": {**{name: {"type": "string"} for name in _TEXTS}, "status": {"type": "integer"}},
}
TEXT = {"type": "string"}
_EACH = {
    "type": "array",
    "minItems": 1,
    "maxItems": MAX_ROWS,
    "items": {"description": "A request, as one alone: what is none is answered with its error, and spoils no other."},
}
SEVERAL: list[Any] = [
    _EACH,
    {"type": "object", "required": ["requests"], "properties": {"requests": _EACH}, "additionalProperties": False},
]
"""Several requests at once."""
_WAITS = ("prediction_id", "status", "endpoint", "at", "expires")
WAITS = {
    "anyOf": [
        {"type": "object", "required": ["prediction_id", "status"], "properties": dict.fromkeys(_WAITS, TEXT)},
        {"type": "object", "required": ["answers"]},
    ]
}
_SERVER: dict[Route, tuple[str, list[Any]]] = {
    HEALTH: ("Whether the server is alive, and has a model.", []),
    METRICS: ("Prometheus metrics.", []),
    LOGIN: ("Exchange a one-use code for the page's session.", []),
    LOGOUT: ("End the session.", []),
    REFRESH: ("See changes of releases, histories and tokens now.", []),
    CLOCK: ("Move the clock of a replay. Exists in a replay only.", [ClockBody]),
    REPLAY: ("How far the clock of a replay may go. Exists in a replay only.", []),
    LOOK: ("What became of a question that is answered later: 202 while it waits, then its answer.", []),
    v2.LIVE: ("Open Inference Protocol: whether the server is alive.", []),
    v2.READY: ("Open Inference Protocol: whether every model may be asked.", []),
    **dict.fromkeys(v2.SERVERS, ("Open Inference Protocol: what the server is.", list[Any]())),
    **dict.fromkeys(
        v2.MODELS, ("Open Inference Protocol: what a model, an endpoint here, takes and gives.", list[Any]())
    ),
    **dict.fromkeys(v2.READIES, ("Open Inference Protocol: whether a model may be asked.", list[Any]())),
    **dict.fromkeys(v2.INFERS, ("Open Inference Protocol: answer the rows of these tensors.", [Inference])),
}
_ERROR = {"type": "object", "required": ["error"], "properties": {"error": TEXT}}
"""An error, as the Open Inference Protocol says it."""


def document(project: Project, verbs: Iterable[Verb]) -> dict[str, Any]:
    """The OpenAPI document; what a request and an outcome are depends on the model's task."""
    tasks = [task_of(name) for name in dict.fromkeys(model.task for model in project.models.values())]
    server: dict[Route, tuple[str, list[Any]]] = {
        PREDICT: (
            "Answer a request, or each of several, and write the answers down.",
            [task.request for task in tasks],
        ),
        FEEDBACK: ("Report what really happened.", [kind for t in tasks for kind in (t.outcome, list[t.outcome])]),  # type: ignore[name-defined]
        ITEMS: ("Say what is so of items: their stock, their prices, that they are gone.", [ItemBody, list[ItemBody]]),
        **_SERVER,
    }
    lines = list(verbs)
    kinds = [body for _, bodies in server.values() for body in bodies]
    answers = [verb.answer for verb in lines]
    schemas, components = msgspec.json.schema_components([*kinds, *answers], ref_template=REF)
    schemata, results = iter(schemas[: len(kinds)]), schemas[len(kinds) :]
    found = [(verb.route, _verb(verb, result)) for verb, result in zip(lines, results, strict=True)]
    found += [(route, _server(route, text, [next(schemata) for _ in kinds])) for route, (text, kinds) in server.items()]
    paths: dict[str, Any] = {}
    for route, operation in found:
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tidemill", "version": __version__},
        "paths": paths,
        "components": {
            "schemas": {**components, "Problem": PROBLEM},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _verb(verb: Verb, result: Any) -> dict[str, Any]:
    """An operation of the control API, as its function's types and docstring describe it."""
    fields = _fields(verb)
    parameters = [
        _parameter(name, "path" if name in verb.in_path else "query", schema, required)
        for name, (schema, required) in fields.items()
        if name not in verb.in_body
    ]
    body = {
        "type": "object",
        "properties": {name: fields[name][0] for name in verb.in_body},
        "required": [name for name in verb.in_body if fields[name][1]],
        "additionalProperties": False,
    }
    text = (inspect.getdoc(verb.function) or "").partition("\n")[0]
    tag, done = verb.route.path.split("/")[2], {"description": "Done.", **_json(result)}
    return _operation(verb.route, text, tag, parameters, body if verb.in_body else None, {"200": done})


def _fields(verb: Verb) -> dict[str, tuple[Any, bool]]:
    """The schema of each parameter, and whether it must be given."""
    whole = msgspec.json.schema(verb.asked)
    (found,) = whole["$defs"].values()
    required = found.get("required", ())
    return {name: (schema, name in required) for name, schema in found["properties"].items()}


def _server(route: Route, text: str, bodies: list[Any]) -> dict[str, Any]:
    """An operation of the server's own."""
    parameters = [_parameter(name, "path", TEXT) for name in re.findall(r"\{([a-z_]+)\}", route.path)]
    parameters += [_parameter("code", "query", TEXT)] if route == LOGIN else []
    if "{endpoint}" in route.path or route in v2.INFERS:
        ack = {"enum": ["group", "async", "none"], "type": "string"}
        least = {"type": "integer", "minimum": 0, "description": "Of a reply: the answer has to see it, or is 503."}
        parameters.append(_parameter("ack", "header", ack, required=False))
        parameters.append(_parameter("position", "header", least, required=False))
    if route == PREDICT:
        said = {"type": "string", "description": "`respond-async`: answered later (RFC 7240), 202 with an id."}
        parameters.append(_parameter("prefer", "header", said, required=False))
        url = {
            "type": "string",
            "description": "Where the later answer is sent, of those that [serve] callbacks lists.",
        }
        parameters.append(_parameter("callback", "header", url, required=False))
    bodies = [*bodies, *SEVERAL] if route == PREDICT else bodies
    body = bodies[0] if len(bodies) == 1 else {"anyOf": bodies} if bodies else None
    done = {"303" if route == LOGIN else "200": {"description": "Done."}}
    if route in (PREDICT, LOOK):
        done["202"] = {"description": "It waits for its answer.", **_json(WAITS)}
    return _operation(route, text, "serving", parameters, body, done)


def _parameter(name: str, place: str, schema: Any, required: bool = True) -> dict[str, Any]:
    return {"name": name, "in": place, "required": required, "schema": schema}


def _json(schema: Any, kind: str = "application/json") -> dict[str, Any]:
    return {"content": {kind: {"schema": schema}}}


def _operation(
    route: Route, text: str, tag: str, parameters: list[Any], body: Any, responses: dict[str, Any]
) -> dict[str, Any]:
    """Every operation may answer with a problem, and all but the open ones need a token."""
    problem = {"description": "A problem.", **_json({"$ref": REF.format(name="Problem")}, "application/problem+json")}
    if v2.is_here(route.path):
        problem = {"description": "An error.", **_json(_ERROR)}
    return {
        "summary": text,
        "tags": [tag],
        "x-tidemill-permission": route.permission,
        "x-tidemill-scope": route.scope,
        "parameters": parameters,
        "responses": {**responses, "default": problem},
        **({"requestBody": {"required": True, **_json(body)}} if body else {}),
        **({"security": [{"token": []}]} if route.scope != OPEN else {}),
    }
