"""Verb x role, whole and generated: a role opens a route, a page, an export or a verb exactly where it has the permission."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import tidemill.ops
from tests.api.test_walk import ACTIONS, gets_past, send, served, walk
from tests.raised import raised
from tests.serve.asking import Asker
from tidemill.access import tokens as auth
from tidemill.access.caller import Caller, system_user
from tidemill.access.callers import NOBODYS, VARIABLE, again, holder, local, still
from tidemill.access.needs import needed_by
from tidemill.access.permissions import PERMISSIONS
from tidemill.access.policy import policy_of
from tidemill.access.policy.read import parse
from tidemill.errors import Forbidden
from tidemill.scope.project import Project
from tidemill.serve.http.routes import OPEN, Route
from tidemill.store.people import Principal
from tidemill.store.records import Token
from tidemill.web import actions

__all__ = ["served"]

ROLES = parse(None).roles
UNDECLARED = {
    "act.act",  # each verb gives it its own permission
}
"""Functions of `ops` that are given a caller and declare no permission, each with why."""


@pytest.fixture
def replaying() -> bool:
    return False


def person(project: Project, *roles: str, name: str = "ann", **more: Any) -> Principal:
    made = Principal(f"principal_{name}", name, "person", roles, 0, **more)
    project.store.principals.add(made)
    return made


def token_of(project: Project, whose: Principal) -> str:
    """A token of theirs that is good for everything: what it may do is what their roles may."""
    secret = auth.issue(project.store, whose.name, auth.SCOPES)
    (made,) = [one for one in project.store.tokens.list() if one.hash == auth.hashed(secret)]
    project.store.tokens.update(made.id, principal=whose.id)
    return secret


def form(project: Project, route: Route, token: str) -> dict[str, Any]:
    if route.path.startswith("/api") or route.path not in ACTIONS:
        return {}
    return {"raw": f"reason=x&csrf={actions.csrf(auth.cache(project.store).check(token))}".encode()}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_the_routes_of_its_permissions_and_no_others(served: Project, role: str) -> None:
    async def work(ask: Asker, routes: tuple[Route, ...]) -> None:
        token = token_of(served, person(served, role))
        for route in sorted(routes, key=lambda route: route.path == "/logout"):  # which comes last
            heard = await send(ask, route, token=token, **form(served, route, token))
            allowed = route.permission == OPEN or route.permission in ROLES[role]
            assert gets_past(heard) == allowed, (route, role, heard)
            assert allowed or heard.status == 403

    walk(served, work)


def test_a_role_that_is_taken_away_opens_nothing_from_then_on(served: Project) -> None:
    async def work(ask: Asker, routes: tuple[Route, ...]) -> None:
        ann = person(served, "viewer", "devops")
        token = token_of(served, ann)

        async def status(path: str) -> int:
            ask.app.serving.tokens.seen(served.store.tokens.revision())
            return (await ask("GET", path, token=token)).status

        assert await status("/metrics") == await status("/api/status") == 200
        served.store.principals.update(ann.id, roles=("viewer",))
        assert (await status("/metrics"), await status("/api/status")) == (403, 200)
        served.store.principals.update(ann.id, disabled=1)
        assert await status("/api/status") == 403

    walk(served, work)


def test_what_a_program_may_ends_with_who_answers_for_it(served: Project) -> None:
    async def work(ask: Asker, routes: tuple[Route, ...]) -> None:
        ann, bot = person(served, "viewer"), person(served, "viewer", name="bot", owner="principal_ann")
        token = token_of(served, bot)
        assert (await ask("GET", "/api/status", token=token)).status == 200
        served.store.principals.update(ann.id, disabled=1)
        ask.app.serving.tokens.seen(served.store.tokens.revision())
        assert (await ask("GET", "/api/status", token=token)).status == 403
        with raised(Forbidden, "bot", hint=False):
            served.store.transact(lambda tx: still(served, bot.id, "bot", ("project.read",), tx))

    walk(served, work)


def test_a_token_of_nobody_is_for_programs_alone_once_there_are_accounts(served: Project) -> None:
    async def work(ask: Asker, routes: tuple[Route, ...]) -> None:
        token = auth.issue(served.store, "from-before", auth.SCOPES)
        person(served, "viewer")
        ask.app.serving.tokens.seen(served.store.tokens.revision())
        for route in sorted(routes, key=lambda route: route.path == "/logout"):
            heard = await send(ask, route, token=token, **form(served, route, token))
            assert gets_past(heard) == (route.permission == OPEN or route.permission in NOBODYS), (route, heard)

    walk(served, work)


def test_who_sits_at_the_machine_is_who_the_system_says(served: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    person(served, "product-owner")
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "ann")
    assert (local(served).principal, local(served).name) == ("", system_user())
    monkeypatch.setenv(VARIABLE, auth.issue(served.store, "from-before", auth.SCOPES))
    assert local(served).may == NOBODYS


def verbs() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every function of `ops` that is given who asks."""
    for module in pkgutil.iter_modules(tidemill.ops.__path__):
        loaded = importlib.import_module(f"tidemill.ops.{module.name}")
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            own = function.__module__ == loaded.__name__ and not name.startswith("_")
            if own and "caller" in inspect.signature(function).parameters:
                yield f"{module.name}.{name}", function


def test_every_verb_that_is_given_a_caller_declares_its_permission() -> None:
    undeclared = {name for name, verb in verbs() if needed_by(verb) not in PERMISSIONS}
    assert undeclared <= UNDECLARED


@pytest.mark.parametrize("role", ROLES)
def test_a_verb_is_not_begun_in_a_role_that_lacks_its_permission(role: str) -> None:
    ann = Principal("principal_ann", "ann", "person", (role,), 0)
    caller = holder(Token("t", "ann", "", auth.SCOPES, 0, None, principal=ann.id), ann, lambda: parse(None), "cli")
    for name, verb in verbs():
        if needed := needed_by(verb):
            assert caller.may_do(needed) == (needed in ROLES[role]), name
            if needed not in ROLES[role]:
                given = dict.fromkeys(inspect.signature(verb).parameters)
                with pytest.raises(Forbidden):
                    verb(**{**given, "caller": caller})


def test_it_is_asked_again_in_the_transaction_by_the_roles_and_the_policy_of_then(served: Project) -> None:
    ann = person(served, "ml-engineer")
    caller = Caller("ann", auth.SCOPES, "api", ann.id, ann.roles, policy_of(served).may(ann.roles))
    ask = lambda: served.store.transact(lambda tx: again(served, caller, "release.start", tx))  # noqa: E731
    ask()
    (served.root / "policy.toml").write_text('[roles]\nml-engineer = ["project.read"]\n')
    with raised(Forbidden, "release.start") as caught:
        ask()
    assert policy_of(served).digest[:19] in caught.value.hint, "it says by which policy"
    (served.root / "policy.toml").unlink()
    served.store.principals.update(ann.id, roles=("viewer",))
    with raised(Forbidden, "release.start"):
        ask()
    served.store.principals.update(ann.id, roles=ann.roles, disabled=1)
    with raised(Forbidden, "ann", hint=False):
        ask()
