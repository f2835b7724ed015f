"""How long an A/B takes to find an effect, at the traffic and with the spread that the log shows. numpy only.

Of the last days it is taken how well the mean is known by the answers up to each of them: v(n) = a + b / n. More days bring more
answers (b), but where the same subjects come again, not more subjects, and what they differ by stays (a). Two arms of half a share each
know their difference with 4 v / share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tidemill.experiment.sequence import ALPHA, needed, tuned

FLOOR = 0.2
"""The part of what is not known at the end of the log that more days are believed never to mend: less of it is noise."""
LONGEST = 365
"""Days beyond which a plan is none."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an A/B of this share needs to find a change of ``effect`` (a share of the metric's level) in 4 of 5 tests."""

    metric: str
    effect: float
    share: float
    level: float | None  # of the metric, as people read it; None where the log has no labels
    requests_a_day: float
    subjects_a_day: float
    judged: int  # answers with a label that the spread was taken from
    days_seen: int
    days: float | None  # until it is decided; None: never, or nobody knows
    labels_after: float  # days until an answer's label is in, which come on top
    visible: float | None  # the effect that can be found in the time that is given
    why: str = ""  # of one without days

    @property
    def whole(self) -> float | None:
        """Days until then, labels and all."""
        return None if self.days is None else self.days + self.labels_after


def fitted(known: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """(a, b) of v(n) = a + b / n, neither below 0, of (n, v): how well the mean was known by so many answers.

    >>> [round(x, 6) for x in fitted([(n, 0.01 + 0.02 / n) for n in (1, 2, 3, 4, 5, 6)])]
    [0.01, 0.02]
    >>> fitted([(2.0, 0.02)])
    (0.0, 0.04)
    """
    answers, v = (np.array(column, np.float64) for column in zip(*known))
    late = slice(len(v) // 3, None)  # one day more says most where there were many
    design = np.stack([np.ones_like(answers), 1 / answers], axis=1)[late]
    if len(design) >= 3:
        a, b = np.linalg.lstsq(design, v[late], rcond=None)[0]
        if a >= FLOOR * v[-1] and b > 0:
            return float(a), float(b)
    return 0.0, float(v[-1] * answers[-1])


def days_for(effect: float, share: float, a: float, b: float, alpha: float = ALPHA) -> float | None:
    """Days until the effect is found; None where no time is enough. ``b``: of days.

    >>> round(days_for(0.05, 1.0, 0.0, 0.0004), 1), days_for(0.001, 0.1, 0.01, 0.01)
    (9.6, None)
    """
    room = needed(effect, tuned(effect, alpha), alpha) ** 2 * share / 4 - a
    days = b / room if room > 0 else None
    return days if days is not None and days <= LONGEST else None


def effect_in(days: float, share: float, a: float, b: float, alpha: float = ALPHA) -> float | None:
    """The least effect that so many days find; None where not even a doubling is found."""
    low, high = 1e-4, 1.0
    if (whole := days_for(high, share, a, b, alpha)) is None or whole > days:
        return None
    for _ in range(40):
        middle = (low * high) ** 0.5
        found = days_for(middle, share, a, b, alpha)
        low, high = (low, middle) if found is not None and found <= days else (middle, high)
    return high
