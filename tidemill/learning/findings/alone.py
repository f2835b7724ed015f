"""A column that knows the label by itself, beyond belief: nearly all of it, where all other columns together know much less.

A strong honest predictor has company (carat and size both know the price of a diamond), or leaves something open. One that
leaves nothing open, where the others leave much, was most likely written down after the label. What is measured of both:
docs/decisions/0041-what-a-column-may-know.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tidemill.learning.findings.look import Look
from tidemill.learning.findings.power import Power
from tidemill.learning.findings.shape import shape
from tidemill.learning.findings.together import together
from tidemill.store.payloads import Finding

BELIEF = 0.97
"""What one column may know: a Gini index, or R² of ranks."""
SURE = 0.94
"""What it must be shown to know at least."""
TIMES = 2.0
"""So many times as much the other columns must leave open."""
NOTHING_OPEN, SURELY = 0.995, 0.98
"""From here on it does not matter what the others know."""
LEAST_OPEN = 0.004
"""Less than this left open is nothing left open."""


def alone(look: Look, powers: Mapping[str, Power]) -> Iterator[Finding]:
    """Those whose power is beyond belief. ``powers``: of each column by itself."""
    suspects = {name for name, one in powers.items() if one.value >= BELIEF and one.low >= SURE}
    if not suspects:
        return
    rest = together(look.without(frozenset(suspects)))
    for name in sorted(suspects, key=lambda name: -powers[name].value):
        own = powers[name]
        everything = own.value >= NOTHING_OPEN and own.low >= SURELY
        if everything or rest.lacks >= TIMES * max(own.lacks, LEAST_OPEN):
            figures = {"alone": own.value, "at_least": own.low, "others": rest.value}
            said = f"{name} alone {_said(look, own)}; {_others(look, rest, len(look.columns) - len(suspects))}"
            hint = "Was it written down after the label? Then exclude it"
            yield Finding("alone", name, True, said, hint, figures, shape(look, look.columns[name]))


def _said(look: Look, own: Power) -> str:
    return f"tells {'the label' if look.truth.labels else 'the target'} of rows it has not seen ({measured(look, own)})"


def _others(look: Look, rest: Power, n: int) -> str:
    return (
        f"the {n} other column{'s' * (n != 1)} together reach {measured(look, rest)}"
        if n
        else "there is no other column"
    )


def measured(look: Look, own: Power) -> str:
    """The power as people read it: AUC of labels, R² of ranks of values."""
    return f"AUC {(1 + own.value) / 2:.3f}" if look.truth.labels else f"R² of ranks {max(own.value, 0):.3f}"
