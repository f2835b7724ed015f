"""The release pipeline: gates → signed, and held for approval, or the start of the rollout. One verb: `release_candidate`.

A release's id comes from the endpoint, the model and how often it was tried, so that a run which is killed and started
again makes no second release. The gates see a candidate also when somebody forces it: their refusals stay in evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from tidemill.access.approvals.rule import Author
from tidemill.access.callers import still
from tidemill.access.policy import Rule, policy_of
from tidemill.access.policy.noted import note
from tidemill.engine import Context, pipeline, step
from tidemill.engine.lease import ORPHAN
from tidemill.errors import ReleaseError
from tidemill.model.allowed import check_release
from tidemill.model.registry import verdicts_of
from tidemill.release import approvals, asked, shadow
from tidemill.release.gates.port import GateContext, build_context, judge_all
from tidemill.release.gates.registry import gates_of
from tidemill.release.rollout import rollout
from tidemill.release.signing import attest
from tidemill.release.signing.provenance import sign_provenance
from tidemill.release.signing.statements import sign_release, sign_verdict
from tidemill.store.payloads import ReleaseEvidence, Shadow
from tidemill.store.records import Edge, Event, ModelVersion, Release, Tx, Verdict
from tidemill.types import JsonObject, Micros, canonical, digest, named_id

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
    key = verdict_key(scope, context.candidate, against)
    for result in results:
        if result["blessing"] == "quality":
            result["evidence"]["key"] = key
    return {"results": results, "previous": champion.id if champion else None}


@step(impure="signs with a key outside the project, and writes the release")
def start(
    endpoint: str,
    model: str,
    attempt: int,
    override: str | None,
    author: str,
    decision: str | None,
    judged: JsonObject,
    principal: str = "",
    ctx: Context = GIVEN,
) -> str:
    """Sign; write verdicts, release and events in one transaction; start it, hold it, have it in shadow, or refuse it. The release's id."""
    project: Project = ctx.resource("project")
    scope, results = project.endpoint(endpoint), judged["results"]
    id, now = release_id(scope, model, attempt), project.clock.now()
    if any(release.id == id for release in scope.releases()):  # a run killed right after this step's transaction
        return id
    waits = tuple(result["gate"] for result in results if result["verdict"] == attest.HELD)
    refused = tuple(result["gate"] for result in results if not result["passed"] and result["gate"] not in waits)
    passes = not refused or (override is not None and attest.NEVER_FORCED not in refused)
    status, dark = ("held", None) if passes else _undecided(scope, judged, now)
    by_hand = override if refused or waits else None
    rules = asked.rules_of(scope, model, waits, by_hand)
    who = asked.author_of(project, author, principal, decision)
    terms: JsonObject = {"model": model, "author": author, "override": override, "at": now}
    made = Release(
        id=id,
        endpoint=scope.name,
        model=model,
        status=status,
        stages=scope.stages,
        stage=0,
        stage_since=now,
        created=now,
        ended=now if status == "refused" else None,
        previous=judged["previous"],
        override=by_hand,
        attestations=signed(scope, id, judged, terms | asked.terms_of(rules, who)),
        decision=decision,
        author=author,
        evidence=ReleaseEvidence(
            blessings(results), refused, shadow=dark, waits=waits, policy=policy_of(project).digest
        ),
        environment=scope.environment,
    )
    if passes and made.override:  # a person's signed word
        word = approvals.sign_force(project, made, author, made.override)
        made = replace(made, attestations=(*made.attestations, word))
    _write(project, made, results, rules if passes else {}, who, principal)
    ctx.wrote(f"release:{id}")
    return id


def _undecided(scope: Endpoint, judged: JsonObject, now: Micros) -> tuple[str, Shadow | None]:
    """The status of one that does not pass, and its shadow where it has one; the gate's own sentence says which."""
    dark, words = shadow.begin(scope, judged["results"], judged["previous"], now)
    if words:
        undecided = next(result for result in judged["results"] if not result["passed"])
        undecided["evidence"]["said"] += f", {words}" if dark else f"; {words}"
    return ("refused" if dark is None else "shadow"), dark


