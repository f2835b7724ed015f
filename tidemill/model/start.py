"""What a model's candidates may begin from: the champion's bundles, or another project's, held against its digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidemill.errors import ModelError
from tidemill.store.artifacts.codecs import get_bundle, put_bundle
from tidemill.store.artifacts.local import LocalArtifacts
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.config.sections import StartSection
    from tidemill.scope.project import Endpoint, Project


def start_of(scope: Endpoint) -> JsonObject | None:
    """``of`` whom, ``bundles`` (digests, the newest first) and whether these are the project's ``own``. Raises ModelError, Damaged."""
    said = scope.model.section.start_from
    if not said:
        return None
    if not isinstance(said, str):
        return {"of": f"{said.project} {said.bundle}", "bundles": [copied(scope.project, said)], "own": False}
    release = scope.champion()
    if release is None:
        return None
    version = scope.store.models.get(release.model)
    bundles = dict.fromkeys([version.bundle, version.evaluation_bundle])
    return {"of": version.ref, "bundles": [digest for digest in bundles if digest], "own": True}


def copied(project: Project, said: StartSection) -> str:
    """The other project's bundle among this one's artifacts: every byte of it is held against its digest. Raises ModelError."""
    if project.artifacts.has(said.bundle):
        return said.bundle
    root = (project.root / said.project).resolve() / ".tidemill" / "artifacts"
    if not (root / "sha256").is_dir():
        hint = "a project's folder, as seen from this one, that has built models here"
        raise ModelError(f"{said.project} has no models", place="[model] start_from", hint=hint)
    found = get_bundle(LocalArtifacts(root), said.bundle)
    return put_bundle(project.artifacts, found)


def artifacts_of(project: Project) -> str:
    """Where a trainer reads them."""
    return project.artifacts.address
