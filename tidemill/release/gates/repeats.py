"""The gate that asks whether a model of the project's own code is the same when it is fitted again on the same rows.

What two fits differ by is luck: where that is more than a change that is worth a release, no comparison says what the next
fit will be, and the released one was never measured.
"""

from __future__ import annotations

from tidemill.model.card.describe import twice
from tidemill.release.gates.port import Blessing, GateContext, GateResult
from tidemill.types import JsonObject


class Repeats:
    """Two fits on the same rows differ by less than the least useful change of the metric."""

    name = "repeats"
    blessing: Blessing = "quality"

    def applies(self, context: GateContext) -> bool:
        """Where two fits were made: of code that promises nothing."""
        return "twice" in context.candidate.metrics

    def judge(self, context: GateContext) -> GateResult:
        metrics = context.candidate.metrics
        found: JsonObject = metrics["twice"]
        level = abs(metrics[found["metric"]][0])
        figures = {**found, "level": level, "least_useful": context.least_useful}
        passed = found["differs"] <= context.least_useful * level
        said = twice(metrics).rstrip(".")
        if found["answers"]:
            said += (
                f": {'less' if passed else 'more'} than the {context.least_useful:.3g} of it that is worth a release"
            )
        return GateResult(passed, said if passed else f"{said}; give its draws a seed", figures)
