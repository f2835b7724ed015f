"""Long lists in pages: as many as asked for, and where to go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from fastapi import Query

from tidemill.errors import BadRequest

T = TypeVar("T")

Limit = Annotated[int, Query(ge=1, le=1_000, description="The most that are given at once.")]
After = Annotated[str | None, Query(max_length=200, description="`next` of the page before.")]


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list. ``next`` goes into ``after`` for the following one; without it this was the last."""

    items: list[T]
    next: str | None = None


def page(found: Sequence[T], key: Callable[[T], str], limit: int, after: str | None) -> Page[T]:
    """The page after the one that ended with this key. Raises BadRequest when the key is not in the list.

    >>> page(["a", "b", "c"], str, 2, None)
    Page(items=['a', 'b'], next='b')
    >>> page(["a", "b", "c"], str, 2, "b")
    Page(items=['c'], next=None)
    """
    start = 0
    if after is not None:
        start = next((i + 1 for i, record in enumerate(found) if key(record) == after), -1)
        if start < 0:
            raise BadRequest(f"{after!r} is not in this list", place="after", hint="use `next` of the page before")
    items = list(found[start : start + limit])
    more = start + limit < len(found)
    return Page(items, key(items[-1]) if more else None)
