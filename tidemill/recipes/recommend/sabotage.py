"""The one scripted thing in the story: a person forces a model with shuffled items past the gates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tidemill.errors import ModelError
from tidemill.model.registry import resolve
from tidemill.release.pipeline import cut_short, release_candidate
from tidemill.scope.project import Project
from tidemill.store.artifacts.codecs import get_bundle, put_bundle
from tidemill.store.records import Edge, ModelVersion, Tx
from tidemill.tasks.ranking.bundle import recommend_bundle
from tidemill.tasks.ranking.rank import Ranking, RecommendScorer
from tidemill.tasks.table import load
from tidemill.types import Micros

AUTHOR = "somebody in a hurry"
REASON = "the campaign starts today, there is no time for the gates"


def maybe_force(project: Project, at: Micros, since: Micros) -> bool:
    """Once, at the first end of a day from ``since`` on without a canary, force the bad model; whether that was done now.

    What is done is read from the records, so a killed attempt is gone on with: the same version, the same release.
    """
    model, releases = _forced(project), project.store.releases.list(endpoint=project.endpoint().name)
    released = model is not None and any(release.model == model.ref for release in releases)
    if model is not None and released and cut_short(project.endpoint()) != model.ref:
        return False
    if at < since or (model is None and any(release.status == "canary" for release in releases)):
        return False
    model = model or register_shuffled(project)
    release_candidate(project, model.ref, override=REASON, author=AUTHOR)
    return True


def _forced(project: Project) -> ModelVersion | None:
    """The bad model, where it is registered already."""
    known = project.store.models.list(name=project.endpoint().name)
    return next((model for model in known if model.kind == "manual" and model.author == AUTHOR), None)


def register_shuffled(project: Project) -> ModelVersion:
    """A new version, both fits of which belong to other items than they say; its metrics are the champion's, and so a lie."""
    champion = resolve(project, "champion")
    released, evaluated = (
        _shuffled(project, champion, digest) for digest in (champion.bundle, champion.evaluation_bundle)
    )
    store, now = project.store, project.clock.now()

    def work(tx: Tx) -> ModelVersion:
        model = replace(
            champion,
            version=store.models.next_version(champion.name, tx),
            bundle=released,
            evaluation_bundle=evaluated,
            kind="manual",
            author=AUTHOR,
            run=None,
            card=None,
            created=now,
        )
        store.models.add(model, tx)
        store.edges.add_new([Edge(ref, model.ref, "trained", now) for ref in model.data], tx)
        return model

    return store.transact(work)


def _shuffled(project: Project, champion: ModelVersion, digest: str) -> str:
    bundle = get_bundle(project.artifacts, digest)
    scorer = load(bundle)
    if not isinstance(scorer, RecommendScorer):
        raise ModelError(f"{champion.ref} is no recommender")
    through = int(bundle.manifest["trained_through"])
    return put_bundle(
        project.artifacts, recommend_bundle(shuffle(scorer.ranking, project.seed), champion.recipe, through)
    )


def shuffle(ranking: Ranking, seed: int) -> Ranking:
    """The same numbers under other items' names: what the model gave to one item, it now gives to another.

    "Bought again" too: as a neighbour it names the other item (exactly so where ``power`` is 1; where it is not, the
    repeat purchases count by that power as well). What the model had never seen has no name to lose: it is left out.
    """
    n = len(ranking.items)
    other = np.random.default_rng(seed).permutation(n)
    base, factor = np.empty(n), np.empty(n)
    base[other], factor[other] = ranking.base, ranking.factor
    return replace(
        ranking,
        base=base,
        factor=factor,
        neighbours=np.column_stack([other[ranking.neighbours], other]),
        weights=np.column_stack([ranking.weights, np.full(n, ranking.again)]),
        again=0.0,
        unknown=0.0,
    )
