"""What a test asserts of an error: its class, its place, and that it has a hint; never its sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest

from tidemill.errors import TidemillError

E = TypeVar("E", bound=TidemillError)


@contextmanager
def raised(
    kind: type[E], place: str, *, hint: bool = True, reason: str | None = None
) -> Iterator[pytest.ExceptionInfo[E]]:
    """`pytest.raises` for an error of exactly this class, at this place (a line that it names apart), with a hint or without.

    ``reason``: the field of this name, of an error that has one.
    """
    with pytest.raises(kind) as caught:
        yield caught
    error = caught.value
    where = re.sub(r" \(\w+\.py:\d+\)$", "", error.place)
    assert type(error) is kind and where == place, f"{type(error).__name__} at {error.place!r}: {error.message}"
    assert getattr(error, "reason", None) == reason
    assert bool(error.hint) is hint, f"hint: {error.hint!r}"
