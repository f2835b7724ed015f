"""The release pipeline: gates → sign → held for approval, or the start of the rollout. One verb: `release_candidate`.

A release's id comes from the endpoint, the model and how often it was tried, so that a run which is killed and started
again makes no second release. The gates see a candidate also when somebody forces it: their refusals stay in evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tidemill.engine import Context, pipeline, step
from tidemill.engine.lease import ORPHAN
from tidemill.errors import NotFound, ReleaseError
from tidemill.release import approvals
from tidemill.release.gates.port import GateContext, judge_all
from tidemill.release.gates.registry import gates_of
from tidemill.release.rollout import rollout
from tidemill.release.signing import attest
from tidemill.release.signing.signer import seal, signer_of
from tidemill.store.payloads import ReleaseEvidence
from tidemill.store.records import Edge, Event, ModelVersion, Release, Run, Verdict
from tidemill.types import JsonObject, Micros, named_id

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint, Project

MakeContext = Callable[["Endpoint", ModelVersion, "ModelVersion | None"], GateContext]
GIVEN: Any = None
"""Stands for the context, which the engine gives to a step."""
ALIVE = ("held", "canary", "champion")


@step(impure="the gates ask the real server, and compare with whoever is champion now")
def judge(endpoint: str, model: str, attempt: int, ctx: Context = GIVEN) -> JsonObject:
    """Every gate's result, and the release of the champion that the candidate was compared with."""
    scope: Endpoint = ctx.resource("project").endpoint(endpoint)
    champion = scope.champion()
    against = scope.store.models.get(champion.model) if champion else None
    context: GateContext = ctx.resource("context")(scope, scope.store.models.get(model), against)
    ctx.read(model)
    results = judge_all(gates_of(context), context, ctx.progress)
    return {"results": results, "previous": champion.id if champion else None}


@step(impure="signs with a key outside the project")
def sign(
    endpoint: str,
    model: str,
    attempt: int,
    override: str | None,
    author: str,
    judged: JsonObject,
    ctx: Context = GIVEN,
) -> list[str]:
    """The digests of the signed envelopes: one a verdict, in their order, and the release's own statement last."""
    project: Project = ctx.resource("project")
    scope, candidate = project.endpoint(endpoint), project.store.models.get(model)
    release = release_id(scope, model, attempt)
    signer = signer_of(project)

    def put(kind: str, predicate: JsonObject) -> str:
        return project.artifacts.put(seal(attest.statement(model, candidate.bundle, kind, predicate), signer))

    verdicts = [put(attest.GATE, {"release": release, **result}) for result in judged["results"]]
    approvals.approval_signer(project)  # its public half has to be there for whoever verifies
    asked = scope.gates.approval
    terms: JsonObject = {
        "release": release,
        "endpoint": scope.name,
        "model": model,
        "required": {result["gate"]: result["blessing"] for result in judged["results"]},
        "attestations": verdicts,
        "approval": list(asked.roles) if asked else [],
        "previous": judged["previous"],
        "author": author,
        "override": override,
        "at": project.clock.now(),
    }
    return [*verdicts, put(attest.RELEASE, terms)]


@step(impure="writes the release")
def start(
    endpoint: str,
    model: str,
    attempt: int,
    override: str | None,
    author: str,
    decision: str | None,
    judged: JsonObject,
    signed: list[str],
    ctx: Context = GIVEN,
) -> str:
    """Write verdicts, release and events in one transaction; start it, hold it, or refuse it. The release's id."""
    project: Project = ctx.resource("project")
    scope = project.endpoint(endpoint)
    made = _release(scope, model, attempt, judged, signed, override, author, decision)
    now, held = made.created, scope.gates.approval is not None
    if _exists(project, made.id):  # a run killed right after this step's transaction
        return made.id

    def work(tx: Any) -> None:
        for verdict in _verdicts(made, judged["results"], signed, now):
            project.store.verdicts.add(verdict, tx)
        project.store.releases.add(made, tx)
        project.store.edges.add_new([Edge(model, f"release:{made.id}", "released", now)], tx)
        for event in _events(made, judged["results"], held, now):
            project.store.events.add(event, tx)
        if made.status == "held" and not held:
            rollout.begin(project, made.id, now, tx)

    project.store.transact(work, author)
    ctx.wrote(f"release:{made.id}")
    return made.id


@pipeline(name="release")
def release_pipeline(
    endpoint: str,
    model: str,
    attempt: int = 0,
    override: str | None = None,
    author: str = "",
    decision: str | None = None,
) -> dict[str, Any]:
    """gates → sign → start."""
    judged = judge(endpoint, model, attempt)
    signed = sign(endpoint, model, attempt, override, author, judged)
    return {"release": start(endpoint, model, attempt, override, author, decision, judged, signed)}


