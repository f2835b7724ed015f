"""The present system beside the loop, on last year's requests: hold one, the list, one of them. An audition is a run of its pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.backtest.compared import AUDITION, KIND, WORDS, Compared, markdown, sentences
from tidemill.backtest.cuts import Asked
from tidemill.errors import NotAttested, NotFound, ProjectError
from tidemill.files import write_whole
from tidemill.ops import runs
from tidemill.ops.page import Before, Limit, Page
from tidemill.ops.runs import OnEvent
from tidemill.release.signing.attest import open_envelope
from tidemill.release.signing.trust import public_keys
from tidemill.scope.project import Project
from tidemill.store.artifacts.codecs import load
from tidemill.store.records import Run
from tidemill.types import Micros


@dataclass(frozen=True)
class Audition:
    """One audition. ``said``: what it found, in sentences; ``signed``: the digest of its envelope, whose signature was verified."""

    run: str
    model: str
    data: list[str]
    every: str
    recipe: str
    created: Micros
    report: Compared
    verdict: str
    said: list[str]
    signed: str


@needs("backtest.start")
def hold(project: Project, caller: Caller, asked: Asked, incumbent: Path, on_event: OnEvent) -> Audition:
    """Hold the present system's predictions against the loop's. Killed and called again it goes on.

    Raises SourceError (what is in the file, too), BadRequest, NotFound, NotTemporalSplit, NotEnoughData, ConfigError, ModelError.
    """
    from tidemill.backtest.audition import audition_parameters, audition_pipeline

    made = runs.run_pipeline(project, audition_pipeline, audition_parameters(project, asked, incumbent), on_event)
    return show(project, made.id)


def ls(project: Project, limit: Limit = 50, before: Before = None) -> Page[Run]:
    """Auditions, the latest first."""
    return runs.ls(project, AUDITION, None, limit, before)


def show(project: Project, audition: str) -> Audition:
    """One that is done, by its run, as it was signed. Raises NotFound, NotAttested."""
    run = runs.show(project, audition)
    if (run.pipeline, run.status) != (AUDITION, "done"):
        raise NotFound(
            f"{run.id} is no audition that is done: {run.pipeline}, {run.status}", hint="tidemill audition ls"
        )
    said = open_envelope(load(project.artifacts.plain, run.outputs["signed"], "bytes"), public_keys(project))
    if said["predicateType"] != KIND:
        raise NotAttested(f"what was signed is {said['predicateType']}, no audition", "other_model", place=run.id)
    report, asked = msgspec.convert(said["predicate"]["report"], Compared), run.params
    return Audition(
        run=run.id,
        model=asked["name"],
        data=asked["data"],
        every=asked["every"],
        recipe=asked["recipe_of"],
        created=run.started,
        report=report,
        verdict=WORDS[report.verdict],
        said=sentences(report, project.goal.words),
        signed=run.outputs["signed"],
    )


def checked(folder: Path) -> None:
    """Raises ProjectError where no report can be written: asked before a long audition, too."""
    if not folder.is_dir():
        raise ProjectError(f"there is no folder {folder}/", place="--out", hint=f"make it: mkdir -p {folder}")


def write(project: Project, found: Audition, folder: Path) -> list[Path]:
    """The report as files of this folder: the signed envelope, and a page of Markdown. Raises ProjectError."""
    checked(folder)
    text = markdown(found.report, found.model, project.goal.words)
    parts = {"audition.dsse.json": project.artifacts.get(found.signed), "audition.md": text.encode()}
    for name, data in parts.items():
        write_whole(folder / name, data, 0o644)
    return [folder / name for name in parts]
