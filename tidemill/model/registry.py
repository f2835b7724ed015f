"""Names for model versions: what a person types, to the version it means; and two versions side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tidemill.errors import NotFound
from tidemill.ref import Ref
from tidemill.store.records import ModelVersion, Release, Tx, Verdict
from tidemill.types import JsonObject, did_you_mean

if TYPE_CHECKING:
    from tidemill.scope.project import Project


HOLDOUT = "holdout"
"""The author of versions that are built to answer a holdout: nobody's candidates, and no training of the loop's."""


def resolve(project: Project, text: str) -> ModelVersion:
    """The version that ``champion``, ``latest``, ``3``, ``model:shop@3`` or ``shop@champion`` names.

    A model need not be said where there is one. Raises NotFound.
    """
    ref = Ref.parse(f"model:{text.strip().removeprefix('model:')}")
    if ref.version is not None:
        name, wanted = ref.name, str(ref.version)
    else:
        given, _, wanted = ref.name.rpartition("@")
        if not given and len(project.models) > 1:
            raise NotFound(f"{wanted!r} of which model?", hint=f"say it, as {min(project.models)}@{wanted}")
        name = project.model(given or None).name
    versions = {str(model.version): model for model in project.store.models.list(name=name)}
    made = [model for model in versions.values() if model.author != HOLDOUT]
    latest = {"latest": made[-1]} if made else {}
    known = {**{alias: versions[str(of)] for alias, of in aliases(project, name).items()}, **versions, **latest}
    found = known.get(wanted.removeprefix("v"))
    if found is None:
        hint = did_you_mean(wanted, known) if known else "no model is built yet: tidemill run"
        raise NotFound(f"no model {text!r}", place=name, hint=hint)
    return found


def aliases(project: Project, name: str) -> dict[str, int]:
    """``champion`` is the version that is released, ``challenger`` the one on its way.

    So they are called at the model's only endpoint, or at the one of its name; at another endpoint ``champion:ENDPOINT``.
    """
    served = [endpoint.name for endpoint in project.endpoints.values() if endpoint.model.name == name]
    found = {}
    for alias, status in (("champion", "champion"), ("challenger", "canary")):
        for release in project.store.releases.list(status=status, environment=project.environment):
            model, version = Ref.versioned("model", release.model)
            if model == name:
                plain = release.endpoint == name or served == [release.endpoint]
                found[alias if plain else f"{alias}:{release.endpoint}"] = version
    return found


def compare(project: Project, first: str, second: str) -> JsonObject:
    """Two versions side by side: what they say of themselves, and where they differ.

    Each metric stands as both versions measured it at their own time, on their own test window. A fair comparison is
    on one window: that is what a gate does, see the verdicts.
    """
    one, two = resolve(project, first), resolve(project, second)
    names = sorted(set(one.metrics) | set(two.metrics))
    return {
        "models": [one.ref, two.ref],
        "kind": [one.kind, two.kind],
        "trained_through": [one.trained_through, two.trained_through],
        "data": [list(one.data), list(two.data)],
        "bundle": [one.bundle, two.bundle],
        "same_bytes": one.bundle == two.bundle,
        "recipe": _differences(one.recipe, two.recipe),
        "metrics": {name: [one.metrics.get(name), two.metrics.get(name)] for name in names},
        "verdicts": [[_brief(v) for v in project.store.verdicts.list(model=model.ref)] for model in (one, two)],
    }


def _differences(one: JsonObject, two: JsonObject) -> JsonObject:
    """The keys whose values differ, each with both values; a key that is missing on one side has None there."""
    keys = sorted(set(one) | set(two))
    return {key: [one.get(key), two.get(key)] for key in keys if one.get(key) != two.get(key)}


def _brief(verdict: Verdict) -> JsonObject:
    return {
        "gate": verdict.gate,
        "passed": verdict.passed,
        "verdict": verdict.verdict,
        "said": verdict.evidence.get("said", ""),
    }


def verdicts_of(project: Project, release: Release, tx: Tx = None) -> list[Verdict]:
    """What the gates said at this very attempt: those that its attestations hold."""
    found = project.store.verdicts.list(model=release.model, tx=tx)
    return [verdict for verdict in found if verdict.attestation in release.attestations]


def answers_kept(project: Project, model: ModelVersion) -> str | None:
    """The digest of the answers that the version's run kept of its test, as `tidemill.learning.evaluate.answers_of` makes them; of a table."""
    steps = project.store.steps.list(run=model.run) if model.run else []
    output = next((step.outputs.get("answers") for step in steps if step.name == "evaluate"), None)
    return str(output["digest"]) if output and output["codec"] == "arrays" else None


def examined_kept(project: Project, model: ModelVersion) -> str | None:
    """The digest of what the examinations of the version's run found, by name."""
    return _output(project, model, "examined")


def search_kept(project: Project, model: ModelVersion) -> str | None:
    """The digest of what the search of the version's run tried."""
    return _output(project, model, "search")


def _output(project: Project, model: ModelVersion, name: str) -> str | None:
    run = project.store.runs.look_up(model.run) if model.run else None
    return run.outputs.get(name) if run else None


def refusals(project: Project, release: Release) -> dict[str, str]:
    """Gate -> why it refused, at this attempt."""
    return _said(project, release, lambda v: not v.passed and v.gate not in release.evidence.waits)


def waits(project: Project, release: Release) -> dict[str, str]:
    """Gate -> what it leaves to a person, while nobody has decided."""
    return _said(project, release, lambda v: release.status == "held" and v.gate in release.evidence.waits)


def _said(project: Project, release: Release, which: Callable[[Verdict], bool]) -> dict[str, str]:
    return {v.gate: str(v.evidence.get("said", "")) for v in verdicts_of(project, release) if which(v)}
