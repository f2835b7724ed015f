"""The running server: started, asked, told what really happened, and made to look again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from tidemill.access.policy import policy_of
from tidemill.access.policy.limits import first
from tidemill.errors import ServeError
from tidemill.scope.project import Endpoint, Project
from tidemill.serve.client import ROLES, Client, Roles
from tidemill.types import JsonObject, to_iso

MOST = 500  # Outcomes, or requests, that are sent at once
LARGEST = 3_000_000  # Bytes of requests that are
COUNTED, NAMED = ("new", "repeated"), ("conflicting", "unknown_predictions", "unknown_labels")


def up(
    project: Project,
    host: str,
    port: int,
    on_ready: Callable[[JsonObject], None],
    cert: str = "",
    key: str = "",
    roles: Roles = ROLES,
    workers: int = 0,
) -> None:
    """Serve predictions, the page, the API and the loop, until SIGINT. ``on_ready`` gets the address, one to log in by, and the health
    of each endpoint.

    ``cert``, ``key``: files in PEM, where the server speaks TLS. ``roles``: what runs here; without a scorer there is no address.
    ``workers``: scorers that share the port; 0: as many as [serve] says. Raises PolicyRefused where predictions would be kept for longer
    than the policy allows.
    """
    from tidemill.serve import supervisor

    first(policy_of(project).whole().limits.kept(project.reached.keep))

    def ready(address: JsonObject) -> None:
        more = {}
        if "url" in address:
            more = {"login": supervisor.login_address(project, address["url"]), "health": server_health(project.root)}
        on_ready({**address, **more})

    n = workers or project.reached.workers
    supervisor.up(project, host, port, project.replay, ready, cert=cert, key=key, roles=roles, workers=n)


def server_health(root: Path) -> dict[str, str]:
    """What the running server of this folder says of each endpoint, as `Serving.health` has it; of none where none answers."""
    try:
        with closing(Client.of(root, timeout=5.0)) as client:
            found: dict[str, str] = client.get("/healthz")["endpoints"]
            return found
    except (ServeError, KeyError):
        return {}


def login_address(project: Project) -> str:
    """A one-use address of the running server's page. Raises ServeError when none runs."""
    from tidemill.serve import supervisor

    Client.of(project.root).close()  # says how to start one when none runs
    address = json.loads((project.state / "up.json").read_text("utf-8"))
    return supervisor.login_address(project, address["url"])


def predict(
    project: Project, request: JsonObject, endpoint: str | None = None, position: int = 0, later: bool = False
) -> JsonObject:
    """The answer of an endpoint, which is written down. Raises ServeError when no server runs, ServerProblem, NotFound.

    ``position``: what the answer has to see, as a reply says it; ``later``: do not wait for the answer, but for its id (`look`).

    Of a model of entities at moments a ``subject`` is enough: its inputs are made here, as they are now.
    """
    scope = project.endpoint(endpoint)
    rows = scope.model.section.rows
    with closing(Client.of(project.root)) as client:
        if rows and rows.entity and _may_be_looked_up(scope, request):
            request = {
                **_questions(scope, [request["subject"]])[0],
                **{k: request[k] for k in ("key", "recent", "explain") if k in request},
            }
        headers = ({"Position": str(position)} if position else {}) | ({"Prefer": "respond-async"} if later else {})
        path = f"/predict/{scope.name}"
        answer: JsonObject = client.post(path, request, headers=headers) if headers else client.post(path, request)
        return answer


def _may_be_looked_up(scope: Endpoint, request: JsonObject) -> bool:
    """Whether its inputs are made here: not of one whose data may not be used, whom the server answers what is usual."""
    from tidemill.data.limited import away_from

    return "subject" in request and "inputs" not in request and request["subject"] not in away_from(scope)


def look(project: Project, prediction: str) -> JsonObject:
    """What became of a question that is answered later: that it waits, or its answer. Raises ServerProblem where there is none."""
    with closing(Client.of(project.root)) as client:
        return client.get(f"/predictions/{prediction}")


def predict_many(
    project: Project, requests: list[Any], endpoint: str | None = None, position: int = 0
) -> list[JsonObject]:
    """The answer of each, or ``{"error": …}``, in their order; sent so many at a time, and each part is written down in one commit.

    Raises as `predict`: what was answered before then is kept, and asked again under its key it is the same.
    """
    path, headers = f"/predict/{project.endpoint(endpoint).name}", {"Position": str(position)} if position else {}
    found: list[JsonObject] = []
    with closing(Client.of(project.root)) as client:
        for some in _parts(requests):
            found += client.post(path, {"requests": some}, headers=headers)["answers"]
    return found


def _parts(requests: list[Any]) -> Iterator[list[Any]]:
    """As many at a time as a body takes."""
    part, size = list[Any](), 0
    for one in requests:
        length = len(json.dumps(one)) + 2
        if part and (len(part) >= MOST or size + length > LARGEST):
            yield part
            part, size = [], 0
        part.append(one)
        size += length
    if part:
        yield part


def _questions(scope: Endpoint, entities: list[str] | None) -> list[JsonObject]:
    from tidemill.model.questions import questions

    return questions(scope.model, scope.clock.now(), entities)


def feedback(project: Project, outcomes: list[Any]) -> JsonObject:
    """Send outcomes, one without a time as of now: how many were sent, new and repeated, and the keys that were refused."""
    now = to_iso(project.clock.now())
    dated = [{**it, "at": it.get("at", now)} if isinstance(it, dict) else it for it in outcomes]
    found: JsonObject = {"sent": 0, "new": 0, "repeated": 0, "conflicting": []}
    with closing(Client.of(project.root)) as client:
        for start in range(0, len(dated), MOST):
            reply = client.post("/feedback", dated[start : start + MOST])
            found["sent"] += reply["outcomes"]
            found["position"] = max(reply.get("position", 0), found.get("position", 0))
            for name in COUNTED:
                found[name] += reply.get(name, 0)
            for name in NAMED:
                if reply.get(name):
                    found.setdefault(name, []).extend(reply[name])
    return found


def refresh(project: Project) -> bool:
    """Ask the running server to look at the releases now rather than in a moment; whether one runs."""
    try:
        with closing(Client.of(project.root, timeout=10)) as client:
            client.post("/control/refresh", {})
    except ServeError:
        return False
    return True
