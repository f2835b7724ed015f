"""Rows of a window as one bundle takes them: to be asked again with some of their values changed, and judged as the test is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.learning.evaluate import Scored
from tidemill.learning.labelled import text_of
from tidemill.learning.rows import evenly
from tidemill.tasks.tabular.row import RowScorer

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]


@dataclass(frozen=True)
class Sample:
    """Encoded rows (rows x inputs) of a window, the truth of each, and the scorer that they are put to."""

    scorer: RowScorer
    rows: I8
    x: F8
    truth: F8
    units: NDArray[Any]
    at: I8
    watched: int
    """The output that pictures are about."""
    judge: Callable[[F8], dict[str, Scored]] = field(repr=False)
    """(outputs of these rows, as `told` gives them) → how well each was answered, by metric."""

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """By the value of a request: the columns that are made of it. Those of one text, or of the time, move together."""
        found: dict[str, list[int]] = {}
        for place, one in enumerate(self.scorer.inputs):
            found.setdefault(one.source, []).append(place)
        return found

    @property
    def categories(self) -> list[int]:
        """The columns that hold places of categories."""
        return [place for place, one in enumerate(self.scorer.inputs) if one.kind == "category"]

    @cached_property
    def base(self) -> dict[str, Scored]:
        """How well the rows are answered as they are, by metric."""
        return self.judge(self.scorer.many(self.x))

    def some(self, most: int) -> Sample:
        """At most so many of the rows, from all over them; they are not judged."""
        rows = evenly(len(self.x), most)
        parts = {name: getattr(self, name)[rows] for name in ("rows", "x", "truth", "units", "at")}
        return replace(self, **parts, judge=_unjudged)

    def told(self, x: F8) -> F8:
        """What is answered to these rows in the place of the sample's: rows x outputs. Raises ModelError."""
        return self.scorer.many(x)

    def shuffled(self, names: Sequence[str], rng: np.random.Generator) -> F8:
        """The rows with these values of a request taken from other rows: those of one row stay together."""
        x, order = self.x.copy(), rng.permutation(len(self.x))
        columns = [place for name in names for place in self.places[name]]
        x[:, columns] = self.x[order][:, columns]
        return x

    @property
    def answer(self) -> str:
        """What the watched output is: a label's text, or ``value``."""
        return "value" if self.scorer.labels is None else text_of(self.scorer.labels[self.watched])


def watched_of(scorer: RowScorer, truth: F8) -> int:
    """The output that pictures are about: the value; the positive label, of two the second, else the most frequent."""
    labels = scorer.labels
    if labels is None or len(labels) < 2:
        return 0
    if scorer.threshold:
        return [text_of(label) for label in labels].index(scorer.threshold["positive"])
    known = truth[truth >= 0].astype(np.int64)
    return 1 if len(labels) == 2 else int(np.bincount(known, minlength=len(labels)).argmax())


def _unjudged(told: F8) -> dict[str, Scored]:
    return {}
