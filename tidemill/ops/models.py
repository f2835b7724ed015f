"""Model versions: the list, one of them with its verdicts and card, two side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from operator import attrgetter

from tidemill.errors import Damaged, NotFound
from tidemill.learning.measures import measure
from tidemill.model import registry
from tidemill.model.recorded import recorded
from tidemill.ops import backtests, features, represents
from tidemill.ops.backtests import Backtest
from tidemill.ops.features import Features
from tidemill.ops.page import Before, Limit, Page, page
from tidemill.ops.rebuilds import Rebuild, of_model
from tidemill.ops.represents import Represented
from tidemill.ops.searched import Curve, Searched, curve, examined, searched
from tidemill.ops.text import Interval, interval
from tidemill.rebuild.bisect.causes import between
from tidemill.scope.project import Project
from tidemill.store.records import ModelVersion, Release, Verdict
from tidemill.tasks.table import metric_of
from tidemill.types import JsonObject


@dataclass(frozen=True)
class ModelShown:
    """A model version, the names that point at it, its last release and what the gates said then; its search and learning curve.

    ``examined``: what the examinations of its test found, by name; ``rebuild``: what came of it when it was built again last.
    """

    model: ModelVersion
    ref: str
    aliases: list[str]
    release: Release | None
    verdicts: list[Verdict]
    search: Searched | None
    curve: Curve | None
    examined: JsonObject
    rebuild: Rebuild | None = None
    features: Features | None = None
    represents: Represented | None = None
    walk: Backtest | None = None
    """The newest walk through the past of its model: what age costs."""


@dataclass(frozen=True)
class Standing:
    """One version on the leaderboard: what it reached on its own test by its model's metric (mean, low, high)."""

    model: ModelVersion
    aliases: list[str]
    method: str
    metric: str
    reached: Interval | None

    @property
    def place(self) -> float:
        """Greater is better; what was not measured comes last."""
        return -math.inf if self.reached is None else measure(self.metric).sign * self.reached[0]


def leaderboard(project: Project, versions: Sequence[ModelVersion]) -> list[Standing]:
    """These versions by their model's metric, the best first."""
    metrics = {name: metric_of(model) for name, model in project.models.items()}
    named = {name: aliases(project, name) for name in {model.name for model in versions}}
    found = []
    for model in versions:
        metric = metrics.get(model.name, "")
        method = str(model.recipe.get("method", model.recipe.get("learner", "–")))
        known = named[model.name].get(model.version, [])
        found.append(Standing(model, known, method, metric, interval(model.metrics.get(metric))))
    return sorted(found, key=lambda one: one.place, reverse=True)


def ls(project: Project, limit: Limit = 100, before: Before = None) -> Page[ModelVersion]:
    """All versions, the latest first."""
    return page(project.store.models.page, limit, before, attrgetter("ref"))


def show(project: Project, model: str) -> ModelShown:
    """One version, by number, alias (champion, challenger, latest) or reference."""
    found = registry.resolve(project, model)
    tried = [r for r in project.store.releases.list() if r.model == found.ref]
    last = max(tried, key=lambda r: (r.created, r.id), default=None)
    verdicts = registry.verdicts_of(project, last) if last and last.attestations else []
    return ModelShown(
        found,
        found.ref,
        aliases(project, found.name).get(found.version, []),
        last,
        verdicts or list(project.store.verdicts.list(model=found.ref)),
        searched(project, found),
        curve(project, found),
        examined(project, found),
        of_model(project, found.ref),
        features.of_version(project, found),
        represents.of_version(project, found),
        backtests.newest_walk(project, found.name),
    )


def aliases(project: Project, name: str) -> dict[int, list[str]]:
    """The aliases that point at each version of a model."""
    found: dict[int, list[str]] = {}
    for alias, version in sorted(registry.aliases(project, name).items()):
        found.setdefault(version, []).append(alias)
    return found


def compare(project: Project, first: str, second: str) -> JsonObject:
    """Two versions side by side, and what their records say that they were made from otherwise (``differences``)."""
    found = registry.compare(project, first, second)
    return {**found, "differences": _differences(project, found["models"])}


def _differences(project: Project, models: Sequence[str]) -> list[JsonObject]:
    """What the records of two versions say that they were made from otherwise; nothing where one has no record."""
    try:
        one, other = (recorded(project, project.store.models.get(ref)) for ref in models)
        return [asdict(difference) for difference in between(one, other)]
    except (NotFound, Damaged):
        return []
