"""Every route of the running application x everybody who may ask: deny by default.

The table below is written by hand. A route that is added, or whose permission is changed, fails here until somebody has said whom it is for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.serve.asking import NOON, TOML, Asker, Heard, alive, make_app
from tidemill.access import tokens as auth
from tidemill.access.tokens import SCOPES
from tidemill.scope.project import Project, open_project
from tidemill.serve.http.app import installed
from tidemill.serve.http.routes import OPEN, Route
from tidemill.store.sql import open_metadata
from tidemill.types import to_iso
from tidemill.web import actions

READS = [
    "/api/status",
    "/api/roles/{role}/questions",
    "/api/data",
    "/api/data/{dataset}",
    "/api/data/{dataset}/versions",
    "/api/data/{dataset}/files",
    "/api/data/{dataset}/versions/{version}/profile",
    "/api/data/{dataset}/diff",
    "/api/runs/{run}/steps/{step}/why",
    "/api/compare/runs",
    "/api/compare/backtests",
    "/api/replay",
    "/api/score",
    "/api/runs",
    "/api/runs/{run}",
    "/api/runs/{run}/steps",
    "/api/models",
    "/api/models/{model}",
    "/api/models/{model}/card",
    "/api/models/{model}/bom",
    "/api/models/{model}/provenance",
    "/api/models/{model}/features",
    "/api/models/{model}/represents",
    "/api/compare",
    "/api/comparisons",
    "/api/comparisons/{comparison}",
    "/api/bisects",
    "/api/bisects/{bisect}",
    "/api/recalls",
    "/api/recalls/{recall}",
    "/api/rebuilds",
    "/api/rebuilds/{rebuild}",
    "/api/auditions",
    "/api/auditions/{audition}",
    "/api/backtests",
    "/api/backtests/{backtest}",
    "/api/releases",
    "/api/releases/{release}",
    "/api/releases/{release}/saw",
    "/api/experiments",
    "/api/experiments/{experiment}",
    "/api/worth",
    "/api/decisions",
    "/api/decisions/{decision}",
    "/api/events",
    "/api/alarms",
    "/api/estimates",
    "/api/windows/{monitor}",
    "/api/items",
    "/api/items/past",
    "/api/openapi.json",
    "/",
    "/events",
    "/as/{role}",
    "/data",
    "/data/{dataset}/{version}",
    "/runs",
    "/runs/{run}",
    "/models",
    "/models/{model}",
    "/models/{model}/card",
    "/releases",
    "/releases/{release}",
    "/experiments",
    "/experiments/{experiment}",
    "/live",
    "/alarms/{alarm}",
    "/backtests",
    "/backtests/{backtest}",
    "/auditions/{audition}",
    "/decisions",
    "/decisions/{decision}",
    "/export/{table}",
    *(
        f"/export/{table}{of}"
        for table in [
            "runs",
            "events",
            "decisions",
            "models",
            "releases",
            "versions",
            "drift",
            "quality",
            "requests",
            "estimate",
            "fairness",
            "attribution",
            "profile",
        ]
        for of in ("", "/{of}")
    ),
]
OF_A_PERSON = ["/trace", "/predictions", "/api/impact", "/api/predictions", "/api/predictions/{prediction}"]
OF_A_PERSON += [f"/api/predictions/{{prediction}}/{what}" for what in ("trace", "person", "counterfactual")]
OF_A_PERSON += [
    f"/export/{table}{of}" for table in ("predictions", "saw", "history", "reasons") for of in ("", "/{of}")
]
OF_ROWS = ["/api/data/{dataset}/versions/{version}/quarantine", "/export/quarantine", "/export/quarantine/{of}"]
ACTIONS = {
    f"{base}/{noun}s/{{{noun}}}/{verb}": f"{noun}.{'approve' if verb == 'reject' else verb}"
    for base in ("/api", "")
    for noun, verb in actions.ACTIONS
}
ACTIONS |= {
    "/api/releases/{release}/advance": "release.advance",
    "/api/data/{dataset}/retry": "data.retry",
    "/api/experiments/{experiment}/stop": "experiment.stop",
    "/control/refresh": "server.refresh",
    "/api/approvals/{approval}/vote": "approval.vote",
    "/api/approvals/{approval}/take-back": "approval.vote",
    "/api/me/password": "session.own",
    "/api/me/log-out": "session.own",
    "/api/people": "people.manage",
    **{
        f"/api/people/{{person}}/{verb}": "people.manage"
        for verb in ("roles", "rename", "disable", "enable", "password", "log-out")
    },
    "/api/comments": "comment.write",
    "/api/comments/{comment}/remove": "comment.write",
    "/approvals/{approval}/vote": "approval.vote",
    "/approvals/{approval}/take-back": "approval.vote",
    "/comments": "comment.write",
    "/comments/{comment}/remove": "comment.write",
    "/me/view": "session.own",
    **{f"/people/{{person}}/{verb}": "people.manage" for verb in ("roles", "disable", "enable")},
}
TABLE: dict[tuple[str, str], str] = {
    ("GET", "/healthz"): OPEN,
    ("GET", "/readyz"): OPEN,
    ("GET", "/login"): OPEN,
    ("POST", "/login"): OPEN,
    ("POST", "/predict/{endpoint}"): "predict",
    ("GET", "/predictions/{id}"): "predict",
    ("POST", "/feedback"): "feedback",
    **{("GET", f"/v2/health/{name}"): OPEN for name in ("live", "ready")},
    **{("GET", path): "predict" for path in ("/v2", "/v2/")},
    **{("GET", f"/v2/models/{{name}}{more}"): "predict" for more in ("", "/versions/{version}")},
    **{("GET", f"/v2/models/{{name}}{more}/ready"): "predict" for more in ("", "/versions/{version}")},
    **{("POST", f"/v2/models/{{name}}{more}/infer"): "predict" for more in ("", "/versions/{version}")},
    ("POST", "/items/{dataset}"): "items.set",
    ("GET", "/metrics"): "metrics.read",
    ("GET", "/static/{name}"): "session.own",
    ("POST", "/logout"): "session.own",
    **{("GET", path): "project.read" for path in READS},
    **{("GET", path): "person.read" for path in OF_A_PERSON},
    **{("GET", path): "rows.read" for path in OF_ROWS},
    **{
        ("GET", path): "inbox.read"
        for path in ("/inbox", "/api/inbox", "/api/changes", "/api/approvals", "/api/approvals/{approval}")
    },
    ("GET", "/api/approvals/{approval}/statement"): "approval.vote",
    ("GET", "/api/comments"): "project.read",
    **{
        ("GET", path): "project.read"
        for name, id in (("documents", "{document}"), ("audit", "{question}"))
        for path in (f"/api/{name}", f"/api/{name}/{id}", f"/{name}/{id}")
    },
    ("GET", "/subjects"): "subject.read",
    ("GET", "/api/notices/{dataset}"): "project.read",
    ("GET", "/api/limits"): "subject.read",
    ("GET", "/api/requests"): "subject.read",
    **{("POST", f"/api/requests/{{request}}/{verb}"): "subject.request" for verb in ("extend", "close", "release")},
    **{("POST", path): "subject.request" for path in ("/api/requests", "/api/holds")},
    ("GET", "/api/subjects/{subject}"): "subject.read",
    ("POST", "/api/limits/{limit}/lift"): "subject.limit",
    ("POST", "/api/predictions/{prediction}/contest"): "subject.contest",
    ("POST", "/api/recalls/{recall}/apply"): "data.recall",
    ("POST", "/api/rectifications"): "subject.rectify",
    **{("POST", f"/api/limits/{verb}"): "subject.limit" for verb in ("object", "restrict", "withdraw")},
    **{("GET", path): "ledger.read" for path in ("/ledger", "/api/ledger", "/api/ledger/head")},
    ("GET", "/approvals/{approval}"): "inbox.read",
    ("GET", "/api/me"): "session.own",
    **{("GET", path): "people.read" for path in ("/api/people", "/api/people/{person}")},
    ("GET", "/people"): "people.read",
    **{("GET", f"/api/policy{more}"): "policy.read" for more in ("", "/check", "/test")},
    **{("POST", path): permission for path, permission in ACTIONS.items()},
}
IN_A_REPLAY = {("POST", "/replay/clock"): "replay.clock", ("GET", "/replay/state"): "replay.clock"}
VALUES = {
    "endpoint": "shop",
    "dataset": "sales",
    "version": "1",
    "monitor": "drift",
    "name": "tidemill.css",
    "table": "runs",
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")
BODIES = {
    "/predict/{endpoint}": {"subject": "7"},
    "/feedback": {"key": "o1", "subject": "7", "item": "mug", "value": 1.0, "at": to_iso(NOON)},
    "/items/{dataset}": {"item": "mug", "values": {"stock": 1}},
    "/replay/clock": {"to": to_iso(NOON)},
}


@pytest.fixture(params=[False, True], ids=["live", "replay"])
def replaying(request: Any) -> bool:
    return bool(request.param)


@pytest.fixture
def served(tmp_path: Path, home: Path, replaying: bool) -> Any:
    """A project as it is served: the routes of a replay exist in a replay alone."""
    root = tmp_path / "shop"
    (root / ".tidemill").mkdir(parents=True)
    (root / "tidemill.toml").write_text(TOML)
    if replaying:
        store = open_metadata(root / ".tidemill" / "tidemill.db")
        for name, value in (("mode", "replay"), ("clock", NOON)):
            store.settings.set(name, value)
        store.close()
    with open_project(root) as project:
        yield project


def walk(project: Project, work: Callable[[Asker, tuple[Route, ...]], Awaitable[None]]) -> None:
    """Ask the application with the faces that are installed, as the server builds it."""

    async def main() -> None:
        async with alive(make_app(project, faces=installed())) as ask:
            token = auth.issue(project.store, "first", ["read"])
            assert (
                await ask("GET", "/api/status", token=token)
            ).status == 200  # the faces come with the first who asks
            await work(ask, ask.app.table.routes)

    asyncio.run(main())


def path_of(route: Route) -> str:
    """An address of this route; a record that it names is not there."""
    parts = route.path.split("{")
    return parts[0] + "".join(VALUES.get(p.partition("}")[0], "nothing") + p.partition("}")[2] for p in parts[1:])


async def send(ask: Asker, route: Route, **more: Any) -> Heard:
    return await ask(route.method, path_of(route), BODIES.get(route.path), **more)


def gets_past(heard: Heard) -> bool:
    """Whether it was let in; what is asked for may still be missing, or be wrong."""
    assert heard.status < 500, heard
    return heard.status not in (401, 403, 405)


def test_the_routes_are_those_that_somebody_gave_a_permission(served: Project, replaying: bool) -> None:
    async def work(ask: Asker, routes: tuple[Route, ...]) -> None:
        assert {(r.method, r.path): r.permission for r in routes} == TABLE | (IN_A_REPLAY if replaying else {})
        assert len(routes) == len({(r.method, r.path) for r in routes})

    walk(served, work)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_token_opens_the_routes_of_its_scope_and_no_others(served: Project, scope: str) -> None:
    async def work(ask: Asker, routes: tuple[Route, ...]) -> None:
        if "replay" in {r.scope for r in routes}:
            served.store.settings.set("loop", {"clock": NOON, "idle": True, "next_due": NOON + 1})
        for route in routes:
            token = auth.issue(served.store, scope, [scope])  # its own: one of them logs out
            form = f"reason=x&csrf={actions.csrf(auth.cache(served.store).check(token))}".encode()
            more = {"raw": form} if route.path in ACTIONS and not route.path.startswith("/api") else {}
            heard = await send(ask, route, token=token, **more)
            assert gets_past(heard) == (route.scope in (scope, OPEN)), (route, scope, heard)
            if not gets_past(heard) and route.scope != OPEN:
                assert heard.status == 403 and f"the scope {route.scope}" in heard.body.decode(), (
                    route,
                    heard,
                )

    walk(served, work)


def test_nobody_gets_past_the_open_routes(served: Project) -> None:
    """Nobody, a guess, an empty secret, a login code as a token, and tokens that have expired or were taken back."""
    every = tuple(SCOPES)

    async def work(ask: Asker, routes: tuple[Route, ...]) -> None:
        expired = auth.issue(served.store, "late", every, life=-1)
        revoked = auth.issue(served.store, "gone", every)
        auth.revoke_named(served.store, "gone")
        subject_mismatch = [None, "tidemill_guess", "", auth.issue_code(served.store), expired, revoked]
        for route in routes:
            for stranger in subject_mismatch:
                heard = await send(ask, route, token=stranger)
                assert heard.status == 401 or route.scope == OPEN, (route, stranger, heard)
        assert [(await send(ask, r, token=None)).status for r in routes if r.scope == OPEN] == [
            200,
            200,
            400,
            400,
            200,
            200,
        ]
        kept = served.live.predictions.count(), sum(served.live.outcomes.count().values())
        assert kept == (0, 0)

    walk(served, work)


def test_the_page_s_session_reads_and_operates_and_does_nothing_else(served: Project) -> None:
    async def work(ask: Asker, routes: tuple[Route, ...]) -> None:
        secret = auth.log_in(served.store, auth.issue_code(served.store))
        cookie = {"cookie": f"{ask.app.cookie}={secret}"}
        own = {**cookie, "origin": "http://127.0.0.1:8080"}
        last = sorted(routes, key=lambda route: route.path == "/logout")
        for route in last:
            heard = await send(ask, route, headers=own, token=None)
            unmarked = heard.status == 403 and b"does not belong to your session" in heard.body
            assert (unmarked or gets_past(heard)) == (route.scope in (*auth.SESSION_SCOPES, OPEN)), (route, heard)
            if route.method == "POST" and route.scope != OPEN:
                for origin in ({}, {"origin": "http://127.0.0.1:9999"}):
                    assert (await send(ask, route, headers={**cookie, **origin}, token=None)).status in (401, 403), (
                        route
                    )
        assert (await ask("GET", "/", headers=own, token=None)).status == 401, "logged out"

    walk(served, work)


def test_no_other_method_and_no_other_path_is_answered(served: Project) -> None:
    async def work(ask: Asker, routes: tuple[Route, ...]) -> None:
        full = auth.issue(served.store, "full", SCOPES)
        answered: dict[str, set[str]] = {}
        for route in routes:
            answered.setdefault(route.path, set()).add(route.method)
        for route in routes:
            for method in set(METHODS) - answered[route.path]:
                assert (await ask(method, path_of(route), token=None)).status == 401, (method, route)
                heard = await ask(method, path_of(route), token=full)
                assert heard.status == 405, (method, route, heard)
        for path in (
            "/nowhere",
            "/api",
            "/api/",
            "/docs",
            "/redoc",
            "/openapi.json",
            "/static/",
            "/static/../app.py",
            "/replay",
        ):
            assert (await ask("GET", path, token=None)).status == 401, path
            assert (await ask("GET", path, token=full)).status == 404, path
        if not any(route.scope == "replay" for route in routes):
            for method, path in IN_A_REPLAY:
                assert (await ask(method, path, token=full)).status == 404, path

    walk(served, work)
