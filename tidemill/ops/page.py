"""One page of a list, newest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Annotated, Any, Generic, TypeVar

from msgspec import Meta

T = TypeVar("T")

Limit = Annotated[int, Meta(ge=1, le=1_000, description="The most that are given at once.")]
Before = Annotated[str, Meta(max_length=300, description="`next` of the page before.")] | None


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list. ``next`` goes into ``before`` for the following one; without it this was the last."""

    items: list[T]
    next: str | None = None


def page(
    read: Callable[..., Sequence[T]],
    limit: int,
    before: str | int | None,
    key: Callable[[T], Any] = attrgetter("id"),
    **where: Any,
) -> Page[T]:
    """A page of a list of records, which ``read`` is asked for one more of; ``key``: what the next page comes before.

    >>> page(lambda before, limit: ["c", "b", "a"][:limit], 2, None, key=str)
    Page(items=['c', 'b'], next='b')
    """
    found = read(before=before, limit=limit + 1, **where)
    items = list(found[:limit])
    return Page(items, str(key(items[-1])) if len(found) > limit else None)


def walk(page: Callable[..., Sequence[Any]], size: int = 1_000) -> Iterator[Any]:
    """Every record of an endless list, newest first, read page by page."""
    before: str | None = None
    while found := page(before=before, limit=size):
        yield from found
        before = found[-1].id
