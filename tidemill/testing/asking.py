"""How the suites ask: a store opened again and again, an error that must come, calls at one moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from typing import Any, Protocol, TypeVar


class _Closes(Protocol):
    def close(self) -> None: ...


S = TypeVar("S", bound=_Closes)


@contextmanager
def opener(open_store: Callable[[], S]) -> Iterator[Callable[[], S]]:
    """Gives a function that opens the store, and closes all that it opened."""
    with ExitStack() as stores:
        yield lambda: stores.enter_context(closing(open_store()))


def refused(kind: type[Exception], work: Callable[[], Any]) -> Exception:
    """The error of this kind that the work raises; its words must say something."""
    try:
        work()
    except kind as caught:
        error = caught
    else:
        raise AssertionError(f"{kind.__name__} was not raised")
    assert str(error).strip(), "an error says what is wrong"
    return error


def together(works: list[Callable[[], Any]]) -> list[Any]:
    """Runs all at the same moment, a thread each, and gives what they returned."""
    start = threading.Barrier(len(works))

    def begin(work: Callable[[], Any]) -> Any:
        start.wait(30)
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result(60) for future in [pool.submit(begin, work) for work in works]]
