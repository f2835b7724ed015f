"""Names for model versions: what a person types, to the version it means; and two versions side by side."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tidemill.errors import NotFound, ReleaseError
from tidemill.store.records import ModelVersion, Release, Verdict
from tidemill.types import JsonObject, did_you_mean

if TYPE_CHECKING:
    from tidemill.scope.project import Project

FOLLOWS = ("champion", "challenger")
"""Aliases that follow the releases; nobody sets them by hand."""
_REF = re.compile(r"^(?:model:)?(?:(?P<name>[a-z][a-z0-9_-]*)@)?v?(?P<version>\d+)$")
_ALIAS = re.compile(r"^[a-z][a-z0-9_-]{0,62}$")


def resolve(project: Project, text: str) -> ModelVersion:
    """The version that ``champion``, ``latest``, ``3``, ``model:shop@3`` or an alias names, of several models ``shop@champion``.

    Raises NotFound.
    """
    found = _REF.match(text.strip())
    if found:
        return _get(project, found["name"] or project.model().name, int(found["version"]))
    given, _, text = text.strip().removeprefix("model:").rpartition("@")
    name = project.model(given or None).name
    versions = project.store.models.list(name)
    if text == "latest" and versions:
        return max(versions, key=lambda model: model.version)
    aliases = project.store.models.aliases(name)
    if text in aliases:
        return _get(project, name, aliases[text])
    known = [*aliases, *(str(model.version) for model in versions), *(["latest"] if versions else [])]
    hint = did_you_mean(text, known) if known else "no model is built yet: tidemill run"
    raise NotFound(f"no model {text!r}", place=name, hint=hint)


def set_alias(project: Project, alias: str, text: str) -> ModelVersion:
    """Point an alias of your own at a version. Raises ReleaseError for a name that follows the releases."""
    if alias in FOLLOWS or alias == "latest":
        raise ReleaseError(f"{alias!r} follows the releases", hint=f"release it: tidemill release start {text}")
    if not _ALIAS.match(alias):
        raise ReleaseError(f"{alias!r} is no alias", hint="use a-z, 0-9, - and _, a letter first")
    model = resolve(project, text)
    project.store.models.alias(model.name, alias, model.version)
    return model


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
        "verdicts": [[_brief(v) for v in project.store.releases.verdicts(model.ref)] for model in (one, two)],
    }


def _get(project: Project, name: str, version: int) -> ModelVersion:
    try:
        return project.store.models.get(f"model:{name}@{version}")
    except NotFound as exc:
        known = [str(model.version) for model in project.store.models.list(name)]
        hint = did_you_mean(str(version), known) if known else "no model is built yet: tidemill run"
        raise NotFound(f"no model {name}@{version}", place=name, hint=hint) from exc


def _differences(one: JsonObject, two: JsonObject) -> JsonObject:
    """The keys whose values differ, each with both values; a key that is missing on one side has None there."""
    keys = sorted(set(one) | set(two))
    return {key: [one.get(key), two.get(key)] for key in keys if one.get(key) != two.get(key)}


def _brief(verdict: Any) -> JsonObject:
    return {"gate": verdict.gate, "passed": verdict.passed, "said": verdict.evidence.get("said", "")}


def verdicts_of(project: Project, release: Release) -> list[Verdict]:
    """What the gates said at this very attempt: those that its attestations hold."""
    found = project.store.releases.verdicts(release.model)
    return [verdict for verdict in found if verdict.attestation in release.attestations]


def refusals(project: Project, release: Release) -> dict[str, str]:
    """Gate -> why it refused, at this attempt."""
    return {v.gate: str(v.evidence.get("said", "")) for v in verdicts_of(project, release) if not v.passed}
