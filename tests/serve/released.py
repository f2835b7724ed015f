"""Models and signed releases for a scorer to load."""

from __future__ import annotations

import json
from typing import Any

from noria.kernel.artifacts.codecs import Bundle, put_bundle
from noria.kernel.records import ModelVersion, Release
from noria.project import Project
from tests.release.made import add_model, hold


def bundle(project: Project, **how: Any) -> str:
    """The digest of a bundle that answers so (see `stand_in`)."""
    files = {"behaviour.json": json.dumps(how).encode(), "weights.npz": b"some weights"}
    return put_bundle(project.artifacts, Bundle({"scorer": "recommend"}, files))


def model(project: Project, version: int, **how: Any) -> ModelVersion:
    """A registered version that answers so."""
    digest = bundle(project, **{"popular": [f"top of {version}"], **how})
    return add_model(project, version, bundle=digest, evaluated=digest)


def champion(project: Project, version: int = 1, **how: Any) -> Release:
    """A signed release of such a model, promoted."""
    held = hold(project, model(project, version, **how), f"rel_{version}")
    project.store.releases.promote(held.id, project.clock.now())
    return project.store.releases.get(held.id)


def canary(project: Project, version: int, share: float = 0.5, **how: Any) -> Release:
    """A signed release of such a model, on its way."""
    held = hold(project, model(project, version, **how), f"rel_{version}", stages=({"share": share},))
    project.store.releases.update(held.id, status="canary", started=project.clock.now())
    return project.store.releases.get(held.id)
