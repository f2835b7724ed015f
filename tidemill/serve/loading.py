"""Loads a model for serving: only bytes that match their digests, and that signed statements allow here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tidemill.errors import ModelError, NotAttested, TidemillError
from tidemill.release.signing.attest import verify_release
from tidemill.release.signing.trust import public_keys
from tidemill.scope.project import Project
from tidemill.store.artifacts.codecs import get_bundle
from tidemill.store.records import Release
from tidemill.tasks import scoring
from tidemill.tasks.port import Task


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory, and the release that it answers for."""

    release: Release
    bundle: str
    scorer: Any
    task: Task


def load_release(project: Project, release: Release, known: Sequence[Loaded] = ()) -> Loaded:
    """Verify and load. Raises NotAttested, Damaged, NotFound, or ModelError when the bundle itself does not load.

    ``known``: models loaded before, whose bytes are in memory and need no second look when the digest is the same. The
    statements are checked anew for every release.
    """
    bundle = project.store.models.get(release.model).bundle
    verify_release(project.store, project.artifacts, public_keys(project), release, bundle)
    for before in known:
        if before.bundle == bundle:
            return Loaded(release, bundle, before.scorer, before.task)
    return Loaded(release, bundle, *load_scorer(project, bundle))


def load_scorer(project: Project, bundle: str) -> tuple[Any, Task]:
    """The scorer of a bundle whose every byte is verified, and the task that asks it. Raises Damaged, NotFound, ModelError."""
    verified = get_bundle(project.artifacts, bundle)
    try:
        return scoring.load(verified), scoring.task_answering(verified)
    except TidemillError:
        raise
    except Exception as exc:
        raise ModelError(f"the bundle does not load: {type(exc).__name__}: {exc}", place=bundle) from exc


def why_refused(exc: TidemillError) -> str:
    """One word for metrics and events."""
    return "not_attested" if isinstance(exc, NotAttested) else exc.code
