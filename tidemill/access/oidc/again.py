"""A living session: whether its person is still who they were, asked of the provider every so often; and its end there.

What the provider is asked with (a refresh token, or an access token while it lasts) is sealed under the session's own secret: it can be
asked when the browser comes, and by nobody who reads the store. Where it cannot be asked, or does not answer, the session goes on
for as long as ``unchecked`` says, and no longer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from tidemill.access import sessions
from tidemill.access.oidc import account, idtoken
from tidemill.access.oidc.claims import said as said_in
from tidemill.access.oidc.person import Person, described
from tidemill.access.oidc.provider import Provider
from tidemill.access.oidc.refused import LoginRefused, ProviderAway
from tidemill.access.oidc.sealed import seal, unseal
from tidemill.access.tokens import hashed
from tidemill.config.access import life, skew
from tidemill.errors import Unauthorized
from tidemill.store.people import Principal, Vouched
from tidemill.store.records import Tx
from tidemill.types import SECOND, JsonObject, Micros

if TYPE_CHECKING:
    from tidemill.store.sql.store import MetadataStore

PAUSE = 30 * SECOND
"""A provider that did not answer about a session is left alone so long, by all scorers."""
MOST_HINT = 3_000
"""Characters of an ID token that is shown to the provider at the end: it goes into an address."""
MOST_KEPT = 16_000  # characters of a token that is kept
ENDED = "the identity provider does not vouch for this session any more"


def keep(store: MetadataStore, secret: str, principal: Principal, person: Person, said: JsonObject, tx: Tx) -> None:
    """Write down what the provider is asked with about the session of this secret."""
    session, now = store.tokens.first(hash=hashed(secret), tx=tx), store.clock.now()
    if session is None:
        raise Unauthorized("this session has ended", hint="log in again")
    kept = _kept({"subject": person.subject, "asked": person.asked}, said, now)
    sealed = seal(kept, secret, session.id)
    store.vouched.put(Vouched(session.id, principal.id, principal.issuer, sealed, now, now), tx)


def still(store: MetadataStore, provider: Provider, session: str, secret: str) -> Micros:
    """How long its session may go on before this is asked anew. Raises Unauthorized where it has ended."""
    kept, now = store.vouched.look_up(session), store.clock.now()
    if kept is None:
        return life(provider.section.session)
    if (left := kept.checked + life(provider.section.refresh) - now) > 0:
        return left
    if store.vouched.claim(session, now - PAUSE, now) is None:
        return _waits(store, provider, kept, now)
    opened = unseal(kept.sealed, secret, session)
    if opened is None or kept.issuer != provider.section.issuer:
        raise _end(store, kept)
    try:
        said = _said(provider, opened, now)
        person = None if said is None else _person(store, provider, opened, said)
    except ProviderAway:
        return _waits(store, provider, kept, now)
    except LoginRefused as refused:
        raise _end(store, kept) from refused
    if said is None or person is None:
        return _waits(store, provider, kept, now)
    return _renewed(store, provider, kept, _kept(opened, said, now), person, secret)


def end(store: MetadataStore, provider: Provider, session: str, secret: str, back: str) -> str:
    """The address at which the session ends at the provider too, which then sends the browser ``back``; "" where there is none."""
    kept = store.vouched.look_up(session)
    if kept is None:
        return ""
    store.vouched.delete(session)
    try:
        where = provider.metadata().end_session
    except ProviderAway:
        return ""
    if not where:
        return ""
    hint = (unseal(kept.sealed, secret, session) or {}).get("id", "")
    asked = {"client_id": provider.section.client_id, "post_logout_redirect_uri": back}
    if hint:
        asked["id_token_hint"] = hint
    return f"{where}{'&' if urlsplit(where).query else '?'}{urlencode(asked)}"


def _said(provider: Provider, opened: JsonObject, now: Micros) -> JsonObject | None:
    """What the provider gives for what was kept; None where it can be asked no more."""
    if refresh := opened.get("refresh"):
        return provider.exchange({"grant_type": "refresh_token", "refresh_token": refresh})
    lasts = opened.get("access") and opened.get("until", 0) > now
    return {"access_token": opened["access"], "expires_in": (opened["until"] - now) // SECOND} if lasts else None


def _person(store: MetadataStore, provider: Provider, opened: JsonObject, said: JsonObject) -> Person | None:
    """None where what it says leaves open in which groups the person is."""
    section, access, token = provider.section, said.get("access_token"), said.get("id_token")
    subject, now = opened["subject"], store.clock.now()
    if not isinstance(access, str):
        raise LoginRefused("token")
    if isinstance(token, str):
        wanted = idtoken.Wanted(
            section.issuer, section.client_id, now, skew(section.skew), subject=subject, access=access
        )
        return described(provider, idtoken.verify(token, provider.key, wanted), access)
    more = provider.userinfo(access)
    if more is None:
        return None
    required = {path: value for path, value in section.require.items() if said_in(more, path) is None}
    person = described(_Same(provider, more), {"sub": subject, **required}, access)  # as the ID token said then
    return person if person.groups is not None or opened.get("asked") or not section.groups else None


class _Same(Provider):
    """A provider that was asked already."""

    def __init__(self, provider: Provider, more: JsonObject) -> None:
        self.section, self._more = provider.section, more

    def userinfo(self, access: str) -> JsonObject | None:
        return self._more


def _renewed(
    store: MetadataStore, provider: Provider, kept: Vouched, opened: JsonObject, person: Person, secret: str
) -> Micros:
    now = store.clock.now()

    def work(tx: Tx) -> LoginRefused | None:
        found = account.admitted(store, provider.section, person, kept.principal, now, tx)
        if isinstance(found, LoginRefused):
            store.tokens.delete(kept.session, tx)
            return found
        if store.tokens.look_up(kept.session, tx=tx) is not None:
            sealed = seal(opened, secret, kept.session)
            store.vouched.put(Vouched(kept.session, kept.principal, kept.issuer, sealed, now, now), tx)
        return None

    if (refused := store.transact(work)) is not None:
        raise Unauthorized(ENDED, hint=refused.hint) from refused
    return life(provider.section.refresh)


def _waits(store: MetadataStore, provider: Provider, kept: Vouched, now: Micros) -> Micros:
    """It goes on unchecked, for a while."""
    if kept.checked + life(provider.section.unchecked) <= now:
        raise _end(store, kept)
    return PAUSE


def _end(store: MetadataStore, kept: Vouched) -> Unauthorized:
    def work(tx: Tx) -> None:
        if store.tokens.delete(kept.session, tx):
            sessions.record(
                store, "session_ended", store.principals.look_up(kept.principal, tx=tx), {"way": "oidc"}, tx
            )
        store.vouched.delete(kept.session, tx)

    store.transact(work)
    return Unauthorized(ENDED, hint="log in again")


def _fits(token: Any) -> bool:
    return isinstance(token, str) and 0 < len(token) <= MOST_KEPT


def _kept(before: JsonObject, said: JsonObject, now: Micros) -> JsonObject:
    """What is sealed: where the provider gives no new refresh token, the one before counts on."""
    access, lasts, refresh = said.get("access_token"), said.get("expires_in"), said.get("refresh_token")
    until = now + lasts * SECOND if isinstance(lasts, int) and 0 < lasts < 10**7 else now
    token = said.get("id_token")
    return {
        **before,
        "access": access if _fits(access) else "",
        "until": until,
        "refresh": refresh if _fits(refresh) else before.get("refresh", ""),
        "id": token if isinstance(token, str) and len(token) <= MOST_HINT else before.get("id", ""),
    }
