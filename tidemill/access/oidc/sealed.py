"""What is kept in the store and can be read by who holds a browser's secret alone: the store keeps no more of that than its hash."""

from __future__ import annotations

import base64
import secrets

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tidemill.types import JsonObject, canonical

NONCE = 12  # bytes


def seal(value: JsonObject, secret: str, name: str) -> str:
    """The value under a key of this secret; ``name``: of its record, for which alone it can be opened.

    >>> unseal(seal({"n": 1}, "s", "one"), "s", "one"), unseal(seal({"n": 1}, "s", "one"), "s", "two")
    ({'n': 1}, None)
    """
    nonce = secrets.token_bytes(NONCE)
    return base64.b64encode(nonce + AESGCM(_key(secret)).encrypt(nonce, canonical(value), name.encode())).decode()


def unseal(text: str, secret: str, name: str) -> JsonObject | None:
    """None where it was sealed otherwise, or is another's."""
    try:
        data = base64.b64decode(text, validate=True)
        found: JsonObject = msgspec.json.decode(
            AESGCM(_key(secret)).decrypt(data[:NONCE], data[NONCE:], name.encode()), type=dict
        )
    except (InvalidTag, ValueError):
        return None
    return found


def _key(secret: str) -> bytes:
    return HKDF(SHA256(), 32, None, b"tidemill oidc").derive(secret.encode("utf-8", "surrogateescape"))