def release_candidate(
    project: Project,
    model_ref: str,
    *,
    endpoint: str | None = None,
    override: str | None = None,
    author: str = "",
    decision: str | None = None,
    make_context: MakeContext | None = None,
    on_event: Any = None,
) -> Release:
    """Take a model through the gates of an endpoint and start its release; the release, whose status says how it went.

    Without a name it is the endpoint that serves models of this name.

    ``override`` is the reason for passing refusals by hand (never those of the gate 'infrastructure'). A model that is on
    its way already, or champion, is given back as it is. Raises NotFound, ReleaseError.
    """
    if override is not None and not override.strip():
        raise ReleaseError("passing the gates by hand needs a reason", hint='--force "why"')
    model = project.store.models.get(model_ref)
    scope = project.serving(model.name, endpoint)
    tried = [r for r in scope.releases() if r.model == model.ref]
    asked = {"endpoint": scope.name, "model": model.ref, "attempt": len(tried)}
    asked |= {"override": override, "author": author, "decision": decision}
    unfinished = _unfinished(project, asked)
    alive = next((r for r in tried if r.status in ALIVE), None)
    if alive is not None and unfinished is None:
        return alive
    engine = project.engine(context=make_context or _build_context)
    result = engine.run(release_pipeline, unfinished or asked, parent=decision, on_event=on_event)
    return project.store.releases.get(result.outputs["release"])


def _build_context(scope: Endpoint, candidate: ModelVersion, champion: ModelVersion | None) -> GateContext:
    from tidemill.release.gates.context import build_context

    return build_context(scope, candidate, champion)


def release_id(scope: Endpoint, model: str, attempt: int) -> str:
    """The id of this try to release this model here: the same however often it is asked for.

    A canary's customers are drawn by it, so a project with a seed of its own draws others.
    """
    own = [str(scope.seed)] if scope.seed else []
    return named_id("release", *scope.salt, model, str(attempt), *own)


def cut_short(scope: Endpoint) -> str | None:
    """The model whose release by hand was killed and is to be gone on with; None where the endpoint's latest one ended."""
    runs = scope.store.runs.page(pipeline=release_pipeline.name, limit=100)
    own = (run for run in runs if run.params["endpoint"] == scope.name)
    latest = next((run for run in own if run.params["decision"] is None), None)
    return str(latest.params["model"]) if latest is not None and _was_killed(latest) else None


def _unfinished(project: Project, asked: JsonObject) -> JsonObject | None:
    """The parameters of the latest run for this very release, if it was killed: asked for again, it is the same run."""
    what = ("endpoint", "model", "override", "decision")
    runs = project.store.runs.page(pipeline=release_pipeline.name, limit=100)
    latest = next((run for run in runs if all(run.params.get(name) == asked[name] for name in what)), None)
    return latest.params if latest is not None and _was_killed(latest) else None


def _was_killed(run: Run) -> bool:
    return run.status == "running" or (run.error or "").startswith(ORPHAN)


def _exists(project: Project, name: str) -> bool:
    try:
        project.store.releases.get(name)
    except NotFound:
        return False
    return True


def _release(
    scope: Endpoint,
    model: str,
    attempt: int,
    judged: JsonObject,
    signed: list[str],
    override: str | None,
    author: str,
    decision: str | None,
) -> Release:
    """The record, and a person's signed word where the gates are overridden."""
    refused = [result for result in judged["results"] if not result["passed"]]
    never = any(result["gate"] == attest.NEVER_FORCED for result in refused)
    passes = not refused or (override is not None and not never)
    now = scope.clock.now()
    made = Release(
        id=release_id(scope, model, attempt),
        endpoint=scope.name,
        model=model,
        status="held" if passes else "refused",
        stages=scope.stages,
        stage=0,
        stage_since=now,
        created=now,
        ended=None if passes else now,
        previous=judged["previous"],
        override=override if refused else None,
        attestations=tuple(signed),
        decision=decision,
        author=author,
        evidence=ReleaseEvidence(blessings(judged["results"]), tuple(o["gate"] for o in refused)),
        environment=scope.environment,
    )
    if not (passes and made.override):
        return made
    word = approvals.sign_force(scope.project, made, author, made.override)
    return replace(made, attestations=(*made.attestations, word))


def blessings(results: list[JsonObject]) -> JsonObject:
    """``blessed``, ``no baseline`` or ``refused`` for quality and infrastructure.

    >>> blessings([{"blessing": "quality", "passed": True, "no_baseline": True}])
    {'quality': 'no baseline'}
    """
    found: JsonObject = {}
    for name in sorted({result["blessing"] for result in results}):
        own = [result for result in results if result["blessing"] == name]
        stamped = any(result["no_baseline"] for result in own)
        good = "no baseline" if stamped else "blessed"
        found[name] = good if all(result["passed"] for result in own) else "refused"
    return found


def _verdicts(release: Release, results: list[JsonObject], signed: list[str], now: Micros) -> list[Verdict]:
    return [
        Verdict(
            named_id("verdict", release.id, said["gate"]),
            release.model,
            said["gate"],
            said["blessing"],
            said["passed"],
            said["no_baseline"],
            said["evidence"],
            envelope,
            now,
        )
        for said, envelope in zip(results, signed)
    ]


def _events(release: Release, results: list[JsonObject], held: bool, now: Micros) -> list[Event]:
    """What a person may want to see: a refusal, a force, a release that waits for a yes."""
    refusals = {o["gate"]: o["evidence"]["said"] for o in results if not o["passed"]}
    told: JsonObject = {"endpoint": release.endpoint, "model": release.model, "author": release.author}
    told |= {"decision": release.decision, "blessings": dict(release.evidence.blessings), "refusals": refusals}
    told["reason"] = "; ".join(f"{gate}: {said}" for gate, said in refusals.items())
    kinds = ["refused"] if release.status == "refused" else []
    if release.override and release.status != "refused":
        kinds.append("override")
        told["reason"] = release.override
    if release.status == "held" and held:
        kinds.append("held")
    return [Event(named_id("event", release.id, kind), now, kind, f"release:{release.id}", told) for kind in kinds]
