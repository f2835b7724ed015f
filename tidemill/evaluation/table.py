"""The examinations there are. Adding one is an `Examination` and a line here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tidemill.evaluation.curves.curves import CURVES
from tidemill.evaluation.estimate.examination import ESTIMATE
from tidemill.evaluation.fairness.exposure import EXPOSURE
from tidemill.evaluation.fairness.fairness import FAIRNESS
from tidemill.evaluation.inputs.dependence import DEPENDENCE
from tidemill.evaluation.inputs.importance import IMPORTANCE
from tidemill.evaluation.membership import MEMBERSHIP
from tidemill.evaluation.port import Examination, Look, examine
from tidemill.evaluation.robustness.robustness import ROBUSTNESS
from tidemill.evaluation.slices.slices import SLICES
from tidemill.types import JsonObject

EXAMINATIONS: tuple[Examination, ...] = (
    CURVES,
    SLICES,
    FAIRNESS,
    EXPOSURE,
    ROBUSTNESS,
    MEMBERSHIP,
    IMPORTANCE,
    DEPENDENCE,
    ESTIMATE,
)


def examined(look: Look) -> dict[str, JsonObject]:
    """What every examination that applies found, by name."""
    return examine(EXAMINATIONS, look)


def sections(found: Mapping[str, JsonObject]) -> Iterator[str]:
    """The card's section of each examination, in their order; of one that could not be made why."""
    for one in EXAMINATIONS:
        told = found.get(one.name)
        if told is None:
            continue
        yield f"## {one.name.capitalize()}\nNot measured: {told['error']}" if "error" in told else one.card(told)
