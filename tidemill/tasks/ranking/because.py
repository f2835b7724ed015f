"""Because you bought: the score of each answered item as a sum over the items, and the rows, of the history. numpy only.

Every built-in scorer says its `Shares` of scores by item of the history. An item's share goes to its rows as their decayed counts are
(what Aumann and Shapley give each of a sum's terms under any power), of nearest sessions to the newest row: only that counts there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from tidemill.features.times import Times
from tidemill.features.transforms import decay
from tidemill.tasks.port import Contribution, Reason
from tidemill.tasks.ranking.rank import F8, I8, Shares
from tidemill.types import Micros, to_iso


class Event(Protocol):
    """A row of a subject's history, as far as it says something of an item."""

    @property
    def item(self) -> str: ...
    @property
    def at(self) -> Micros: ...
    @property
    def value(self) -> float: ...


def shares_of(
    scorer: Any, wanted: Sequence[str], items: Sequence[str], values: F8, at: Micros, times: Callable[[], Times]
) -> Shares:
    """What the scores of these items are made of; one that is ``timed`` also reads when the subject took its items."""
    found: Shares = scorer.shares(wanted, items, values, at, *((times(),) if getattr(scorer, "timed", False) else ()))
    return found


def reasons(
    shares: Shares, wanted: Sequence[str], scores: Sequence[float], items: Sequence[str], times: Times
) -> Iterator[Reason]:
    """One for each wanted item, what adds most first; what adds nothing is left out."""
    moments = [to_iso(at) for at in times.last.tolist()]
    of = [*zip(items, moments), *((name, "") for name in shares.parts)]
    values = np.concatenate([shares.history, np.array([*shares.parts.values()])])
    off = np.abs(shares.total - np.asarray(scores)).tolist()
    order = np.argsort(-np.abs(values), axis=0, kind="stable")
    there = (values != 0.0).sum(axis=0).tolist()
    for column, name in enumerate(wanted):
        places = order[: there[column], column].tolist()
        each = zip(places, values[places, column].tolist())
        made = tuple(
            Contribution(of[place][0], value, "history" if place < len(items) else "part", at=of[place][1])
            for place, value in each
        )
        yield Reason(name, scores[column], shares.base, made, off[column])


def by_row(scorer: Any, shares: F8, items: Sequence[str], rows: Sequence[Event], at: Micros) -> F8:
    """Rows x wanted of shares by item. Rows that a request at ``at`` does not count (returns, later rows) have none."""
    place = {name: nth for nth, name in enumerate(items)}
    counted = [nth for nth, row in enumerate(rows) if row.value > 0 and row.at < at]
    of = np.array([place[rows[nth].item] for nth in counted], np.int64)
    moments = np.array([rows[nth].at for nth in counted], np.int64)
    out = np.zeros((len(rows), shares.shape[1]))
    out[counted] = shares[of] * _parts(of, _weights(scorer, of, moments, at), len(items))[:, None]
    return out


def _weights(scorer: Any, of: I8, moments: I8, at: Micros) -> F8:
    """Of each row beside the others of its item."""
    if not getattr(scorer, "newest", False):
        return decay(at - moments, scorer.half_life)
    order = np.argsort(moments, kind="stable")
    newest = dict(zip(of[order].tolist(), order.tolist()))
    return np.array([newest[code] == nth for nth, code in enumerate(of.tolist())], np.float64)


def _parts(of: I8, weights: F8, n: int) -> F8:
    """Each row's part of its item, which are 1 in all; even ones where all have faded to nothing."""
    whole, rows = np.bincount(of, weights, n)[of], np.bincount(of, minlength=n)[of]
    return np.divide(weights, whole, out=1.0 / np.maximum(rows, 1), where=whole > 0)