def signed(scope: Endpoint, release: str, judged: JsonObject, terms: JsonObject) -> tuple[str, ...]:
    """The digests of the signed envelopes: one a verdict, in their order, where the version comes from, and the release's own statement."""
    model = scope.store.models.get(terms["model"])
    verdicts = [sign_verdict(scope, model, release, result) for result in judged["results"]]
    required = {result["gate"]: result["blessing"] for result in judged["results"]}
    provenance = sign_provenance(scope.project, model)
    return (*verdicts, provenance, sign_release(scope, release, required, verdicts, judged["previous"], terms))


def _write(
    project: Project,
    made: Release,
    results: list[JsonObject],
    rules: Mapping[str, Rule],
    author: Author,
    principal: str = "",
) -> None:
    """The release with its verdicts and events, and its start where it waits for nobody: one transaction. The gates took their time: a
    ``principal`` who asked has to be one that may still have it done."""
    now = made.created

    def work(tx: Tx) -> None:
        note(project, policy_of(project), tx)
        if principal:
            needed = ("release.override",) if made.override else ("release.start", "release.promote")
            still(project, principal, made.author, needed, tx)
        for result, envelope in zip(results, made.attestations):
            name = named_id("verdict", made.id, result["gate"])
            verdict = Verdict(id=name, model=made.model, **result, attestation=envelope, at=now)
            project.store.verdicts.add(verdict, tx)
        rollout.replace_shadow(project, made.endpoint, made.model, now, tx)
        project.store.releases.add(made, tx)
        project.store.edges.add_new([Edge(made.model, f"release:{made.id}", "released", now)], tx)
        for event in _events(made, results, bool(rules)):
            project.store.events.add(event, tx)
        asked.open_questions(project, made, rules, author, tx)
        if made.status == "held" and not rules:
            rollout.begin(project, made.id, now, tx)

    project.store.transact(work, made.author)


@pipeline(name="release")
def release_pipeline(
    endpoint: str,
    model: str,
    attempt: int = 0,
    override: str | None = None,
    author: str = "",
    decision: str | None = None,
    environment: str = "",
    principal: str = "",
) -> dict[str, Any]:
    """gates → sign and start. ``environment``: whose; what one of them has judged, no run of another goes on with.
    ``principal``: the author's account."""
    judged = judge(endpoint, model, attempt)
    return {"release": start(endpoint, model, attempt, override, author, decision, judged, principal)}


def release_candidate(
    project: Project,
    model_ref: str,
    *,
    endpoint: str | None = None,
    override: str | None = None,
    author: str = "",
    principal: str = "",
    decision: str | None = None,
    make_context: MakeContext = build_context,
    on_event: Any = None,
) -> Release:
    """Take a model through the gates of an endpoint and start its release; the release, whose status says how it went.

    Without a name it is the endpoint that serves models of this name.

    ``override`` is the reason for passing refusals by hand (never those of the gate 'infrastructure'). A model that is on
    its way already (in shadow too), or champion, is given back as it is; so is the last refusal for quality, where the gates would be asked
    the same again. Raises NotFound, PolicyRefused, ReleaseError.
    """
    if override is not None and not override.strip():
        raise ReleaseError("passing the gates by hand needs a reason", hint='--force "why"')
    model = project.store.models.get(model_ref)
    scope = project.serving(model.name, endpoint)
    check_release(scope, model)
    tried = [r for r in scope.releases() if r.model == model.ref]
    if override is None and (judged := _judged_already(scope, model, tried)):
        return judged
    wanted: JsonObject = {"model": model.ref, "override": override, "decision": decision, **scope.here}
    unfinished = _killed(project, wanted)
    going = ALIVE if override else (*ALIVE, "shadow")
    alive = next((r for r in tried if r.status in going), None)
    if alive is not None and unfinished is None:
        return alive
    engine = project.engine(context=make_context)
    whose = {"author": author, **({"principal": principal} if principal else {})}
    params = unfinished or {**wanted, "attempt": len(tried), **whose}
    result = engine.run(release_pipeline, params, parent=decision, on_event=on_event)
    return project.store.releases.get(result.outputs["release"])


