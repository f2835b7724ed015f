"""The one that is meant: by its name, or because there is no other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from tidemill.errors import NotFound
from tidemill.types import did_you_mean

T = TypeVar("T")


def one_of(what: str, known: Mapping[str, T], name: str | None) -> T:
    """The one of this name; without a name the only one. Raises NotFound.

    >>> one_of("endpoint", {"shop": 1}, None)
    1
    """
    if name is None and len(known) == 1:
        return next(iter(known.values()))
    if name is None:
        raise NotFound(f"there are {len(known)} {what}s: which one?", hint=f"say --{what} {' or '.join(sorted(known))}")
    if name not in known:
        raise NotFound(f"no {what} {name!r}", hint=did_you_mean(name, known))
    return known[name]
