"""An ID token, verified (OpenID Connect Core, 3.1.3.7): signed by the provider, for this project, about this log-in, now."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.util import urlsafe_b64decode, urlsafe_b64encode

from tidemill.access.oidc.provider import Key
from tidemill.access.oidc.refused import LoginRefused
from tidemill.types import SECOND, JsonObject, Micros

ALGORITHMS = {
    "RS256": ("RSA", "sha256"),
    "RS384": ("RSA", "sha384"),
    "RS512": ("RSA", "sha512"),
    "PS256": ("RSA", "sha256"),
    "PS384": ("RSA", "sha384"),
    "PS512": ("RSA", "sha512"),
    "ES256": ("EC", "sha256"),
    "ES384": ("EC", "sha384"),
    "ES512": ("EC", "sha512"),
    "Ed25519": ("OKP", "sha512"),
    "EdDSA": ("OKP", "sha512"),
}
"""Those that a token may be signed by: the kind of key, and the hash that ``at_hash`` is made by. None with a shared secret."""
MOST = 1_000_000  # characters
MOST_SUBJECT = 255
Find = Callable[[str | None, str], Key | None]
"""The provider's key of this name and kind."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a token has to say. ``nonce``, ``subject``: where they are known; ``access``: the access token that it came with."""

    issuer: str
    client: str
    now: Micros
    skew: Micros
    nonce: str = ""
    subject: str = ""
    access: str = ""


class _Registry(jws.JWSRegistry):
    max_header_length, max_payload_length, max_signature_length = 8_192, MOST, 2_048


def verify(token: str, find: Find, wanted: Wanted) -> JsonObject:
    """Its claims. Raises LoginRefused."""
    if len(token) > MOST:
        raise LoginRefused("too_large")
    algorithm, kid = _head(token)
    key = find(kid, ALGORITHMS[algorithm][0])
    if key is None:
        raise LoginRefused("key")
    try:
        payload = jws.deserialize_compact(token, key, [algorithm], _Registry(algorithms=[algorithm])).payload
    except (JoseError, ValueError, TypeError) as exc:
        raise LoginRefused("signature") from exc
    try:
        claims: JsonObject = msgspec.json.decode(payload, type=dict)
    except (msgspec.DecodeError, RecursionError) as exc:
        raise LoginRefused("token") from exc
    _check(claims, wanted)
    _check_access(claims, wanted.access, ALGORITHMS[algorithm][1])
    return claims


def _head(token: str) -> tuple[str, str | None]:
    """How it says that it is signed. Whatever else its head says (a key, an address of one) is not looked at."""
    try:
        head, *_, last = token.encode("ascii").split(b".")
        said = msgspec.json.decode(urlsafe_b64decode(head), type=dict)
    except (ValueError, RecursionError) as exc:
        raise LoginRefused("token") from exc
    if token.count(".") != 2:
        raise LoginRefused("token")
    algorithm, kid = said.get("alg"), said.get("kid")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS or not last:
        raise LoginRefused("algorithm")
    if kid is not None and not isinstance(kid, str):
        raise LoginRefused("key")
    return algorithm, kid


def _check(claims: JsonObject, wanted: Wanted) -> None:
    if claims.get("iss") != wanted.issuer:
        raise LoginRefused("issuer")
    _check_audience(claims, wanted.client)
    expires, issued = _moment(claims.get("exp")), _moment(claims.get("iat"))
    begins = _moment(claims["nbf"]) if "nbf" in claims else issued
    if expires + wanted.skew <= wanted.now:
        raise LoginRefused("expired")
    if max(issued, begins) > wanted.now + wanted.skew:
        raise LoginRefused("future")
    nonce, subject = claims.get("nonce"), claims.get("sub")
    if wanted.nonce and not (isinstance(nonce, str) and compare_digest(nonce.encode(), wanted.nonce.encode())):
        raise LoginRefused("nonce")
    if not isinstance(subject, str) or not 0 < len(subject) <= MOST_SUBJECT or not subject.isprintable():
        raise LoginRefused("subject")
    if wanted.subject and subject != wanted.subject:
        raise LoginRefused("subject")


def _check_audience(claims: JsonObject, client: str) -> None:
    audience, party = claims.get("aud"), claims.get("azp")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or client not in audiences:
        raise LoginRefused("audience")
    if party != client and ("azp" in claims or len(audiences) > 1):
        raise LoginRefused("audience")


def _moment(said: Any) -> Micros:
    """Seconds since 1970, which may have a fraction."""
    if isinstance(said, bool) or not isinstance(said, int | float) or not math.isfinite(said) or abs(said) > 1e11:
        raise LoginRefused("token")
    return round(said * SECOND)


def _check_access(claims: JsonObject, access: str, name: str) -> None:
    said = claims.get("at_hash")
    if said is None or not access:
        return
    digest = hashlib.new(name, access.encode()).digest()
    half = urlsafe_b64encode(digest[: len(digest) // 2])
    if not isinstance(said, str) or not compare_digest(said.encode(), half):
        raise LoginRefused("at_hash")
