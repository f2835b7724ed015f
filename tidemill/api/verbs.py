"""A verb as a route: its parameters are read from the path, the query or the body, and checked, as its own types say."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_type_hints

import msgspec

from tidemill.access.caller import Caller
from tidemill.access.needs import needed_by
from tidemill.errors import BadRequest, ProjectError
from tidemill.ops.status import Health
from tidemill.scope.project import Project
from tidemill.serve.http.admit import JSON, Call, Reply
from tidemill.serve.http.routes import Route
from tidemill.serve.json_keys import refuse_twice
from tidemill.serve.serving import Serving
from tidemill.store.records import Release

_GIVEN = (Project, Caller, Health | None)  # What a verb is given by the server, not by who asks
_PLACE = re.compile(r" - at `\$\.?([^`]*)`")
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Verb:
    """One line of the API: a route, and the function that answers it."""

    route: Route
    function: Callable[..., Any]

    @cached_property
    def hints(self) -> dict[str, Any]:
        return get_type_hints(self.function, include_extras=True)

    @cached_property
    def asked(self) -> type[msgspec.Struct]:
        """What who asks has to give: a struct of the function's other parameters."""
        fields: list[Any] = []
        for name, parameter in inspect.signature(self.function).parameters.items():
            if self.hints[name] not in _GIVEN:
                default = () if parameter.default is parameter.empty else (parameter.default,)
                fields.append((name, self.hints[name], *default))
        return msgspec.defstruct(f"{self.function.__name__}_asked", fields, kw_only=True, forbid_unknown_fields=True)

    @property
    def answer(self) -> Any:
        """The type of its answer: what is done to a release is answered with the release as it then is."""
        return Release if self._to_a_release else self.hints["return"]

    @property
    def _to_a_release(self) -> bool:
        return self.route.method == "POST" and "release" in self.in_path

    @property
    def in_path(self) -> list[str]:
        return re.findall(r"\{([a-z_]+)\}", self.route.path)

    @property
    def in_body(self) -> list[str]:
        """Names of the fields of the body: all that are not in the path of what changes something."""
        names = [] if self.route.method == "GET" else list(self.asked.__struct_fields__)
        return [name for name in names if name not in self.in_path]

    def arguments(self, serving: Serving, call: Call, body: bytes) -> dict[str, Any]:
        """The function's arguments. Raises BadRequest, naming the parameter."""
        given = call.queries() if self.route.method == "GET" else _body(body)
        asked = _convert({**given, **call.params}, self.asked)
        found = {name: getattr(asked, name) for name in self.asked.__struct_fields__}
        own = {Project: serving.project, Caller: call.caller, Health | None: _health(serving)}
        return found | {name: own[hint] for name, hint in self.hints.items() if hint in _GIVEN}

    def handler(self, serving: Serving) -> Callable[[Call, bytes], Awaitable[Reply]]:
        """The route's handler. What waits for the store runs in a thread."""

        async def handle(call: Call, body: bytes) -> Reply:
            arguments = self.arguments(serving, call, body)
            found = await asyncio.to_thread(self.function, **arguments)
            if self.route.method == "POST":
                await serving.refresh()
            if self._to_a_release:
                found = await asyncio.to_thread(serving.project.store.releases.named, arguments["release"])
            return 200, JSON, await asyncio.to_thread(_encode, found)

        return handle


def _health(serving: Serving) -> Health | None:
    """The server's own word; of a team's scorers the verb asks the store, in its thread."""
    return None if serving.several else Health(serving.health())


def read(path: str, function: Callable[..., Any], permission: str) -> Verb:
    """``GET path`` for whoever has this permission. Raises ProjectError where the verb itself asks for another."""
    if (needed := needed_by(function)) not in ("", permission):
        raise ProjectError(f"{function.__name__} needs {needed}, and GET {path} asks for {permission}")
    return Verb(Route("GET", path, permission), function)


def operate(path: str, function: Callable[..., Any]) -> Verb:
    """``POST path``, which changes something, for whoever has the permission that the verb needs. Raises ProjectError where it says none."""
    return Verb(Route("POST", path, needed_by(function)), function)


def _body(body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body or b"{}")
        refuse_twice(body)
    except (msgspec.DecodeError, RecursionError) as exc:
        raise BadRequest(f"the body is not JSON: {exc}", place="body", hint="see /api/openapi.json") from exc
    if not isinstance(found, dict):
        raise BadRequest("the body is not a JSON object", place="body", hint="see /api/openapi.json")
    return found


def _convert(given: dict[str, Any], kind: type[msgspec.Struct]) -> msgspec.Struct:
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as exc:
        place, text = _PLACE.search(str(exc)), _PLACE.sub("", str(exc))
        name = place[1] if place else next(iter(re.findall(r"`([a-z_]+)`", text)), "request")
        raise BadRequest(text, place=name, hint="see /api/openapi.json") from exc
