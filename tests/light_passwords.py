"""Passwords kept at the least cost that argon2 allows, for tests of what is done with them: what they cost is in tests/access/test_people.py."""

from __future__ import annotations

from functools import cache

import pytest
from argon2 import PasswordHasher

from tidemill.access import passwords


def light(patch: pytest.MonkeyPatch) -> None:
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    patch.setattr(passwords, "_hasher", lambda: hasher)
    patch.setattr(passwords, "_nobody", cache(lambda: hasher.hash("nobody's password")))
