"""Linear algebra has one thread while anybody fits a model, and what goes side by side gives what one after the other does."""

from __future__ import annotations

import threading

import pytest
import scipy.linalg  # noqa: F401 - its library is one of those
from threadpoolctl import threadpool_info, threadpool_limits

from tidemill.learning.threads import one_thread, side_by_side


def threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_the_limit_holds_for_all_of_them_and_is_gone_afterwards():
    both = threading.Barrier(2)

    def fit(place: int) -> list[set[int]]:
        seen = []
        if place == 0:
            with one_thread():  # comes and leaves while the other works
                seen.append(threads())
        seen.append(threads())
        both.wait()
        return [*seen, threads()]

    with threadpool_limits(limits=3, user_api="blas"):
        with one_thread():
            assert threads() == {1}
        assert threads() == {3}
        assert side_by_side(fit, range(2)) == [[{1}] * 3, [{1}] * 2]
        assert threads() == {3}


def test_side_by_side_keeps_the_order_and_raises():
    assert side_by_side(lambda n: n * n, range(5)) == [0, 1, 4, 9, 16] and side_by_side(str, []) == []
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda n: 1 / n, [1, 0])
