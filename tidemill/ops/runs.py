"""Runs of the pipelines: the list, one with its steps, why a step ran, two side by side, and the run itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.engine.explain import Why
from tidemill.engine.lease import is_orphan
from tidemill.engine.secrets import holds_secret
from tidemill.errors import BadRequest, Conflict, TidemillError
from tidemill.ops.page import Before, Limit, Page, page, walk
from tidemill.scope.names import chosen_by
from tidemill.scope.project import Project
from tidemill.store.records import Event, Run, Step
from tidemill.types import JsonObject, did_you_mean

if TYPE_CHECKING:
    from tidemill.engine import Pipeline
    from tidemill.retrain.run_all import RunSummary

Status = Literal["running", "interrupted", "done", "failed", "cancelled"]
OnEvent = Callable[[str, JsonObject], None]


@dataclass(frozen=True)
class StepDiff:
    """One step in two runs. ``differs``: the parts of its fingerprint that are not the same."""

    step: str
    same: bool
    one: str | None  # its status, where the run has it
    other: str | None
    differs: list[str]


@dataclass(frozen=True)
class Made:
    """What one turn of the loop made for an endpoint, or found made already."""

    dataset: str
    model: str
    release: str
    status: str
    refused_by: dict[str, str]  # gate -> why
    held_by: dict[str, str] = field(default_factory=dict)  # gate -> what a person has to decide
    instead_of: str = ""  # the candidate that was refused first: the best baseline was built, or it was mitigated


@dataclass(frozen=True)
class Turn:
    """One turn of the loop, by endpoint. ``notices``: of files and first candidates. ``unread``: why some of the source is not in."""

    made: dict[str, Made]
    failed: dict[str, TidemillError]
    notices: list[str]
    unread: dict[str, TidemillError] = field(default_factory=dict)


def ls(
    project: Project,
    pipeline: str | None = None,
    status: Status | None = None,
    limit: Limit = 50,
    before: Before = None,
) -> Page[Run]:
    """Runs, the latest first. One whose process is gone is ``interrupted``."""
    if status in ("running", "interrupted"):
        unfinished = [_seen(project, run) for run in reversed(project.store.runs.unfinished())]
        found = [run for run in unfinished if run.status == status and pipeline in (None, run.pipeline)]
        return page(lambda before, limit: _after(found, before)[:limit], limit, before)
    listed = page(project.store.runs.page, limit, before, pipeline=pipeline, status=status)
    return Page([_seen(project, run) for run in listed.items], listed.next)


def _after(runs: list[Run], before: str | None) -> list[Run]:
    return runs[[run.id for run in runs].index(before) + 1 :] if before in [run.id for run in runs] else runs


def state_of(project: Project, run: Run) -> str:
    """The status of a run as it is now: a record says ``running`` until somebody ends it, also when its process was killed."""
    return "interrupted" if run.status == "running" and is_orphan(project.store, run) else run.status


def _seen(project: Project, run: Run) -> Run:
    return replace(run, status=state_of(project, run))


def newest(project: Project, pipeline: str, model: str) -> Run | None:
    """The last run of a pipeline about a version (by its ref) that is done."""
    done = walk(partial(project.store.runs.page, pipeline=pipeline, status="done"))
    return next((run for run in done if run.params["model"] == model), None)


def show(project: Project, run: str) -> Run:
    """One run: its parameters, code, environment, cost, outputs."""
    return _seen(project, project.store.runs.named(run))


def steps(project: Project, run: str) -> Page[Step]:
    """Its steps in order, with fingerprints, inputs and outputs."""
    found = project.store.runs.named(run)
    return Page(list(project.store.steps.list(run=found.id)))


def cpu_of(project: Project, step: Step) -> float:
    """CPU seconds that a step took; of one that was reused what it took where it ran."""
    made_by = next((str(output["from"]) for output in step.outputs.values() if "from" in output), None)
    if made_by is None:
        return step.cpu_us / 1e6
    same = [s for s in project.store.steps.list(run=made_by) if s.fingerprint == step.fingerprint]
    return max((s.cpu_us / 1e6 for s in same), default=0.0)


def why(project: Project, run: str, step: str) -> Why:
    """Why a step ran, or what it was reused from."""
    from tidemill.engine.explain import why as explain

    return explain(project.store, project.store.runs.named(run).id, step)


def compare(project: Project, first: str, second: str) -> Page[StepDiff]:
    """What differs between two runs, step by step."""
    one, other = ({s.name: s for s in steps(project, r).items} for r in (first, second))
    return Page([_diff(name, one.get(name), other.get(name)) for name in dict.fromkeys([*one, *other])])


def _diff(name: str, a: Step | None, b: Step | None) -> StepDiff:
    parts = {*a.fingerprint_inputs, *b.fingerprint_inputs} if a and b else set()
    differs = sorted(k for k in parts if a and b and a.fingerprint_inputs.get(k) != b.fingerprint_inputs.get(k))
    same = bool(a and b and a.fingerprint == b.fingerprint)
    return StepDiff(name, same, a.status if a else None, b.status if b else None, differs)


@needs("run.start")
def run_all(project: Project, caller: Caller, on_event: OnEvent) -> Turn:
    """Data → model → release for every endpoint, finished steps reused. Where one fails the others are made all the same."""
    from tidemill.model.registry import refusals, waits
    from tidemill.retrain.run_all import run_every

    earlier = {event.id for event in _of_files(project)}
    found = run_every(project, on_event, author=caller.name)
    turn = Turn({}, {}, [f"  {e.data['message']}" for e in _of_files(project) if e.id not in earlier])
    for name, made in found.items():
        if isinstance(made, TidemillError):
            turn.failed[name] = made
        else:
            dataset, release = f"{made.dataset.dataset}@{made.dataset.version}", made.release
            refused = refusals(project, release)
            turn.unread.update({dataset: made.unread} if made.unread else {})
            asks = waits(project, release)
            turn.notices.extend(_instead(project, made))
            first = next((one.model for one in (made.refused, made.unfair) if one), "")
            turn.made[name] = Made(dataset, made.model.ref, release.id, release.status, refused, asks, first)
    return turn


def _instead(project: Project, made: RunSummary) -> list[str]:
    """That another candidate was refused first, and why."""
    from tidemill.evaluation.fairness.fairness import said_of_price
    from tidemill.model.registry import examined_kept, refusals
    from tidemill.store.artifacts.codecs import load

    found = []
    if made.refused is not None:
        said = refusals(project, made.refused)
        why = said.get("method") or "; ".join(said.values())  # both gates say it of the same two models
        found.append(f"  {made.refused.model} was refused, and the best baseline is built in its place: {why}")
    if made.unfair is not None:
        why = "; ".join(refusals(project, made.unfair).values())
        digest = examined_kept(project, made.model)
        price = said_of_price(load(project.artifacts.plain, digest, "json")["fairness"] if digest else {})
        found.append(f"  {made.unfair.model} was refused: {why}")
        found.append(f"  {made.model.ref} is built beside it, {price}")
    return found


def _of_files(project: Project) -> list[Event]:
    """What was said of single files that are no fault."""
    return [event for kind in ("again", "note") for event in project.store.events.list(kind=kind)]


@needs("run.start")
def start(project: Project, caller: Caller, pipeline: str, params: JsonObject, on_event: OnEvent) -> Run:
    """Run a pipeline of the project's own, ``steps:NAME``. Raises BadRequest, SourceError, StepFailed."""
    return run_pipeline(project, own_pipeline(project, pipeline), params, on_event)


