"""Passwords of local accounts: kept as argon2id of RFC 9106 (its second recommended choice: 64 MiB, three passes), never as they are."""

from __future__ import annotations

from functools import cache
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from tidemill.errors import BadRequest

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 12, 256
"""Characters (NIST SP 800-63B asks for length, and for no odd signs)."""

_ROOM = BoundedSemaphore(2)
"""So many are worked on at a time in a process, whoever asks for it: each takes 64 MiB."""


def hashed(password: str, name: str = "") -> str:
    """As it is kept. Raises BadRequest for one that is too short, too long, or the name itself."""
    if not SHORTEST <= len(password) <= LONGEST:
        hint = "a sentence is a good one"
        raise BadRequest(f"a password has {SHORTEST} to {LONGEST} characters", place="password", hint=hint)
    if name and name in password.lower() and len(password) < len(name) + SHORTEST:
        raise BadRequest("this password is little more than the name", place="password", hint="take another")
    with _ROOM:
        return _hasher().hash(password)


def fits(kept: str | None, password: str) -> bool:
    """Whether it is the one. What is kept of nobody costs the same work, so that no name is told from none by the time it takes."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        with _ROOM:
            return _hasher().verify(kept or _nobody(), password[: LONGEST + 1]) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def is_old(kept: str) -> bool:
    """Whether it was made by other numbers than those of today, and is to be made anew when the password is next shown."""
    return _hasher().check_needs_rehash(kept)


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher, profiles  # 10 ms that a scorer without log-ins does not pay

    return PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)


@cache
def _nobody() -> str:
    return _hasher().hash("nobody's password")
