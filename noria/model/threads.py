"""One thread for linear algebra while a model is fitted: the same sums in the same order on any machine.

It is also the cheaper way: on two busy cores the second thread of BLAS mostly waits (an eigendecomposition of 1,147 rows took 2 s
of CPU with two threads, 0.4 s with one), and the core beside it belongs to the scorer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """BLAS has one thread inside."""
    import scipy.linalg  # noqa: F401 - its library has to be loaded to be told
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield
