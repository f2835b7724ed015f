"""Jobs of the loop done where the test runs."""

from __future__ import annotations

from tidemill.errors import TidemillError
from tidemill.retrain.jobs import JobFailed
from tidemill.retrain.worker import do
from tidemill.scope.project import Project
from tidemill.types import JsonObject


class InlineJobs:
    """In this very process, without a time limit."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def run(self, kind: str, params: JsonObject, seconds: float) -> JsonObject:
        try:
            return do(self._project, kind, params)
        except TidemillError as exc:
            raise JobFailed(kind, exc.problem()) from exc
