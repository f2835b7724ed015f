"""Accounts in both stores: always somebody who manages them, ids that outlive names, log-ins that are slowed, sessions that end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.raised import raised
from tests.store.sql.conftest import postgres, server  # noqa: F401 - the fixtures
from tidemill.access import passwords, principals, sessions, throttle
from tidemill.access.policy import Policy, policy_of
from tidemill.errors import BadRequest, Conflict, NotFound, TooMany, Unauthorized
from tidemill.store.people import Password, Principal
from tidemill.store.sql import open_metadata
from tidemill.store.sql.store import MetadataStore
from tidemill.types import DAY, SECOND

WORD = "nine tidy otters"


@pytest.fixture
def policy(project: Any) -> Policy:
    return policy_of(project)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def address(request: Any, tmp_path: Path) -> Any:
    return tmp_path / "tidemill.db" if request.param == "sqlite" else request.getfixturevalue("postgres")()


@pytest.fixture
def opened(address: Any) -> Iterator[Callable[[], MetadataStore]]:
    made: list[MetadataStore] = []

    def another() -> MetadataStore:
        made.append(open_metadata(address))
        return made[-1]

    yield another
    for store in made:
        store.close()


@pytest.fixture
def store(opened: Callable[[], MetadataStore]) -> MetadataStore:
    return opened()


def add(store: MetadataStore, policy: Policy, name: str, *roles: str, owner: str = "") -> Principal:
    return store.transact(lambda tx: principals.make(store, policy, name, roles, store.clock.now(), owner=owner, tx=tx))


def change(store: MetadataStore, policy: Policy, who: str, **changes: Any) -> Principal:
    return store.transact(lambda tx: principals.change(store, policy, principals.called(store, who, tx), tx, **changes))


def test_the_first_manages_people_and_the_last_who_does_stays(store: MetadataStore, policy: Policy) -> None:
    first = add(store, policy, "ann", "viewer")
    assert first.roles == ("administrator", "viewer")
    add(store, policy, "bob", "devops")
    for changes in ({"roles": ("viewer",)}, {"disabled": 1}, {"roles": ()}):
        with raised(Conflict, "people"):
            change(store, policy, "ann", **changes)
    assert store.principals.get(first.id) == first
    change(store, policy, "bob", roles=("administrator",))
    assert change(store, policy, "ann", disabled=1).disabled == 1
    with raised(Conflict, "people"):
        change(store, policy, "bob", roles=())


def test_of_two_who_disable_each_other_at_once_one_is_refused(
    opened: Callable[[], MetadataStore], policy: Policy
) -> None:
    left, right = opened(), opened()
    add(left, policy, "ann")
    add(left, policy, "bob", "administrator")
    ready, refused = threading.Barrier(2), list[Exception]()

    def disable(store: MetadataStore, name: str) -> None:
        ready.wait()
        try:
            change(store, policy, name, disabled=1)
        except Conflict as exc:
            refused.append(exc)

    both = [threading.Thread(target=disable, args=pair) for pair in ((left, "ann"), (right, "bob"))]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert len(refused) == 1
    assert [one.disabled for one in left.principals.list()].count(None) == 1


def test_a_name_is_one_accounts_and_a_program_is_a_persons(store: MetadataStore, policy: Policy) -> None:
    ann = add(store, policy, "ann")
    with raised(Conflict, "name"):
        add(store, policy, "ann")
    with raised(BadRequest, "roles"):
        add(store, policy, "bob", "administrater")
    with raised(BadRequest, "name", hint=True):
        add(store, policy, "Bob Lee")
    bot = add(store, policy, "bot", "viewer", owner="ann")
    assert (bot.kind, bot.owner) == ("program", ann.id)
    with raised(BadRequest, "owner"):
        add(store, policy, "second", owner="bot")
    with raised(NotFound, "people"):
        principals.called(store, "zzzzzz")
    assert principals.called(store, change(store, policy, "ann", name="ann.lee").id).name == "ann.lee"


def test_a_program_or_one_who_is_disabled_is_no_last_administrator(store: MetadataStore, policy: Policy) -> None:
    add(store, policy, "ann")
    add(store, policy, "bot", "administrator", owner="ann")
    add(store, policy, "bob", "administrator")
    change(store, policy, "bob", disabled=1)
    with raised(Conflict, "people"):
        change(store, policy, "ann", disabled=1)


def with_password(store: MetadataStore, policy: Policy) -> Principal:
    ann = add(store, policy, "ann")
    store.passwords.put(Password(ann.id, passwords.hashed(WORD, "ann"), store.clock.now()))
    return ann


def test_a_right_password_begins_a_session_that_may_idle_so_long(store: MetadataStore, policy: Policy) -> None:
    ann = with_password(store, policy)
    secret = sessions.log_in(store, "ann", WORD, "here", "bound", idle=100 * SECOND)
    (token,) = store.tokens.list()
    assert (token.principal, token.bound, token.expires) == (ann.id, "bound", token.created + 100 * SECOND)
    assert secret not in repr(token) and not sessions.is_due(token, 100 * SECOND, token.created + 20 * SECOND)
    assert sessions.is_due(token, 100 * SECOND, token.created + 30 * SECOND)
    before = store.tokens.revision()
    assert sessions.go_on(store, token, DAY, 200 * SECOND)
    (longer,) = store.tokens.list()
    assert longer.expires == token.created + 200 * SECOND and store.tokens.revision() > before
    assert not sessions.go_on(store, longer, DAY, 200 * SECOND), "its whole life is its whole life"
    assert store.transact(lambda tx: sessions.end_all(store, ann.id, tx)) == 1 and store.tokens.list() == []


def test_failed_log_ins_wait_and_a_right_one_begins_anew(
    store: MetadataStore, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_password(store, policy)
    looked = list[str | None]()
    monkeypatch.setattr(passwords, "fits", lambda kept, said: looked.append(kept) or said == WORD)
    for name in ("ann", "nobody"):
        for _ in range(throttle.BOTH.free + 1):
            with raised(Unauthorized, "log-in"):
                sessions.log_in(store, name, "wrong and long", "net", "")
        with raised(TooMany, "log-in"):
            sessions.log_in(store, name, WORD, "net", "")
    assert len(looked) == 2 * (throttle.BOTH.free + 1), "a name that there is not costs the same"
    sessions.log_in(store, "ann", WORD, "elsewhere", "")  # who guesses keeps nobody out who is somewhere else
    said = [(event.kind, event.data) for event in store.events.list()]
    assert said.count(("login_failed", {"in_a_row": 4})) == 2
    assert "nobody" not in repr(said) + repr(store.attempts.list())


def test_a_password_is_kept_as_argon2id_by_rfc_9106() -> None:
    kept = passwords.hashed(WORD, "ann")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$") and WORD not in kept
    assert passwords.fits(kept, WORD) and not passwords.fits(kept, WORD + "x") and not passwords.fits(None, WORD)
    assert not passwords.is_old(kept)
    for poor in ("short", "x" * 257):
        with raised(BadRequest, "password"):
            passwords.hashed(poor)
    with raised(BadRequest, "password"):
        passwords.hashed("annalee12345", "annalee")
