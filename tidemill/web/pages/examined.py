"""What examinations of a version found, as sections of its page: a table with one line each.

Adding one is a partial template (``templates/_NAME.html``, which is given ``x``) and a `Section` in `SECTIONS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from tidemill.types import JsonObject
from tidemill.web.pages.curves import curves
from tidemill.web.pages.explained import dependence, worth
from tidemill.web.pages.fairness import fairness
from tidemill.web.pages.robustness import membership, robustness
from tidemill.web.pages.shown import estimate, exposure
from tidemill.web.pages.slices import slices


@dataclass(frozen=True)
class Section:
    """``name``: of the examination; ``values``: what its template is given, of what was found."""

    name: str
    heading: str
    lead: str
    values: Callable[[JsonObject], Any]

    @property
    def template(self) -> str:
        return f"_{self.name}.html"


class Drawn(NamedTuple):
    """``x``: what the template is given; ``error``: why the examination could not be made."""

    section: Section
    x: Any = None
    error: str = ""


SECTIONS = (
    Section("curves", "How it answers", "the evaluation model on the rows of the test, beside other models", curves),
    Section("slices", "For whom it errs", "the test by the values of its columns", slices),
    Section("fairness", "What it does to groups", "the test by the attributes that [fairness] names", fairness),
    Section(
        "importance",
        "What it answers by",
        "how much worse it is on the test when a value is taken from another row",
        worth,
    ),
    Section(
        "dependence",
        "How the answer goes with its inputs",
        "over rows that it learned from, with how many lie where",
        dependence,
    ),
    Section(
        "robustness",
        "Where an input fails",
        "what is lost where a column of the test is missing, or another",
        robustness,
    ),
    Section("membership", "What answers give away", "whether they tell who was learned from", membership),
    Section("exposure", "Exposure", "whose items are shown, beside whose are taken", exposure),
    Section(
        "estimate",
        "Estimated without labels",
        "windows of the test, each told by what was fitted to the other half",
        estimate,
    ),
)


def sections(found: Mapping[str, JsonObject]) -> list[Drawn]:
    """One for each examination that was made, in the order of the table; of one that could not be made why."""
    there = ((one, found[one.name]) for one in SECTIONS if found.get(one.name))
    return [Drawn(one, error=told["error"]) if "error" in told else Drawn(one, one.values(told)) for one, told in there]
