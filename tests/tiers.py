"""One test in two lengths: short in every run, long in the nightly one; or one case of it in every run, the other in the nightly one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest


def both(short: object, long: object) -> Sequence[Any]:
    """Values for `parametrize`: the second is for `make nightly`.

    A short form may find less, and never fails of itself: its draws are seeded, or it waits for what it looks for.
    """
    return [pytest.param(short, id="short"), pytest.param(long, id="long", marks=pytest.mark.nightly)]
