"""What each feature of a version is worth and costs: made by refits, and shown as it was made last."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.config.amounts import some_time
from tidemill.errors import NotFound, TidemillError
from tidemill.evaluation.inputs.leave_out import FeatureReport
from tidemill.model import registry
from tidemill.ops import runs
from tidemill.ops.runs import OnEvent
from tidemill.ops.searched import examined
from tidemill.release.gates.port import least_useful_of
from tidemill.scope.project import Project
from tidemill.store.artifacts.codecs import load
from tidemill.store.records import ModelVersion, Run
from tidemill.types import SECOND

PIPELINE = "features"
BUDGET = "10 minutes"


@dataclass(frozen=True)
class Features:
    """The feature report of a version, and the run that made it."""

    run: str
    model: str
    report: FeatureReport


@needs("model.examine")
def make(project: Project, caller: Caller, model: str, budget: str, on_event: OnEvent) -> Features:
    """Leave each feature of a version out, and fit its recipe again, within so much CPU time. Killed and called again it goes on.

    Raises NotFound, BadRequest for what has no columns, ConfigError.
    """
    from tidemill.model.features import features_pipeline, parameters

    version = registry.resolve(project, model)
    seconds = some_time(budget, "--budget") / SECOND
    useful = least_useful_of(project.serving(version.name))
    params = parameters(project, version, seconds, useful, examined(project, version))
    return _read(project, version, runs.run_pipeline(project, features_pipeline, params, on_event))


def show(project: Project, model: str) -> Features:
    """The report of a version that was made last. Raises NotFound."""
    version = registry.resolve(project, model)
    found = of_version(project, version)
    if found is None:
        raise NotFound(f"nobody has looked at the features of {version.ref}", hint=f"tidemill models features {model}")
    return found


def of_version(project: Project, version: ModelVersion) -> Features | None:
    """The same; None where there is none, or its bytes are gone: `doctor` says so."""
    run = runs.newest(project, PIPELINE, version.ref)
    try:
        return _read(project, version, run) if run else None
    except TidemillError:
        return None


def _read(project: Project, version: ModelVersion, run: Run) -> Features:
    found = load(project.artifacts.plain, run.outputs["report"], "json")
    return Features(run.id, version.ref, msgspec.convert(found, FeatureReport))
