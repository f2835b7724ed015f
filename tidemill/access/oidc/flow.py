"""A log-in from its beginning at /login/oidc to its end at /login/oidc/callback: once, in one browser, within ten minutes."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from tidemill.access import sessions, throttle
from tidemill.access.oidc import account, idtoken
from tidemill.access.oidc.again import keep
from tidemill.access.oidc.person import Person, described
from tidemill.access.oidc.provider import Provider
from tidemill.access.oidc.refused import LoginRefused
from tidemill.access.oidc.sealed import seal, unseal
from tidemill.access.tokens import hashed
from tidemill.config.access import life, skew
from tidemill.store.people import LogIn, Principal
from tidemill.store.records import Tx
from tidemill.types import SECOND, JsonObject, new_id

if TYPE_CHECKING:
    from tidemill.store.sql.store import MetadataStore

LIFE = 600 * SECOND
MOST_OF_ONE, MOST_OPEN = 50, 20_000
"""Log-ins that may be open at a time: begun from one network, and all of them."""
MOST_SAID = 4_096  # characters of a state or a code


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and what it keeps until it comes back."""

    location: str
    state: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """Who has logged in, and the secret of the session."""

    principal: Principal
    secret: str
    life: int  # seconds


def begin(store: MetadataStore, provider: Provider, redirect: str, network: str) -> Begun:
    """``redirect``: the address of this server's callback; ``network``: that of the browser. Raises LoginRefused, ProviderAway."""
    where, section, now = provider.metadata(), provider.section, store.clock.now()
    state, cookie, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(4))
    sealed = seal({"nonce": nonce, "verifier": verifier, "redirect": redirect}, cookie, hashed(state))
    ((_, origin),) = throttle.of_network(store, network).keys
    begun = LogIn(hashed(state), hashed(cookie), sealed, origin, now, now + LIFE)
    if not store.logins.begin(begun, MOST_OF_ONE, MOST_OPEN):
        raise LoginRefused("busy")
    asked = {
        "response_type": "code",
        "client_id": section.client_id,
        "redirect_uri": redirect,
        "scope": " ".join(section.scopes),
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge(verifier),
        "code_challenge_method": "S256",
    }
    return Begun(f"{where.authorize}{'&' if urlsplit(where.authorize).query else '?'}{urlencode(asked)}", state, cookie)


def challenge(verifier: str) -> str:
    """RFC 7636, 4.2.

    >>> challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def finish(
    store: MetadataStore, provider: Provider, answer: Mapping[str, str], cookie: str, network: str, bound: str
) -> Arrived:
    """End the log-in of this answer of the provider's, in the browser that holds this cookie. Raises LoginRefused, ProviderAway;
    TooMany where many failed from this network: each is counted before it is looked at."""
    by, now = throttle.of_network(store, network), store.clock.now()
    begun = _taken(store, answer.get("state", ""))
    store.transact(lambda tx: throttle.begin(store, by, now, tx))
    try:
        kept = _opened(begun, cookie)
        said = _exchanged(provider, answer, kept)
        person = _person(store, provider, said, kept["nonce"])
        found = _arrive(store, provider, person, said, by, bound)
        if isinstance(found, LoginRefused):
            raise found
    except LoginRefused as exc:
        sessions.record(store, "login_refused", None, {"way": "oidc", "reason": exc.reason})
        raise
    return found


def _taken(store: MetadataStore, state: str) -> LogIn:
    """The log-in of this state, which is over with this whatever becomes of it. Nothing is written where there is none."""
    name = hashed(state[:MOST_SAID])
    begun = store.logins.look_up(name)
    if begun is None or not store.logins.delete(name) or begun.expires <= store.clock.now():
        raise LoginRefused("state")
    return begun


def _opened(begun: LogIn, cookie: str) -> JsonObject:
    """What was kept of it, by the cookie of its own browser."""
    if not compare_digest(begun.browser, hashed(cookie)):
        raise LoginRefused("browser")
    kept = unseal(begun.sealed, cookie, begun.id)
    if kept is None:
        raise LoginRefused("sealed")
    return kept


def _exchanged(provider: Provider, answer: Mapping[str, str], kept: JsonObject) -> JsonObject:
    """What the code was exchanged for."""
    issuer = answer.get("iss")
    if issuer != provider.section.issuer and (issuer is not None or provider.metadata().says_issuer):
        raise LoginRefused("mixed_up")
    if "error" in answer:
        raise LoginRefused(f"provider_{''.join(c for c in answer['error'][:40] if c.isalpha() or c == '_')}")
    code = answer.get("code", "")
    if not 0 < len(code) <= MOST_SAID:
        raise LoginRefused("answer")
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": kept["redirect"]}
    return provider.exchange({**form, "code_verifier": kept["verifier"]})


def _person(store: MetadataStore, provider: Provider, said: JsonObject, nonce: str) -> Person:
    token, access, section = said.get("id_token"), said.get("access_token"), provider.section
    if not isinstance(token, str) or not isinstance(access, str):
        raise LoginRefused("token")
    wanted = idtoken.Wanted(
        section.issuer, section.client_id, store.clock.now(), skew(section.skew), nonce, access=access
    )
    return described(provider, idtoken.verify(token, provider.key, wanted), access)


def _arrive(
    store: MetadataStore, provider: Provider, person: Person, said: JsonObject, by: throttle.Watched, bound: str
) -> Arrived | LoginRefused:
    """In one transaction, which is the person's own."""
    section = provider.section
    known = store.principals.vouched(section.issuer, person.subject)
    who, lives = known.id if known else new_id("principal"), life(section.session)

    def work(tx: Tx) -> Arrived | LoginRefused:
        found = account.admitted(store, section, person, who, store.clock.now(), tx)
        if isinstance(found, LoginRefused):
            return found
        throttle.passed(store, by, tx)
        secret = sessions.begin(store, found, bound, tx, lives)
        keep(store, secret, found, person, said, tx)
        sessions.record(store, "logged_in", found, {"way": "oidc"}, tx)
        return Arrived(found, secret, lives // SECOND)

    return store.transact(work, known.name if known else "", who)
