"""What stands on a file or a column: the versions that hold it, features, models, releases, decisions and alarms. From records alone."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec

from tidemill.ref import Ref
from tidemill.release.variants import kept_with
from tidemill.rights.recall.named import What
from tidemill.scope.project import Endpoint
from tidemill.store.lineage import RECALLED, downstream

if TYPE_CHECKING:
    from tidemill.scope.project import Project


class Standing(msgspec.Struct, frozen=True):
    """References, oldest first. ``serving``: of the releases those that answer now."""

    versions: list[str] = []
    features: list[str] = []
    models: list[str] = []
    releases: list[str] = []
    serving: list[str] = []
    decisions: list[str] = []
    alarms: list[str] = []
    endpoints: list[str] = []


SERVING = ("champion", "canary", "arm", "holdout")


def standing(project: Project, what: What) -> Standing:
    """All that a walk along the lineage meets, and what was decided on it since."""
    store = project.store
    held = held_by(project, what)
    versions = [one for one in store.datasets.list(dataset=what.dataset) if one.version in held]
    models = models_on(project, what)
    releases = [one for one in store.releases.list() if kept_with(one.model) in models]
    scopes = reading(project, what)
    came = min((one.created for one in versions), default=0)
    names = {scope.name for scope in scopes}
    views = {
        view.name for model in project.models.values() for view in model.views.values() if view.from_ == what.dataset
    }
    decisions = [
        one for one in store.decisions.list() if one.at >= came and (one.endpoint in names or not one.endpoint)
    ]
    alarms = [one for one in store.alarms.list() if one.opened >= came and one.model in models]
    return Standing(
        versions=[str(Ref("dataset", one.dataset, one.version)) for one in versions],
        features=sorted(views),
        models=models,
        releases=[one.id for one in releases],
        serving=[one.id for one in releases if one.status in SERVING],
        decisions=[one.id for one in decisions],
        alarms=[one.id for one in alarms],
        endpoints=sorted(names),
    )


def held_by(project: Project, what: What) -> range:
    """The versions of the dataset that hold it: from the one that it came with to the one from which on it was taken out."""
    found = project.store.edges.list(source=what.ref)
    out = [Ref.versioned("dataset", edge.target) for edge in found if edge.relation == RECALLED]
    ends = [version for name, version in out if name == what.dataset]
    return range(what.since, min(ends, default=sys.maxsize))


def models_on(project: Project, what: What) -> list[str]:
    """The versions that learned from it: from a version of the dataset that holds it, or begun from one that did."""

    held = held_by(project, what)

    def holds(data: str) -> bool:
        name, version = Ref.versioned("dataset", data)
        return name == what.dataset and version in held

    every = project.store.models.list()
    found = {model.ref for model in every if any(map(holds, model.data))}
    known = {model.ref for model in every}
    for ref in list(found):
        found |= downstream(project.store, ref).refs.keys() & known
    return [model.ref for model in every if model.ref in found]


def reading(project: Project, what: What) -> list[Endpoint]:
    """The endpoints, of every environment, whose model reads rows of the dataset."""
    return [scope for model in project.models.values() if what.dataset in model.datasets for scope in model.served]
