"""What recommenders are asked and what they answer, counted: subjects with their histories as they were known, and items.

Of questions: how many rows were known of who asked (none is a bin of its own) and how old the newest was, how many items of
these histories training never had, and how many of those who asked it never had. Of answers: how popular the items are, by
training, and how high the best score is; and the share of the catalogue that was shown. Subjects have their counterpart in
training, so that keys which do not fit are seen at once; the others are compared with earlier windows of the same model.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from tidemill.data.limited import used
from tidemill.features.online import History
from tidemill.monitor.baseline import Baseline
from tidemill.monitor.bins import BINS, numeric_column
from tidemill.monitor.drift import Column, Counts
from tidemill.monitor.sketch import Seen
from tidemill.scope.project import Endpoint
from tidemill.types import DAY, Micros

if TYPE_CHECKING:
    from tidemill.store.sql.predictions import Asked

HISTORY = numeric_column("rows known of the subject", (1, 2, 5, 10, 20, 50, 100, 200, 500), "integer")
AGE = numeric_column("days since its last row", (1, 7, 14, 28, 56, 91, 182, 365))
UNKNOWN = Column("items of histories that training never had", "new", ("known", "new"))
POPULAR = Column(
    "popularity of answers", "popularity", tuple(f"items of popularity {i + 1}/{BINS}" for i in range(BINS))
)
BEST = numeric_column("best score", (0.0, *(2.0**i for i in range(-10, 11))))
"""By powers of two: what a score means is the learner's own, and no one knows beforehand how it is spread."""
_OWN = (HISTORY, AGE, UNKNOWN, POPULAR, BEST)
_AT_ONCE = 2_000
"""So many questions whose subjects' rows are in memory at once."""


def of_histories(scope: Endpoint, baseline: Baseline, known: Collection[str], start: Micros, end: Micros) -> Seen:
    """All questions of a window, whoever answered them, and the answers of the baseline's model. ``known``: who was in training."""
    strangers = [c for c in baseline.columns if c.kind == "new" and c.source == baseline.roles.subject]
    counting = _Counting(scope, baseline)
    asked = iter(used(scope, scope.live.predictions.asked(**scope.here, since=start, until=end)))
    while part := [*islice(asked, _AT_ONCE)]:
        counting.add(part)
    counts = dict(zip((c.name for c in _OWN), counting.counts(), strict=True))
    new = len(counting.subjects.difference(known))
    counts |= {c.name: np.array([len(counting.subjects) - new, new], np.float64) for c in strangers}
    empty = [replace(c, counts=(0.0,) * len(c.labels)) for c in _OWN]
    shown = len(counting.shown) / len(baseline.bins) if baseline.bins and counting.n else None
    return Seen(counting.n, counts, [*empty, *strangers], shown=shown)


class _Counting:
    """The counts of one window."""

    def __init__(self, scope: Endpoint, baseline: Baseline) -> None:
        self._scope, self._baseline = scope, baseline
        self.n, self.subjects, self.shown = 0, set[str](), set[str]()
        self._sizes, self._ages, self._best = list[float](), list[float](), list[float]()
        self._unknown, self._popular = np.zeros(2), np.zeros(BINS)

    def add(self, asked: Sequence[Asked]) -> None:
        history = self._history({one.subject for one in asked if one.subject})
        for one in asked:
            self.n += 1
            if one.subject:
                self.subjects.add(one.subject)
            self._ask(*history.seen(one.subject, one.at, one.watermark), one.at)
            if one.model == self._baseline.model:
                self._answer(msgspec.json.decode(one.output))

    def _history(self, subjects: Collection[str]) -> History:
        """What is known of them, of the model's own dataset."""
        known, dataset = History(), self._scope.model.dataset.name
        known.load(row for row in self._scope.live.online.rows_of(subjects) if row[5] == dataset)
        return known

    def _ask(self, items: Collection[str], moments: Any, at: Micros) -> None:
        self._sizes.append(len(moments))
        self._ages.append((at - int(moments[-1])) / DAY if len(moments) else np.nan)
        new = len(set(items) - self._baseline.bins.keys())
        self._unknown += len(items) - new, new

    def _answer(self, said: dict[str, Any]) -> None:
        items, scores = said.get("items") or (), said.get("scores") or ()
        places = [place for item in items if (place := self._baseline.bins.get(item)) is not None]
        np.add.at(self._popular, places, 1)
        self.shown.update(item for item in items if item in self._baseline.bins)
        self._best.append(float(scores[0]) if scores else np.nan)

    def counts(self) -> Iterator[Counts]:
        """In the order of the columns."""
        yield _tally(HISTORY, self._sizes)
        yield _tally(AGE, self._ages)
        yield self._unknown
        yield self._popular
        yield _tally(BEST, self._best)


def _tally(column: Column, values: Sequence[float]) -> Counts:
    """How many fell into each bin; the last is for what is missing."""
    found, bins = np.asarray(values, np.float64), len(column.labels)
    places = np.where(np.isnan(found), bins - 1, np.searchsorted(column.cuts, found, side="right"))
    return np.bincount(places, minlength=bins).astype(np.float64)
