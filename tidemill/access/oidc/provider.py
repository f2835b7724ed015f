"""Where an identity provider is and by which keys it signs: what it publishes (OpenID Connect Discovery), kept for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from tidemill.access.oidc import wire
from tidemill.access.oidc.refused import LoginRefused, ProviderAway
from tidemill.config.access import SECRET, OidcSection
from tidemill.files import secret_of
from tidemill.types import JsonObject

HOUR = 3_600.0
KEYS_AGAIN = 60.0
"""Seconds in which the keys are fetched once at most, whatever keys tokens name."""
REST = 5.0
"""Seconds for which a provider that was away is not asked again for what it publishes."""
MOST_KEYS = 100
LEAST_RSA = 2048  # bits
Key = RSAKey | ECKey | OKPKey
T = TypeVar("T")
_KINDS: dict[str, type[RSAKey] | type[ECKey] | type[OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the provider says of itself; "" where it says nothing."""

    authorize: str
    token: str
    keys: str
    userinfo: str = ""
    end_session: str = ""
    says_issuer: bool = False  # its answers say whose they are (RFC 9207)
    posts_secret: bool = False  # the secret goes into the form: it takes no other


class _Kept:
    """Something that was fetched, and is fetched again when it is old; a failure is remembered for a moment."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now, self._lock = now, threading.Lock()
        self._value: Any = None
        self._at = self._failed = float("-inf")

    def get(self, fetch: Callable[[], T], longest: float) -> T:
        with self._lock:
            now = self._now()
            if self._value is not None and now - self._at < longest:
                found: T = self._value
                return found
            if now - self._failed < REST:
                raise ProviderAway("it was away a moment ago")
            try:
                found = self._value = fetch()
            except ProviderAway:
                self._failed = self._now()
                raise
            self._at = self._now()
            return found

    def age(self) -> float:
        return self._now() - self._at


class Provider:
    """The one of a project. Its methods wait for the network, in any thread; they raise ProviderAway."""

    def __init__(
        self, section: OidcSection, ask: wire.Ask | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.section, self._ask = section, ask or wire.asker(section.issuer)
        self._metadata, self._keys = _Kept(now), _Kept(now)

    def metadata(self) -> Metadata:
        return self._metadata.get(self._discover, HOUR)

    def key(self, kid: str | None, kind: str) -> Key | None:
        """The key of this name; of none, the only one of its kind. One that is not known is looked for once more, where the keys were
        not fetched just before."""
        found = self._find(kid, kind, HOUR)
        if found is None and self._keys.age() >= KEYS_AGAIN:
            found = self._find(kid, kind, KEYS_AGAIN)
        return found

    def exchange(self, form: Mapping[str, str]) -> JsonObject:
        """What the token endpoint gives for this. Raises LoginRefused where it says no."""
        at, client = self.metadata(), self.section.client_id
        secret, sent = secret_of(SECRET), dict(form)
        headers: dict[str, str] = {}
        if secret and not at.posts_secret:
            headers = wire.basic(client, secret)
        else:
            sent |= {"client_id": client, **({"client_secret": secret} if secret else {})}
        status, said = self._ask(at.token, sent, headers)
        if status == 200:
            return said
        if status >= 500 or status == 429:
            raise ProviderAway(f"the token endpoint answers {status}")
        raise LoginRefused("client" if said.get("error") in ("invalid_client", "unauthorized_client") else "code")

    def userinfo(self, access: str) -> JsonObject | None:
        """What it says of who holds this access token; None where it says no more, or never did."""
        where = self.metadata().userinfo
        if not where:
            return None
        status, said = self._ask(where, None, {"Authorization": f"Bearer {access}"})
        if status >= 500 or status == 429:
            raise ProviderAway(f"the userinfo endpoint answers {status}")
        return said if status == 200 else None

    def _discover(self) -> Metadata:
        issuer = self.section.issuer
        status, said = self._ask(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if status != 200 or said.get("issuer") != issuer:
            raise ProviderAway(f"what it publishes is no description of {issuer} ({status})")
        named = {
            name: said.get(f"{name}_endpoint", "") for name in ("authorization", "token", "userinfo", "end_session")
        }
        named["keys"] = said.get("jwks_uri", "")
        for name, url in named.items():
            if not isinstance(url, str) or not (url or name in ("userinfo", "end_session")):
                raise ProviderAway(f"it names no address for {name}")
            if url:
                wire.check(url, issuer)
        ways = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        posts = isinstance(ways, list) and "client_secret_basic" not in ways and "client_secret_post" in ways
        says = said.get("authorization_response_iss_parameter_supported") is True
        return Metadata(
            named["authorization"], named["token"], named["keys"], named["userinfo"], named["end_session"], says, posts
        )

    def _find(self, kid: str | None, kind: str, longest: float) -> Key | None:
        keys = [key for key in self._keys.get(self._fetch, longest) if key.key_type == kind]
        if kid is None:
            return keys[0] if len(keys) == 1 else None
        return next((key for key in keys if key.kid == kid), None)

    def _fetch(self) -> list[Key]:
        status, said = self._ask(self.metadata().keys)
        keys = said.get("keys")
        if status != 200 or not isinstance(keys, list):
            raise ProviderAway(f"it shows no keys ({status})")
        return [key for one in keys[:MOST_KEYS] if (key := _key(one)) is not None]


def _key(said: Any) -> Key | None:
    """None for one that no token may be signed by: a shared secret, one to encrypt with, one that is too short."""
    kind = _KINDS.get(str(said.get("kty"))) if isinstance(said, dict) else None
    if kind is None or said.get("use", "sig") != "sig":
        return None
    try:
        found = kind.import_key(
            {name: value for name, value in said.items() if name not in ("d", "p", "q", "dp", "dq", "qi")}
        )
        short = isinstance(found, RSAKey) and found.public_key.key_size < LEAST_RSA
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return None if short else found
