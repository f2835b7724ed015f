"""The whole HTTP interface as one OpenAPI 3.1 document: the control API, and scoring as it is decoded."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

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
_SERVER: dict[Route, tuple[str, Any]] = {
    HEALTH: ("Whether the server is alive, and has a model.", None),
    METRICS: ("Prometheus metrics.", None),
    LOGIN: ("Exchange a one-use code for the page's session.", None),
    LOGOUT: ("End the session.", None),
    REFRESH: ("See changes of releases, histories and tokens now.", None),
    CLOCK: ("Move the clock of a replay. Exists in a replay only.", ClockBody),
    REPLAY: ("How far the clock of a replay may go. Exists in a replay only.", None),
}


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document; what a request and an outcome are depends on the model's task."""
    task = task_of(app.state.serving.project.model().task)
    outcome: Any = task.outcome
    server = {
        PREDICT: ("Answer a request, and write the answer down.", task.request),
        FEEDBACK: ("Tell what really happened.", outcome | list[outcome]),
        **_SERVER,
    }
    found = get_openapi(title=app.title, version=app.version, openapi_version="3.1.0", routes=app.routes)
    bodies = [body for _, body in server.values() if body is not None]
    schemas, components = msgspec.json.schema_components(bodies, ref_template=REF)
    by_body = iter(schemas)
    for route, (summary, body) in server.items():
        operation = _operation(route, summary, next(by_body) if body is not None else None)
        found["paths"].setdefault(route.path, {})[route.method.lower()] = operation
    found["components"]["schemas"] |= {**components, "Problem": PROBLEM}
    found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path in found["paths"].values():
        for operation in path.values():
            _finish(operation)
    return found


def _operation(route: Route, summary: str, body: Any) -> dict[str, Any]:
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
    if body is not None:
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return made


def _finish(operation: dict[str, Any]) -> None:
    """Every operation may answer with a problem, and all but the open ones need a token."""
    problem = {"application/problem+json": {"schema": {"$ref": REF.format(name="Problem")}}}
    operation["responses"] = {k: v for k, v in operation["responses"].items() if k != "422"}
    operation["responses"]["default"] = {"description": "A problem.", "content": problem}
    if operation["x-tidemill-scope"] != OPEN:
        operation["security"] = [{"token": []}]
