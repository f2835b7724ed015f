"""The items that a list with quotas and kinds is filled from: the first ones, and the best of each quota that must be met."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tidemill.rules.asked import Asked
from tidemill.rules.pick import Limits
from tidemill.rules.view import Quota, View
from tidemill.tasks.ranking.rank import I8
from tidemill.tasks.ranking.ranked import Best

ALL = 1 << 62
"""More places than there are."""


def limits(asked: Asked, first: Best, whole: bool, most: int | None, times: int) -> tuple[Best, Limits]:
    """The items to choose from, and what limits the choice. ``whole``: the first ones are all that there are; ``times``: of each quota
    are looked at as many as it needs, so many times.
    """
    quotas = asked.view.quotas
    own = [asked.best(times * q.at_least, q) if q.at_least and not whole else None for q in quotas]
    every = _joined(asked, first, [one for one in own if one is not None])
    codes = np.minimum(every.codes, asked.universe.nowhere)
    return every, Limits(
        kind=kinds_of(asked.view, codes),
        most=ALL if most is None else most,
        quotas=_under(quotas, codes),
        least=[q.at_least and min(q.at_least, int(np.count_nonzero(asked.keep[q.codes]))) for q in quotas],
        caps=[q.at_most for q in quotas],
        sure=ALL if whole else len(first.codes),
        reach=[_end(one, times * q.at_least, every.codes) for one, q in zip(own, quotas)],
    )


def _joined(asked: Asked, first: Best, more: Sequence[Best]) -> Best:
    """The first ones, and behind them the others, each once, in their own order."""
    if not more:
        return first
    known = set(first.codes.tolist())
    rows = {row[0]: row for one in more for row in zip(*(part.tolist() for part in one)) if row[0] not in known}
    if not rows:
        return first
    names = dict(zip(rows, asked.names([*rows])))
    behind = zip(*sorted(rows.values(), key=lambda row: (row[2], names[row[0]])))
    return Best(*(np.concatenate([one, np.array(other, one.dtype)]) for one, other in zip(first, behind)))


def _end(own: Best | None, wanted: int, codes: I8) -> int:
    """Up to which place a quota's items are all there."""
    return int((codes == own.codes[-1]).argmax()) if own is not None and len(own.codes) == wanted else -1


def _under(quotas: Sequence[Quota], codes: I8) -> list[tuple[int, ...]]:
    if not quotas:
        return [()] * len(codes)
    under = [quota.of[codes].tolist() for quota in quotas]
    if len(under) == 1:
        return [(0,) if of else () for of in under[0]]
    return [tuple(q for q, of in enumerate(each) if of) for each in zip(*under)]


def kinds_of(view: View, codes: I8) -> list[object]:
    """None of an item of which it is not known."""
    if view.kind is None:
        return [None] * len(codes)
    return [None if one == -1 or one != one else one for one in view.kind[codes].tolist()]
