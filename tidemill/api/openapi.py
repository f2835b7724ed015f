"""The whole HTTP interface as one OpenAPI 3.1 document: the control API, and scoring as it is decoded."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

import msgspec

from tidemill import __version__
from tidemill.api.verbs import Verb
from tidemill.scope.project import Project
from tidemill.serve.bodies import ClockBody
from tidemill.serve.http.app import CLOCK, FEEDBACK, HEALTH, LOGIN, LOGOUT, METRICS, PREDICT, REFRESH, REPLAY
from tidemill.serve.http.routes import OPEN, Route
from tidemill.tasks.table import task_of

REF = "#/components/schemas/{name}"
PROBLEM = {
    "type": "object",
    "required": ["code", "message", "status", "hint"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "message": {"type": "string"},
        "place": {"type": "string"},
        "hint": {"type": "string"},
    },
}
_SERVER: dict[Route, tuple[str, list[Any]]] = {
    HEALTH: ("Whether the server is alive, and has a model.", []),
    METRICS: ("Prometheus metrics.", []),
    LOGIN: ("Exchange a one-use code for the page's session.", []),
    LOGOUT: ("End the session.", []),
    REFRESH: ("See changes of releases, histories and tokens now.", []),
    CLOCK: ("Move the clock of a replay. Exists in a replay only.", [ClockBody]),
    REPLAY: ("How far the clock of a replay may go. Exists in a replay only.", []),
}


def document(project: Project, verbs: Iterable[Verb]) -> dict[str, Any]:
    """The OpenAPI document; what a request and an outcome are depends on the model's task."""
    tasks = [task_of(name) for name in dict.fromkeys(model.task for model in project.models.values())]
    server: dict[Route, tuple[str, list[Any]]] = {
        PREDICT: ("Answer a request, and write the answer down.", [task.request for task in tasks]),
        FEEDBACK: ("Report what really happened.", [kind for t in tasks for kind in (t.outcome, list[t.outcome])]),  # type: ignore[name-defined]
        **_SERVER,
    }
    lines = list(verbs)
    kinds = [body for _, bodies in server.values() for body in bodies]
    answers = [verb.answer for verb in lines]
    schemas, components = msgspec.json.schema_components([*kinds, *answers], ref_template=REF)
    schemata, results = iter(schemas[: len(kinds)]), schemas[len(kinds) :]
    paths: dict[str, Any] = {}
    for verb, result in zip(lines, results, strict=True):
        paths.setdefault(verb.route.path, {})[verb.route.method.lower()] = _verb(verb, result)
    for route, (summary, bodies) in server.items():
        operation = _operation(route, summary, [next(schemata) for _ in bodies])
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    for operation in (operation for path in paths.values() for operation in path.values()):
        _finish(operation)
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
    made: dict[str, Any] = {
        "summary": (inspect.getdoc(verb.function) or "").partition("\n")[0],
        "tags": [verb.route.path.split("/")[2]],
        "x-tidemill-scope": verb.route.scope,
        "parameters": [
            {"name": name, "in": "path" if name in verb.in_path else "query", "required": required, "schema": schema}
            for name, (schema, required) in fields.items()
            if name not in verb.in_body
        ],
        "responses": {"200": {"description": "Done.", "content": {"application/json": {"schema": result}}}},
    }
    if verb.in_body:
        schema = {
            "type": "object",
            "properties": {name: fields[name][0] for name in verb.in_body},
            "required": [name for name in verb.in_body if fields[name][1]],
            "additionalProperties": False,
        }
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return made


def _fields(verb: Verb) -> dict[str, tuple[Any, bool]]:
    """The schema of each parameter, and whether it must be given."""
    whole = msgspec.json.schema(verb.asked)
    (found,) = whole["$defs"].values()
    required = found.get("required", ())
    return {name: (schema, name in required) for name, schema in found["properties"].items()}


def _operation(route: Route, summary: str, bodies: list[Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "summary": summary,
        "tags": ["serving"],
        "x-tidemill-scope": route.scope,
        "responses": {"303" if route == LOGIN else "200": {"description": "Done."}},
    }
    if "{endpoint}" in route.path:
        name = {"name": "endpoint", "in": "path", "required": True, "schema": {"type": "string"}}
        ack = {"name": "ack", "in": "header", "schema": {"enum": ["group", "async", "none"], "type": "string"}}
        made["parameters"] = [name, ack]
    if route == LOGIN:
        made["parameters"] = [{"name": "code", "in": "query", "required": True, "schema": {"type": "string"}}]
    if bodies:
        schema = bodies[0] if len(bodies) == 1 else {"anyOf": bodies}
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return made


def _finish(operation: dict[str, Any]) -> None:
    """Every operation may answer with a problem, and all but the open ones need a token."""
    problem = {"application/problem+json": {"schema": {"$ref": REF.format(name="Problem")}}}
    operation["responses"]["default"] = {"description": "A problem.", "content": problem}
    if operation["x-tidemill-scope"] != OPEN:
        operation["security"] = [{"token": []}]
