"""Whether the arms get the subjects that they should: a test of the sample ratio that stays valid however often one looks. Stdlib only.

The bet is a mixture of multinomials (Dirichlet, around the shares that are meant) against those shares (Lindon and Malek 2022,
"Anytime-valid inference for multinomial count data"): where subjects come as they were drawn it ever grows to `OFF` in at most 1 of
100 tests. A scorer that drops an arm, a log that loses one, a redirect that some do not follow: each makes the ratio another one, and
what is left of the arms is not comparable any more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

OFF = 100.0
"""A bet grown to this says that the ratio is off."""
_WEIGHT = 200.0
"""How near to the meant shares the other ones are sought: a ratio of 48 to 52 is seen with some thousands of subjects."""


def odds(counts: Mapping[str, int], shares: Mapping[str, float]) -> float:
    """The bet against "these come in these shares": so many subjects of each arm. At most 1e300.

    >>> odds({"a": 500, "b": 500}, {"a": 0.5, "b": 0.5}) < 1 < OFF < odds({"a": 60, "b": 0}, {"a": 0.5, "b": 0.5})
    True
    >>> odds({}, {"a": 0.5, "b": 0.5})
    1.0
    """
    whole = sum(shares.values())
    n = sum(counts.get(arm, 0) for arm in shares)
    found = math.lgamma(_WEIGHT) - math.lgamma(_WEIGHT + n)
    for arm, share in shares.items():
        meant, count = share / whole, counts.get(arm, 0)
        found += math.lgamma(_WEIGHT * meant + count) - math.lgamma(_WEIGHT * meant) - count * math.log(meant)
    return math.exp(min(found, 690.0))


def is_off(bet: float) -> bool:
    return bet >= OFF
