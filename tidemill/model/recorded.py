"""What was written down when a version was built: all that builds it again, and what its card and its bill of materials say."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tidemill.errors import NotFound
from tidemill.store.artifacts.port import Artifacts
from tidemill.store.records import ModelVersion, Run, Step
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.scope.project import Project

PIPELINE = "model"


@dataclass(frozen=True)
class Recorded:
    """A version with the run that made it, and that run's steps by name."""

    model: ModelVersion
    run: Run
    steps: dict[str, Step]
    artifacts: Artifacts

    @property
    def params(self) -> JsonObject:
        return self.run.params

    @property
    def seed(self) -> int:
        return self.run.seed

    @property
    def code(self) -> JsonObject:
        """``commit``, ``dirty``, ``changed`` and ``diff`` (a digest); nothing where the project was in no repository."""
        return self.run.code

    @property
    def python(self) -> str:
        return str(self.run.environment.get("python", ""))

    @cached_property
    def libraries(self) -> dict[str, str]:
        """What its steps use, by the name that it is imported under, with its version; Tidemill among them."""
        return self._parts("libraries")

    @cached_property
    def sources(self) -> dict[str, str]:
        """The project's own functions and values that its steps use, each with the digest of its source."""
        return self._parts("source")

    @cached_property
    def pins(self) -> dict[str, str]:
        """Every distribution that was installed, with its version; empty where nobody wrote it down. Raises Damaged, NotFound."""
        digest = self.run.environment.get("pins")
        found: dict[str, str] = json.loads(self.artifacts.get(digest)) if digest else {}
        return found

    def output(self, step: str, name: str) -> str | None:
        """The digest of what a step of its run gave."""
        found = self.steps[step].outputs.get(name) if step in self.steps else None
        return str(found["digest"]) if found else None

    def _parts(self, part: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for step in self.steps.values():
            found |= step.fingerprint_inputs.get(part, {})
        return dict(sorted(found.items()))


def recorded(project: Project, model: ModelVersion) -> Recorded:
    """The record of a version. Raises NotFound where it has none: somebody brought it."""
    run = project.store.runs.look_up(model.run) if model.run else None
    if run is None or run.pipeline != PIPELINE:
        hint = "versions that tidemill run or the loop built have a record"
        raise NotFound(f"{model.ref} has no record of how it was built", place=model.ref, hint=hint)
    steps = {step.name: step for step in project.store.steps.list(run=run.id)}
    return Recorded(model, run, steps, project.artifacts.plain)
