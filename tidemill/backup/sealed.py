"""Bytes sealed by AES-256-GCM, a megabyte at a time: the order and the end are sealed with them, so that nothing can be swapped or cut.

The nonce of a part is eight random bytes of the whole and the number of the part; what a whole is called is authenticated with each of its
parts (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, "Online Authenticated-Encryption and its Nonce-Reuse
Misuse-Resistance", 2015).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Iterator
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tidemill.errors import Damaged

PART = 1 << 20
_HEAD, _TAG = 8, 16


class Sealer:
    """Seals and opens with one key.

    >>> sealer = Sealer(bytes(32))
    >>> sealed = b"".join(sealer.seal("a", [b"wa", b"ter"]))
    >>> import io; b"".join(sealer.opened("a", io.BytesIO(sealed)))
    b'water'
    """

    def __init__(self, key: bytes) -> None:
        self._sealing = AESGCM(_derived(key, b"tidemill backup: contents"))
        self._naming = _derived(key, b"tidemill backup: names")

    def name(self, digest: str) -> str:
        """What an object with this SHA-256 is called: who has no key cannot tell whether something is in there."""
        return hmac.new(self._naming, digest.encode(), hashlib.sha256).hexdigest()

    def seal(self, called: str, data: Iterable[bytes]) -> Iterator[bytes]:
        """``data``: pieces of any size."""
        head = secrets.token_bytes(_HEAD)
        yield head
        held, number = b"", 0
        for piece in data:
            held += piece
            while len(held) > PART:
                yield self._part(head, called, number, held[:PART], last=False)
                held, number = held[PART:], number + 1
        yield self._part(head, called, number, held, last=True)

    def opened(self, called: str, source: IO[bytes]) -> Iterator[bytes]:
        """Its parts. Raises Damaged for the first that is not what was sealed, or was sealed with another key."""
        head, number, size = source.read(_HEAD), 0, PART + _TAG
        part = source.read(size)
        while True:
            behind = source.read(size)
            about = _about(called, last=not behind)
            try:
                yield self._sealing.decrypt(_nonce(head, number), part, about)
            except (InvalidTag, ValueError) as exc:
                hint = "take another backup; where all are so, the key is another one than they were made with"
                raise Damaged("this is not what the backup wrote", place=called, hint=hint) from exc
            if not behind:
                return
            part, number = behind, number + 1

    def _part(self, head: bytes, called: str, number: int, data: bytes, *, last: bool) -> bytes:
        return self._sealing.encrypt(_nonce(head, number), data, _about(called, last=last))


def _derived(key: bytes, what: bytes) -> bytes:
    return HKDF(SHA256(), 32, None, what).derive(key)


def _nonce(head: bytes, number: int) -> bytes:
    return head + number.to_bytes(4)


def _about(called: str, *, last: bool) -> bytes:
    return f"{called}\n{int(last)}".encode()
