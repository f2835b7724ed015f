"""What is built beside a candidate that is refused for a gap between groups: the same recipe, mitigated as ``[fairness]`` says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidemill.model.prepare import mitigation
from tidemill.model.registry import verdicts_of
from tidemill.release.gates.fairness import Fairness
from tidemill.store.records import Release

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint
    from tidemill.types import JsonObject


def mitigated(scope: Endpoint, release: Release) -> JsonObject | None:
    """The recipe of the candidate beside it; None where nothing is to be mitigated, or more than a gap stands against it."""
    said = mitigation(scope)
    if said is None or release.status != "refused":
        return None
    refusing = [verdict.gate for verdict in verdicts_of(scope.project, release) if not verdict.passed]
    recipe = scope.store.models.get(release.model).recipe
    if refusing != [Fairness.name] or recipe.get("mitigate") == said:
        return None
    return {**recipe, "mitigate": said}
