"""Models and signed releases for a scorer to load."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.release.made import add_model, hold
from tidemill.scope.project import Project
from tidemill.store.artifacts.codecs import Bundle, put_bundle
from tidemill.store.records import ModelVersion, Release
from tidemill.tasks.ranking.bundle import learner_bundle, recommend_bundle
from tidemill.tasks.ranking.rank import Ranking
from tidemill.types import DAY


def bundle(project: Project, popular: tuple[str, ...] = ("popular",), **how: Any) -> str:
    """The digest of a bundle: buy-again, then these popular items. With ``how`` it misbehaves."""
    if how:
        return put_bundle(project.artifacts, misbehaving(**how))
    items = sorted(popular)
    base = np.array([1.0 / (2 + popular.index(item)) for item in items])
    plain = Ranking.plain(items, base)
    ranking = Ranking(items, base, plain.factor, plain.neighbours, plain.weights, again=1.0)
    return put_bundle(project.artifacts, recommend_bundle(ranking, {"method": "made", "half_life": 30 * DAY}, 0))


def misbehaving(sleeps: float = 0, raises: str = "", nan: bool = False) -> Bundle:
    """A project's own learner that sleeps, raises, or answers with what is no number."""
    source = f"""
import time

class misbehaves:
    def fit(self, train):
        return {{}}

    def score(self, state, items, values, at, k):
        time.sleep({sleeps!r})
        if {raises!r}:
            raise ValueError({raises!r})
        return ["popular"], [float("nan") if {nan!r} else 1.0]
"""
    recipe = {"method": "steps:misbehaves"}
    return learner_bundle({}, source.encode(), recipe, ["popular"], 0, 30 * DAY)


def model(project: Project, version: int, **how: Any) -> ModelVersion:
    """A registered version that answers so."""
    digest = bundle(project, (f"top of {version}",), **how)
    return add_model(project, version, bundle=digest, evaluation_bundle=digest)


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
