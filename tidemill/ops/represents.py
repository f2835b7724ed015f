"""Whether the rows that a version learned from represent what it is asked: looked at when it is asked for, and shown as it was last."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.config.amounts import some_time
from tidemill.errors import NotFound, TidemillError
from tidemill.learning.measures import measure
from tidemill.model import registry
from tidemill.monitor.representative import Represents
from tidemill.ops import runs
from tidemill.ops.runs import OnEvent
from tidemill.ops.text import share
from tidemill.scope.project import Project
from tidemill.store.artifacts.codecs import load
from tidemill.store.records import ModelVersion, Run
from tidemill.types import Micros

PIPELINE = "represents"
SINCE = "28 days"
NAMED = 3
"""Columns that a sentence names."""


@dataclass(frozen=True)
class Represented:
    """What was found of a version, over which requests. ``said``: in sentences."""

    run: str
    model: str
    since: Micros
    until: Micros
    report: Represents
    said: list[str]


@needs("model.examine")
def make(
    project: Project, caller: Caller, model: str, since: str, endpoint: str | None, on_event: OnEvent
) -> Represented:
    """Hold the training rows of a version against what was asked in so long. Raises NotFound, BadRequest, ConfigError, NotEnoughData."""
    from tidemill.monitor.represents import parameters, represents_pipeline

    version = registry.resolve(project, model)
    begin = project.clock.now() - some_time(since, "--since")
    params = parameters(project.serving(version.name, endpoint), version, begin)
    return _read(project, version, runs.run_pipeline(project, represents_pipeline, params, on_event))


def show(project: Project, model: str) -> Represented:
    """What was found last of a version. Raises NotFound."""
    version = registry.resolve(project, model)
    found = of_version(project, version)
    if found is None:
        hint = f"tidemill models represents {model}"
        raise NotFound(f"nobody has held {version.ref} against what it is asked", hint=hint)
    return found


def of_version(project: Project, version: ModelVersion) -> Represented | None:
    """The same; None where there is none, or its bytes are gone: `doctor` says so."""
    run = runs.newest(project, PIPELINE, version.ref)
    try:
        return _read(project, version, run) if run else None
    except TidemillError:
        return None


def _read(project: Project, version: ModelVersion, run: Run) -> Represented:
    found = msgspec.convert(load(project.artifacts.plain, run.outputs["report"], "json"), Represents)
    return Represented(run.id, version.ref, run.params["since"], run.params["until"], found, sentences(found))


def sentences(found: Represents) -> list[str]:
    """Whether they represent it; in which columns not; what the test would say of what is asked."""
    apart = [one.name for one in found.columns if one.apart >= 0.1 or one.outside >= 0.01][:NAMED]
    told = {
        "represents": f"the {found.rows:,} training rows represent the {found.requests:,} requests",
        "differs": f"the {found.rows:,} training rows do not represent the {found.requests:,} requests",
        "not_enough_data": f"not enough data to say whether the training rows represent the {found.requests:,} requests",
    }[found.verdict]
    mean, low, high = found.auc
    seen = f"told apart with AUC {mean:.2f} ({low:.2f} to {high:.2f}; 0.5 is alike)"
    beyond = f"{share(found.outside[0])} of the requests have a value that no row had"
    lines = [f"{told}: {seen}; {beyond}; weighed as they are asked {share(found.effective)} of the rows count"]
    if apart and found.verdict != "represents":
        lines.append(f"they are the furthest apart in {', '.join(apart)}")
    return [*lines, _quality(found)]


def _quality(found: Represents) -> str:
    if found.quality is None or found.figure is None:
        return f"the test says nothing of what is asked: {found.why}"
    kind, (mean, low, high) = measure(found.metric), found.quality
    was, now = (kind.text(kind.figure(max(value, 0.0))) for value in (found.figure, found.figure + mean))
    sure = "" if low > 0 or high < 0 else ", which may be chance"
    return f"{found.metric} of the test is {was}; weighed as it is asked it would be {now}{sure}"
