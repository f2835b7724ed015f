"""One thread for linear algebra while a model is fitted: the same sums in the same order on any machine.

It is also the cheaper way: on two busy cores the second thread of BLAS mostly waits (an eigendecomposition of 1,147 rows took 2 s
of CPU with two threads, 0.4 s with one). What does not depend on each other goes side by side instead: numpy and LAPACK
let go of the interpreter, and no sum is shared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")


@contextmanager
def one_thread() -> Iterator[None]:
    """BLAS has one thread inside. It is a setting of the whole process: who starts threads holds it around them."""
    with _libraries().limit(limits=1, user_api="blas"):
        yield


def side_by_side(work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """``work`` of each item, each in a thread of its own. Raises what the first of them that failed did.

    >>> side_by_side(str, [1, 2])
    ['1', '2']
    """
    wanted = list(items)
    with one_thread(), ThreadPoolExecutor(max(len(wanted), 1)) as threads:
        return list(threads.map(work, wanted))


@cache
def _libraries() -> Any:
    """Those of numpy and scipy, found once: looking for them takes milliseconds."""
    import scipy.linalg  # noqa: F401 - its library has to be loaded to be found
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