def verdict_key(scope: Endpoint, candidate: ModelVersion, champion: ModelVersion | None) -> str:
    """What the gates of quality judge, as a digest: judged again it would be the same verdict.

    The candidate's data says the windows and their requests; of the endpoint what is asked and how sure that must be counts.
    """
    gates, project = scope.gates, scope.project
    terms: JsonObject = {
        "candidate": [candidate.bundle, candidate.evaluation_bundle, candidate.kind, list(candidate.data)],
        "champion": champion and champion.evaluation_bundle,
        "metric": scope.model.section.metric,
        "split": msgspec.to_builtins(scope.model.section.split),
        "gates": msgspec.to_builtins(
            [gates.refit, gates.method, gates.baseline, gates.slices, gates.robustness, gates.supplied]
        ),
        "least_useful": project.goal.least_useful,
    }
    if scope.fairness.attributes or scope.fairness.suppliers:
        terms["fairness"] = msgspec.to_builtins(scope.fairness)
    return digest(canonical(terms))


def _judged_already(scope: Endpoint, model: ModelVersion, tried: Sequence[Release]) -> Release | None:
    """The last try, if the gates of quality alone refused it and are asked the very same now: it is not judged again."""
    last = max(tried, key=lambda r: (r.created, r.id), default=None)
    if last is None or last.status != "refused":
        return None
    refusing = [v for v in verdicts_of(scope.project, last) if not v.passed]
    champion = scope.champion()
    key = verdict_key(scope, model, scope.store.models.get(champion.model) if champion else None)
    same = [v.blessing == "quality" and v.verdict and v.evidence.get("key") == key for v in refusing]
    return last if same and all(same) else None


def release_id(scope: Endpoint, model: str, attempt: int) -> str:
    """The id of this try to release this model here: the same however often it is asked for.

    A canary's customers are drawn by it, so a project with a seed of its own draws others.
    """
    own = [str(scope.project.seed)] if scope.project.seed else []
    return named_id("release", *scope.salt, model, str(attempt), *own)


def cut_short(scope: Endpoint) -> str | None:
    """The model whose release by hand was killed and is to be gone on with; None where the endpoint's latest one ended."""
    killed = _killed(scope.project, {"decision": None, **scope.here})
    return str(killed["model"]) if killed else None


def _killed(project: Project, asked: JsonObject) -> JsonObject | None:
    """The parameters of the latest run with these, if it was killed: asked for again, it is the same run."""
    runs = project.store.runs.page(pipeline=release_pipeline.name, limit=100)
    run = next((run for run in runs if all(run.params.get(name, "") == value for name, value in asked.items())), None)
    killed = run is not None and (run.status == "running" or (run.error or "").startswith(ORPHAN))
    return run.params if run is not None and killed else None


def blessings(results: list[JsonObject]) -> JsonObject:
    """``blessed``, ``refused``, or ``held`` where a gate leaves it to a person, for quality and infrastructure.

    >>> blessings([{"blessing": "quality", "passed": True}, {"blessing": "quality", "passed": False}])
    {'quality': 'refused'}
    """
    found: JsonObject = {}
    for name in sorted({result["blessing"] for result in results}):
        own = [result for result in results if result["blessing"] == name]
        open_ = {result.get("verdict") == attest.HELD for result in own if not result["passed"]}
        found[name] = "refused" if False in open_ else "held" if open_ else "blessed"
    return found


def _events(release: Release, results: list[JsonObject], asks: bool) -> list[Event]:
    """What a person may want to see: a refusal, a shadow, a force, a release that waits for a yes."""
    refusals = {o["gate"]: o["evidence"]["said"] for o in results if not o["passed"]}
    told: JsonObject = {"endpoint": release.endpoint, "model": release.model, "author": release.author}
    told |= {"decision": release.decision, "blessings": dict(release.evidence.blessings), "refusals": refusals}
    told["reason"] = "; ".join(f"{gate}: {said}" for gate, said in refusals.items())
    told["verdicts"] = {o["gate"]: o["verdict"] for o in results if o["verdict"]}
    passed, in_shadow = release.status == "held", release.status == "shadow"
    if passed and release.override:
        told["reason"] = release.override
    kinds = {
        "refused": not passed and not in_shadow,
        "shadow": in_shadow,
        "override": passed and release.override,
        "held": passed and asks,
    }
    return [
        Event(named_id("event", release.id, kind), release.created, kind, f"release:{release.id}", told)
        for kind, so in kinds.items()
        if so
    ]
