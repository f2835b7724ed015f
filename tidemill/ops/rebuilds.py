"""Versions built again from their records: build one, the list, one of them. Each is a run of the pipeline `verify`."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import msgspec

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.errors import NotAttested, NotFound, StoreError
from tidemill.model import registry
from tidemill.ops import runs
from tidemill.ops.page import Before, Limit, Page, walk
from tidemill.ops.runs import OnEvent
from tidemill.rebuild.report import KIND, VERIFY, Verified
from tidemill.rebuild.verify.said import WORDS, sentences
from tidemill.release.signing.attest import check_subject, open_envelope
from tidemill.release.signing.trust import public_keys
from tidemill.scope.project import Project
from tidemill.store.artifacts.codecs import load
from tidemill.store.records import Run
from tidemill.types import Micros


@dataclass(frozen=True)
class Rebuild:
    """One rebuild. ``said``: what came of it, in sentences; ``signed``: the digest of its envelope, whose signature was verified."""

    run: str
    model: str
    created: Micros
    verdict: str
    said: list[str]
    report: Verified
    signed: str


@needs("model.examine")
def verify(project: Project, caller: Caller, model: str, environment: str, on_event: OnEvent) -> Rebuild:
    """Build a version again (number, alias or reference) and hold it against its record; nothing else of the project changes.

    Raises NotFound, BadRequest.
    """
    from tidemill.release.verify import verify_pipeline

    asked = {"model": registry.resolve(project, model).ref, "environment": environment}
    return show(project, runs.run_pipeline(project, verify_pipeline, asked, on_event).id)


def ls(project: Project, limit: Limit = 50, before: Before = None) -> Page[Run]:
    """Rebuilds, the latest first."""
    return runs.ls(project, VERIFY, None, limit, before)


def show(project: Project, rebuild: str) -> Rebuild:
    """One that is done, by its run, as it was signed. Raises NotFound, NotAttested."""
    run = runs.show(project, rebuild)
    if (run.pipeline, run.status) != (VERIFY, "done"):
        raise NotFound(f"{run.id} is no rebuild that is done: {run.pipeline}, {run.status}", hint="tidemill verify ls")
    said = open_envelope(load(project.artifacts.plain, run.outputs["signed"], "bytes"), public_keys(project))
    if said["predicateType"] != KIND:
        raise NotAttested(f"what was signed is {said['predicateType']}, no rebuild", "other_model", place=run.id)
    model = project.store.models.get(run.params["model"])
    check_subject(said, model.ref, model.bundle, "the rebuild")
    report = msgspec.convert(said["predicate"]["report"], Verified)
    verdict = WORDS[report.verdict]
    return Rebuild(run.id, report.model, run.started, verdict, sentences(report), report, run.outputs["signed"])


def of_model(project: Project, model: str) -> Rebuild | None:
    """The last rebuild of a version (a ref) that is done; None without one, and where what was signed is gone or not believed here."""
    done = walk(partial(project.store.runs.page, pipeline=VERIFY, status="done"))
    run = next((run for run in done if run.params["model"] == model), None)
    with suppress(NotAttested, StoreError):
        return show(project, run.id) if run else None
    return None
