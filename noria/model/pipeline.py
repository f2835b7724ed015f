"""The model pipeline (interim)."""

from __future__ import annotations

from typing import Any

from noria.data.ingest import load_contract
from noria.data.split import temporal_split
from noria.data.tables import open_tables
from noria.kernel.artifacts.codecs import put_bundle
from noria.kernel.engine import Context, Engine, pipeline, step
from noria.kernel.records import Edge, ModelVersion
from noria.model import evaluate, learners
from noria.model.bundle import recommend_bundle
from noria.model.interactions import from_frame, requests_between
from noria.model.rank import RecommendScorer
from noria.project import Project
from noria.types import JsonObject, parse_span

TRIALS = [
    {},
    {"similar": 0.4},
    {"lift": 0.5},
    {"popular_days": 28},
]


def interactions(project: Project, version: int | None = None) -> Any:
    data = project.config.dataset
    contract = load_contract(project, data.name)
    return from_frame(open_tables(project).read(data.name, version), contract)


@step(name="train", impure="reads the dataset")
def train(name: str, version: int, ctx: Context) -> JsonObject:
    project: Project = ctx.resource("project")
    config = project.config
    data = interactions(project, version)
    split = temporal_split(config.model.split, int(data.at.min()), int(data.at.max()))
    view = next(iter(config.features.values()))
    half_life = parse_span(str(next(iter(view.features.values())).half_life))
    champion = project.store.releases.champion(config.endpoint)
    old = project.store.models.get(champion.model) if champion else None
    metric = config.model.metric
    if old is not None:
        recipe, kind = old.recipe, "refit"
    else:
        requests = requests_between(data, split.train_end, split.test_start)
        best = []
        for n, given in enumerate(TRIALS):
            r = learners.recipe_of("blend", half_life, **given)
            fitted = RecommendScorer(learners.fit(r, data.before(split.train_end)), half_life)
            best.append((float(evaluate.score_requests(fitted, data, requests, metric).values.mean()), -n, r))
            ctx.progress(n + 1, len(TRIALS), "search")
        recipe, kind = max(best, key=lambda b: b[:2])[2], "first"
    twin = learners.fit(recipe, data.before(split.test_start))
    requests = requests_between(data, split.test_start, split.end)
    scorer = RecommendScorer(twin, half_life)
    scored = {m: evaluate.score_requests(scorer, data, requests, m) for m in ("recall@20", "ndcg@10", "mrr@20")}
    metrics = evaluate.summary(scored, project.seed)
    final = learners.fit(recipe, data)
    return {
        "bundle": put_bundle(project.artifacts, recommend_bundle(final, recipe, data.end)),
        "evaluated": put_bundle(project.artifacts, recommend_bundle(twin, recipe, split.test_start)),
        "recipe": recipe,
        "kind": kind,
        "metrics": metrics,
        "through": data.end - 1,
    }


@pipeline(name="model")
def model_pipeline(name: str, version: int) -> JsonObject:
    return {"trained": train(name, version)}


def build_candidate(project: Project, parent: str | None = None, on_event: Any = None) -> ModelVersion:
    name = project.config.endpoint
    dataset = project.store.datasets.get(project.config.dataset.name)
    engine = Engine(
        project.store, project.artifacts, project.clock, project.root, resources={"project": project}, seed=project.seed
    )
    result = engine.run(model_pipeline, {"name": name, "version": dataset.version}, parent=parent, on_event=on_event)
    made = result.outputs["trained"]

    for known in project.store.models.list(name):
        if known.bundle == made["bundle"]:
            return known

    def work(tx: Any) -> ModelVersion:
        model = ModelVersion(
            name=name,
            version=project.store.models.next_version(name, tx),
            bundle=made["bundle"],
            evaluated=made["evaluated"],
            recipe=made["recipe"],
            kind=made["kind"],
            metrics=made["metrics"],
            data=(f"dataset:{dataset.dataset}@{dataset.version}",),
            trained_through=made["through"],
            run=result.run.id,
            author="loop" if parent else "",
            card=None,
            created=project.clock.now(),
        )
        project.store.models.add(model, tx)
        project.store.edges.add([Edge(d, model.ref, "trained", model.created) for d in model.data], tx)
        return model

    return project.store.transact(work)
