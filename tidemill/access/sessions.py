"""The page's sessions: begun by a password, a one-use code or an identity provider; bound to the browser and network they were begun in."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from tidemill.access import passwords, throttle, tokens
from tidemill.errors import Unauthorized
from tidemill.ref import Ref
from tidemill.store.people import Password, Principal
from tidemill.store.records import Event, Token, Tx
from tidemill.types import JsonObject, Micros, new_id

if TYPE_CHECKING:
    from tidemill.store.sql.store import MetadataStore

AGAIN = "again"
"""In place of the network, where somebody who is logged in shows a password."""


def binding(agent: str, network: str) -> str:
    """What a session is bound to, as a digest; ``network`` is "" where it may roam."""
    return hashlib.sha256(f"{agent}\x00{network}".encode("utf-8", "surrogateescape")).hexdigest()


def begin(
    store: MetadataStore, principal: Principal, bound: str, tx: Tx = None, life: Micros = tokens.SESSION_LIFE
) -> str:
    """A session of this principal's: its secret. Raises Unauthorized for one that is disabled."""
    if principal.disabled is not None:
        raise Unauthorized("this account is disabled", hint="whoever manages people can enable it")
    return tokens.issue(store, "session", tokens.SESSION_SCOPES, life=life, principal=principal.id, bound=bound, tx=tx)


def log_in(
    store: MetadataStore, name: str, password: str, network: str, bound: str, idle: Micros = tokens.SESSION_LIFE
) -> str:
    """By name and password: the session's secret; it ends where it is ``idle`` so long. Takes the work of one argon2, whoever it is.
    Raises Unauthorized, TooMany.

    Counted as failed before it is looked at.
    """
    now, by = store.clock.now(), throttle.watched(store, name, network)
    count = store.transact(lambda tx: throttle.begin(store, by, now, tx))
    person = store.principals.called(name)
    kept = store.passwords.look_up(person.id) if person is not None else None
    fits = passwords.fits(kept.hash if kept else None, password)
    if person is None or kept is None or not fits or person.disabled is not None:
        if count & (count - 1) == 0:  # the first, second, fourth, eighth …
            record(store, "login_failed", person, {"in_a_row": count})
        raise Unauthorized("the name or the password is wrong", place="log-in", hint="both as they were given to you")

    def let_in(tx: Tx) -> str:
        if store.passwords.look_up(person.id, tx=tx) != kept:  # given another one meanwhile, which ended all sessions
            raise Unauthorized("the password was changed", place="log-in", hint="log in with the new one")
        throttle.passed(store, by, tx)
        if passwords.is_old(kept.hash):
            store.passwords.put(Password(person.id, passwords.hashed(password), now, kept.must_change), tx)
        return begin(store, store.principals.get(person.id, tx), bound, tx, idle)

    return store.transact(let_in, person.name, person.id)


def knows(store: MetadataStore, person: Principal, password: str) -> bool:
    """Whether this is the password of who is logged in: asked once more, and slowed as a log-in is. Raises TooMany."""
    now, by = store.clock.now(), throttle.watched(store, person.name, AGAIN)
    store.transact(lambda tx: throttle.begin(store, by, now, tx))
    kept = store.passwords.look_up(person.id)
    if fits := passwords.fits(kept.hash if kept else None, password):
        store.transact(lambda tx: throttle.passed(store, by, tx))
    return fits


def is_due(token: Token, idle: Micros, now: Micros) -> bool:
    """Whether a session that is used has to be told to go on: a quarter of what it may be idle is over."""
    return bool(token.principal) and token.expires is not None and token.expires - now < idle * 3 // 4


def go_on(store: MetadataStore, token: Token, idle: Micros, life: Micros) -> bool:
    """It is used: it may be idle as long again, up to its whole life; whether it was prolonged. One that an identity provider vouches for
    ends when that says."""
    until = min(store.clock.now() + idle, token.created + life)
    if token.expires is None or until <= token.expires or store.vouched.look_up(token.id) is not None:
        return False
    return store.tokens.prolong(token.id, until)


def end_elsewhere(store: MetadataStore, token: Token) -> None:
    """A session's cookie came from another browser or network: the session ends, and it is written down."""
    person = store.principals.look_up(token.principal) if token.principal else None

    def work(tx: Tx) -> None:
        if store.tokens.delete(token.id, tx):
            record(store, "session_elsewhere", person, {}, tx)

    store.transact(work)


def end_all(store: MetadataStore, principal: str, tx: Tx) -> int:
    """End all sessions of this principal; how many there were."""
    return sum(store.tokens.delete(one.id, tx) for one in store.tokens.list(principal=principal, name="session", tx=tx))


def record(store: MetadataStore, kind: str, person: Principal | None, data: JsonObject, tx: Tx = None) -> None:
    """For people: of whom by id, without a name that was tried or an address."""
    subject = str(Ref("principal", person.id)) if person else "project:"
    store.events.add(Event(new_id("event"), store.clock.now(), kind, subject, data), tx)
