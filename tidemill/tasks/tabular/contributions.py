"""What the answers of a table's model are made of: the terms that its learner says, or Shapley values that are drawn. numpy only.

Of two labels one is explained, the positive one: its log-odds are the other's with the sign turned.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ModelError
from tidemill.learning.labelled import text_of
from tidemill.tasks.port import Became, Contribution, Explanation, Reason, Unit
from tidemill.tasks.sampling import Contributed, sampled, stacked
from tidemill.tasks.tabular.inputs import Input, called
from tidemill.tasks.tabular.learners import blend
from tidemill.tasks.tabular.learners.port import F8, Asked, Terms
from tidemill.tasks.tabular.probabilities import both_labels

I8 = NDArray[np.int64]
LINKS = {"log-odds": "logistic", "log value": "exponential", "log(1 + value)": "exponential less 1"}
"""What becomes of a score on these scales."""


@dataclass(frozen=True)
class Reasons:
    """Why a fitted learner answers as it does. ``positive``: the place of the label that is explained, of two.

    ``outputs``: what is answered in the end to one encoded row; ``tried``: the rows that a learner is tried with that says nothing itself.
    """

    inputs: Sequence[Input]
    labels: list[Any] | None
    positive: int
    asked: Asked
    outputs: Callable[[F8], F8]
    tried: F8 | None

    def contributed(self, x: F8, until: float = math.inf, samples: int = 0) -> Contributed:
        """Rows x outputs x columns. Row by row, drawn by ``until``, where the learner says nothing itself. Raises ModelError."""
        terms = self.asked.terms
        found = stacked([self._sampled(row, until, samples) for row in x]) if terms is None else told(terms, x)
        return of_label(found, self.labels, self.positive)

    def likelier(self, x: F8, until: float = math.inf, samples: int = 0) -> Contributed:
        """As `contributed`; of more than two labels to the probability of each.

        What raises the score of one may raise those of the others more, so that it becomes less likely.
        """
        if self.asked.terms is None or len(self.labels or ()) <= 2:
            return self.contributed(x, until, samples)
        return told(blend.shared([self.asked.terms], [1.0]), x)

    def explain(self, row: F8, value: Any, until: float, samples: int) -> Explanation:
        """Raises ModelError."""
        found = self.likelier(row[None], until, samples)
        texts = [text_of(label) for label in self.labels or ()]
        place = self.positive if len(texts) == 2 else texts.index(text_of(value)) if texts else 0
        at = place if found.by.shape[1] > 1 else 0
        base, score, total = (float(one[0, at]) for one in (found.base, found.score, found.base + found.by.sum(axis=2)))
        named = _named(self.inputs, found.by[0, at], None if found.error is None else found.error[0, at])
        if not all(map(math.isfinite, (base, score, *(one.value for one in named)))):
            raise ModelError("what its inputs add is no number")
        then = tuple(self._then(row, place, found.unit, score))
        reason = Reason(texts[place] if texts else "value", score, base, tuple(named), abs(total - score), then)
        return Explanation(found.method, found.unit, (reason,), samples=found.samples)

    def _sampled(self, row: F8, until: float, samples: int) -> Contributed:
        if self.tried is None:
            raise ModelError("its bundle keeps no rows that it could be tried with", hint="train it again")
        groups = list(columns(self.inputs).values())
        unit: Unit = "value" if self.labels is None else "probability"
        return sampled(partial(self._try, until), row, self.tried, groups, unit, until, samples)

    def _try(self, until: float, x: F8) -> F8:
        asked = self.asked
        return both_labels(asked.rows(x) if asked.tried is None else asked.tried(x, until), self.labels)

    def _then(self, row: F8, place: int, unit: str, score: float) -> Iterator[Became]:
        """What becomes of the score up to the number that is answered."""
        linked = float(both_labels(self.asked.row(row)[None], self.labels)[0, place])
        if unit in LINKS:
            yield Became(LINKS[unit], linked)
        elif abs(linked - score) > ROUNDING:
            yield Became("bounds", linked)
        last = float(self.outputs(row)[place])
        if last != linked:
            yield Became("calibration" if self.labels else "bounds", last)


ROUNDING = 1e-9
"""Two ways to one number differ by no more."""


def told(terms: Terms, x: F8) -> Contributed:
    """What a learner says of its scores."""
    made = terms.of(x)
    return Contributed(made[..., :-1], made[..., -1], terms.score(x), terms.unit, terms.method)


def of_label(found: Contributed, labels: list[Any] | None, place: int) -> Contributed:
    """Of two labels the one at this place alone; of others as it is."""
    if labels is None or len(labels) != 2:
        return found
    if found.by.shape[1] == 2:
        cut = slice(place, place + 1)
        error = None if found.error is None else found.error[:, cut]
        return found._replace(by=found.by[:, cut], base=found.base[:, cut], score=found.score[:, cut], error=error)
    if place == 1:
        return found
    whole = 1.0 if found.unit == "probability" else 0.0
    return found._replace(by=-found.by, base=whole - found.base, score=whole - found.score)


def columns(inputs: Sequence[Input]) -> dict[str, I8]:
    """The columns by what they are called to whom it is explained: the numbers of a text are one."""
    found: dict[str, list[int]] = {}
    for place, one in enumerate(inputs):
        found.setdefault(called(one), []).append(place)
    return {name: np.array(places, np.int64) for name, places in found.items()}


def _named(inputs: Sequence[Input], by: F8, error: F8 | None) -> list[Contribution]:
    """What is not nothing, the greatest first."""
    value, off = dict[str, float](), dict[str, float]()
    for place, (one, moved) in enumerate(zip(inputs, by.tolist(), strict=True)):
        name = called(one)
        value[name] = value.get(name, 0.0) + moved
        off[name] = off.get(name, 0.0) + (0.0 if error is None else float(error[place]))
    found = [Contribution(name, moved, error=off[name]) for name, moved in value.items() if moved or off[name]]
    return sorted(found, key=lambda one: (-abs(one.value), one.what))
