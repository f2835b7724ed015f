"""What a test asserts of an error: its class, its place, and that it has a hint; never its sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tidemill.errors import TidemillError


@contextmanager
def raised(
    kind: type[TidemillError], place: str, *, hint: bool = True
) -> Iterator[pytest.ExceptionInfo[TidemillError]]:
    """`pytest.raises` for an error of exactly this class, at this place (a line that it names apart), with a hint or without."""
    with pytest.raises(kind) as caught:
        yield caught
    error = caught.value
    where = re.sub(r" \(\w+\.py:\d+\)$", "", error.place)
    assert type(error) is kind and where == place, f"{type(error).__name__} at {error.place!r}: {error.message}"
    assert bool(error.hint) is hint, f"hint: {error.hint!r}"
