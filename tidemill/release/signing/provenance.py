"""Where a version comes from, as an in-toto Statement v1 with SLSA's predicate (https://slsa.dev/spec/v1.0/provenance).

``buildDefinition``: what was asked for (the run's parameters), what else it depends on (seed, environment) and everything that went in:
dataset versions, the commit, libraries, each by its digest where it has one. ``runDetails``: who made it, when, and what else came out.
The same records give the same statement, and the same key the same envelope.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import TYPE_CHECKING

from tidemill.model.card.facts import Facts, facts
from tidemill.release.signing import attest
from tidemill.release.signing.signer import seal, signer_of
from tidemill.store.records import ModelVersion, Run
from tidemill.types import JsonObject, to_iso

if TYPE_CHECKING:
    from tidemill.scope.project import Project

SLSA = attest.SLSA
BUILD = "urn:tidemill:build:v1"
BUILDER = "urn:tidemill:engine:v1"


def sign_provenance(project: Project, model: ModelVersion) -> str:
    """The digest of the signed envelope."""
    said = statement(facts(project, model))
    return project.artifacts.put(seal(said, signer_of(project)))


def statement(facts: Facts) -> JsonObject:
    """The statement, unsigned."""
    predicate = {"buildDefinition": _definition(facts), "runDetails": _details(facts)}
    return attest.statement(facts.model.ref, facts.model.bundle, SLSA, predicate)


def kept(project: Project, model: ModelVersion) -> bytes | None:
    """The envelope that was signed with a release of this version; None where there was none.

    Whose signature it has is checked by `attest.open_envelope`.
    """
    for release in project.store.releases.list():
        if release.model == model.ref:
            for digest in release.attestations:
                data = project.artifacts.get(digest)
                if attest.kind_of(data) == SLSA:
                    return data
    return None


def _definition(facts: Facts) -> JsonObject:
    run = facts.run
    found: JsonObject = {
        "buildType": BUILD,
        "externalParameters": run.params if run else {"kind": facts.model.kind, "recipe": facts.model.recipe},
        "resolvedDependencies": list(_materials(facts)),
    }
    if run:
        found["internalParameters"] = {"seed": run.seed, "environment": run.environment}
    return found


def _materials(facts: Facts) -> Iterator[JsonObject]:
    for one in facts.data:
        yield {"uri": one.ref, "name": one.name, **_digest(one.digest)}
    code = facts.run.code if facts.run else {}
    if code.get("commit"):
        rest = {name: value for name, value in code.items() if name != "commit"}
        yield {"uri": "git:.", "name": "code", "digest": {"gitCommit": code["commit"]}, "annotations": rest}
    for name, said in facts.libraries.items():
        yield {"uri": f"pkg:pypi/{name}@{said}", "name": name}
    start = facts.model.recipe.get("start") or {}
    for digest in start.get("bundles", ()):
        yield {"uri": str(start.get("of", "")), "name": "start", **_digest(digest)}


def _details(facts: Facts) -> JsonObject:
    model = facts.model
    outputs = {"evaluation_bundle": model.evaluation_bundle, "card": model.card}
    return {
        "builder": {"id": BUILDER, "version": {"tidemill": facts.libraries.get("tidemill", version("tidemill"))}},
        "metadata": _metadata(facts.run) if facts.run else {"finishedOn": to_iso(model.created)},
        "byproducts": [{"name": name, **_digest(digest)} for name, digest in outputs.items() if digest],
    }


def _metadata(run: Run) -> JsonObject:
    """``finishedOn`` is when the version was registered at the earliest: the run itself goes on until its last step has ended."""
    found = {"invocationId": run.id, "startedOn": to_iso(run.started)}
    return {**found, "finishedOn": to_iso(run.ended)} if run.ended else found


def _digest(digest: str) -> JsonObject:
    return {"digest": {"sha256": digest.removeprefix("sha256:")}} if digest else {}