def run_pipeline(project: Project, pipeline: Pipeline[..., Any], params: JsonObject, on_event: OnEvent) -> Run:
    """The run of it, once it is done; what happens meanwhile is told as ``on_event`` hears it."""
    made = project.engine().run(
        pipeline, params, on_event=lambda e: on_event(e.kind, {"run": e.run, "step": e.step, **e.data})
    )
    run: Run = made.run
    return run


@needs("run.resume")
def resume(project: Project, caller: Caller, run: str) -> Run:
    """Go on with a run that was killed or failed, under its id; finished steps are hits. Raises Conflict when it is done."""
    from tidemill.backtest.audition import audition_pipeline
    from tidemill.backtest.walk import walk_pipeline
    from tidemill.data.pipeline import data_pipeline
    from tidemill.model.features import features_pipeline
    from tidemill.model.pipeline import model_pipeline
    from tidemill.monitor.represents import represents_pipeline
    from tidemill.rebuild.bisect.bisect import bisect_pipeline
    from tidemill.rebuild.compare.explain import compare_pipeline
    from tidemill.release.pipeline import release_pipeline
    from tidemill.release.verify import verify_pipeline
    from tidemill.rights.recall.pipeline import recall_pipeline
    from tidemill.serve.batch.pipeline import batch_pipeline

    found = project.store.runs.named(run)
    if found.status == "done":
        raise Conflict(f"{found.id} is done", hint="tidemill run makes a new one")
    if holds_secret(found.params):
        hint = f"run the same command again, tidemill run steps:{found.pipeline}: it goes on with {found.id}"
        raise Conflict("this run was given a secret, which is not kept", place=found.id, hint=hint)
    known: list[Pipeline[..., Any]] = [data_pipeline, model_pipeline, release_pipeline, verify_pipeline]
    known += [walk_pipeline, audition_pipeline, batch_pipeline, features_pipeline, bisect_pipeline, compare_pipeline]
    known += [represents_pipeline, recall_pipeline]
    if found.pipeline == release_pipeline.name and (of := found.params.get("environment", "")) != project.environment:
        raise Conflict(f"{found.id} releases in another environment", hint=chosen_by(of))
    ours = {pipeline.name: pipeline for pipeline in known}
    pipeline = ours.get(found.pipeline) or own_pipeline(project, f"steps:{found.pipeline}")
    resumed: Run = project.engine().run(pipeline, found.params, parent=found.parent, resume=found.id).run
    return resumed


def own_pipeline(project: Project, name: str) -> Pipeline[..., Any]:
    """The pipeline ``steps:NAME`` of this project. Raises BadRequest, SourceError."""
    from tidemill.engine import Pipeline
    from tidemill.scope.steps import load_steps

    if not name.startswith("steps:"):
        hint = "write it as steps:NAME; without a name the whole loop runs once"
        raise BadRequest(f"no pipeline {name!r}", hint=hint)
    wanted = name.removeprefix("steps:")
    found = {k: v for k, v in vars(load_steps(project.root, name)).items() if isinstance(v, Pipeline)}
    if wanted not in found:
        raise BadRequest(f"steps.py has no pipeline {wanted!r}", hint=did_you_mean(wanted, found))
    return found[wanted]
