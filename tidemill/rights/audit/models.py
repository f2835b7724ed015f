"""What is asked about a version: of what it was made, how it was tested, who let it out, whom it serves worse."""

from __future__ import annotations

from collections.abc import Iterator

from tidemill.ref import Ref
from tidemill.rights.documents import gathered
from tidemill.rights.documents.statement import Statement, said
from tidemill.scope.project import Project
from tidemill.store.records import ModelVersion, Release, Verdict
from tidemill.types import JsonObject, to_iso

Sentences = Iterator[Statement]
MOST_FILES = 50
GROUPS = ("fairness", "slices", "exposure")
"""The gates that look at groups of people."""


def origin(project: Project, model: ModelVersion) -> Sentences:
    """The rows by their versions and files; the run with its code, seed and environment; the recipe, and who asked for it."""
    yield from _rows(project, model)
    run = project.store.runs.look_up(model.run) if model.run else None
    if run is None:
        yield Statement("How", f"the run that made {model.ref} is not there", (f"run:{model.run or 'none'}",), True)
    else:
        code, ref = _code(run.code), (f"run:{run.id}",)
        yield said(
            "How",
            code and f"by the code {code}, seed {run.seed}",
            ref,
            "no commit is known of its code: the project is in no repository",
        )
        pins = run.environment.get("pins")
        where = (*ref, f"artifact:{pins}") if pins else ref
        yield said(
            "How",
            f"with what was installed then, on {run.environment.get('python', 'Python')}" if pins else "",
            where,
            "what was installed is not kept",
        )
    method = model.recipe.get("method", "a recipe")
    yield Statement(
        "How",
        f"by the method {method}, {model.kind}; fitted to data through {to_iso(model.trained_through)}",
        (model.ref,),
    )
    yield said(
        "Who", f"asked for by {model.author}" if model.author else "", (model.ref,), "nobody is named who asked for it"
    )


def _rows(project: Project, model: ModelVersion) -> Sentences:
    for ref in model.data:
        name, version = Ref.versioned("dataset", ref)
        found = project.store.datasets.first(dataset=name, version=version)
        if found is None:
            yield Statement("Of what", f"{ref} is not there any more", (ref,), True)
            continue
        yield Statement(
            "Of what", f"{ref}: {found.rows:,} rows, digest {found.digest[:19]}, made {to_iso(found.created)}", (ref,)
        )
        files = [file for file in project.store.files.list(dataset=name) if file.version <= version]
        shown = tuple(f"file:{file.digest}" for file in files[:MOST_FILES])
        text = (
            f"from {len(files)} source files, {sum(file.quarantined for file in files):,} of whose rows were kept apart"
            if files
            else ""
        )
        yield said("Of what", text, shown, f"no source file of {ref} is recorded")


def _code(code: JsonObject) -> str:
    commit = str(code.get("commit") or "")
    return commit and commit[:12] + (" with changes that were not committed" if code.get("dirty") else "")


def tested(project: Project, model: ModelVersion) -> Sentences:
    """The figures of its test with their bands, and what each gate said."""
    yield from gathered.figures(project, "Figures", model)
    found = [one for one in _verdicts(project, model) if one.gate not in GROUPS]
    for one in found:
        yield _verdict("Gates", one)
    if not found:
        yield Statement("Gates", f"no gate has looked at {model.ref}", (model.ref,), True)


def groups(project: Project, model: ModelVersion) -> Sentences:
    """What the gates on groups said, and what the monitors saw since."""
    found = [one for one in _verdicts(project, model) if one.gate in GROUPS]
    for one in found:
        yield _verdict("Before it was let out", one)
    if not found:
        hint = "[fairness] attributes = […] or [gates] slices"
        yield Statement(
            "Before it was let out", f"no gate on groups has looked at {model.ref}: {hint}", (model.ref,), True
        )
    alarms = [
        one for one in project.store.alarms.list(model=model.ref) if one.kind in ("fairness", "exposure", "suppliers")
    ]
    for alarm in alarms:
        ended = f"closed {to_iso(alarm.closed)}: {alarm.ended}" if alarm.closed else "open"
        yield Statement("Since then", f"{alarm.kind} alarm of {to_iso(alarm.opened)}, {ended}", (f"alarm:{alarm.id}",))
    if not alarms:
        yield Statement("Since then", "no alarm on groups was raised", (model.ref,))


def _verdicts(project: Project, model: ModelVersion) -> list[Verdict]:
    return list(project.store.verdicts.list(model=model.ref))


def _verdict(section: str, one: Verdict) -> Statement:
    word = one.verdict or ("passed" if one.passed else "refused")
    signed = (f"artifact:{one.attestation}",) if one.attestation else ()
    text = f"{one.gate}: {word} on {to_iso(one.at)}. {one.evidence.get('said', '')}".rstrip(". ")
    return Statement(section, text + ("" if signed else " (not signed)"), (f"verdict:{one.id}", *signed), not signed)


def let_out(project: Project, model: ModelVersion) -> Sentences:
    """Each release of it: by whom, past which gates by hand, who said yes, which statements are signed."""
    found = [one for one in project.store.releases.list() if one.model == model.ref]
    for release in found:
        yield from _release(project, release)
    if not found:
        yield Statement("Releases", f"{model.ref} was never let out", (model.ref,))


def _release(project: Project, release: Release) -> Sentences:
    section = (
        f"{release.endpoint}{f' in {release.environment}' if release.environment else ''}, {to_iso(release.created)}"
    )
    ref = (f"release:{release.id}",)
    who = release.author or "nobody who is named"
    yield Statement(section, f"asked for by {who}; {release.status}", ref)
    if release.override:
        yield Statement(section, f"past its gates by hand: {release.override}", ref)
    signed = tuple(f"artifact:{digest}" for digest in release.attestations)
    yield said(section, f"{len(signed)} signed statements" if signed else "", (*ref, *signed), "no statement is signed")
    for approval in project.store.approvals.list(subject=ref[0]):
        yield Statement(
            section,
            f"the question {approval.kind} (rule {approval.rule or 'none'}): {approval.status}",
            (f"approval:{approval.id}",),
        )
        for vote in project.store.votes.list(approval=approval.id):
            records = (f"vote:{vote.id}", *((f"artifact:{vote.envelope}",) if vote.envelope else ()))
            own = ", self-approved" if vote.self_approved else ""
            yield Statement(section, f"{'yes' if vote.yes else 'no'} by {vote.who or vote.principal}{own}", records)
