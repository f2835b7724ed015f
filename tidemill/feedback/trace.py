"""From a served prediction back to its rows, and from rows forward to what they touched.

A trace has three layers. *History*: the subject's own rows as the server knew them at that moment, each with the file and row it
stands in. *Training*: the model version, its run, its dataset versions and their files. *Reasons*: for every returned item the rows
that weigh on its score, each with the exact change of the score when that row alone is left out and the weights are held.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from tidemill.errors import NotFound, StoreError
from tidemill.ref import Ref
from tidemill.store.lineage import downstream, upstream
from tidemill.types import JsonObject, did_you_mean, to_iso

if TYPE_CHECKING:
    from tidemill.scope.project import Project
    from tidemill.store.records import ModelVersion, OnlineEvent, Prediction

SHORTEST = 6
"""So many hex digits of a digest at least name a file."""
KINDS = ("file", "dataset", "model", "subject", "release", "run", "artifact")


def trace(project: Project, prediction_id: str) -> JsonObject:
    """The whole trace as JSON: ``prediction``, ``history``, ``training``, ``reasons``, ``verified``. Raises NotFound, Damaged."""
    prediction = project.live.predictions.get(prediction_id)
    answer = json.loads(prediction.output)
    history = known_then(project, prediction)
    model = project.store.models.get(prediction.model)
    rows = placed(project, history)
    reasons, verified = _reasons(project, model, prediction, answer, history, rows)
    return {
        "prediction": _facts(prediction, answer),
        "history": rows,
        "training": _training(project, model),
        "reasons": reasons,
        "verified": verified,
    }


def known_then(project: Project, prediction: Prediction) -> list[OnlineEvent]:
    """The subject's rows that the answer could see: known by then, and of before."""
    events = (
        project.live.online.list(subject=prediction.subject, watermark=prediction.watermark)
        if prediction.subject
        else []
    )
    return [event for event in events if event.at < prediction.at]


def _facts(prediction: Prediction, answer: JsonObject) -> JsonObject:
    return {
        "id": prediction.id,
        "at": to_iso(prediction.at),
        "endpoint": prediction.endpoint,
        "subject": prediction.subject,
        "model": prediction.model,
        "release": prediction.release,
        "arm": prediction.arm,
        "cold": prediction.cold,
        "inputs": json.loads(prediction.inputs) if prediction.inputs else None,
        "answer": answer,
    }


def placed(project: Project, history: Sequence[OnlineEvent]) -> list[JsonObject]:
    """The rows of the history; ``file`` (its digest), ``path`` and ``row`` are there once the dataset holds the row too."""
    digests = dict.fromkeys(event.file for event in history if event.file)
    sources = dict.fromkeys(event.dataset for event in history if event.file)
    paths = {f.digest: f.name for name in sources for f in project.store.files.among(name, digests)}
    return [
        {
            "key": event.key,
            "item": event.item,
            "at": to_iso(event.at),
            "value": event.value,
            "file": event.file,
            "path": paths.get(event.file or ""),
            "row": event.row,
            "ingest": event.ingest,
        }
        for event in history
    ]


def _training(project: Project, model: ModelVersion) -> JsonObject:
    """The versions the model was made of: run, code, datasets, files."""
    store = project.store
    datasets: list[JsonObject] = []
    files: list[JsonObject] = []
    for ref in model.data:
        record = store.datasets.get(*Ref.versioned("dataset", ref))
        name = record.dataset
        taken = [file for file in store.files.list(dataset=name) if file.version <= record.version]
        datasets.append(
            {"dataset": ref, "rows": sum(f.rows for f in taken), "digest": record.digest, "run": record.run}
        )
        files += [{"dataset": name, "name": f.name, "digest": f.digest, "rows": f.rows} for f in taken]
    run = store.runs.get(model.run) if model.run else None
    return {
        "model": model.ref,
        "kind": model.kind,
        "recipe": model.recipe,
        "bundle": model.bundle,
        "trained_through": to_iso(model.trained_through),
        "run": model.run,
        "code": run.code if run else None,
        "environment": run.environment if run else None,
        "data": datasets,
        "files": files,
    }


def _reasons(
    project: Project,
    model: ModelVersion,
    prediction: Prediction,
    answer: JsonObject,
    history: Sequence[OnlineEvent],
    shown: Sequence[JsonObject],
) -> tuple[list[JsonObject], JsonObject]:
    """Why each item, and whether the stored bytes give the same answer again."""
    from tidemill.store.artifacts.codecs import get_bundle
    from tidemill.tasks.scoring import load, task_answering

    try:
        bundle = get_bundle(project.artifacts, model.bundle)
    except StoreError as exc:
        return [], {"same_items": False, "why": f"the model's bundle cannot be read any more: {exc}"}
    found = task_answering(bundle).explain(load(bundle), prediction, answer, history)
    error = found.verified.get("largest_difference", 0.0)
    reasons: list[JsonObject] = []
    for item, score, weights in found.reasons:
        order = sorted(range(len(history)), key=lambda i: (-abs(weights[i]), history[i].key))
        rows = [{**shown[i], "weight": float(weights[i])} for i in order if weights[i] != 0.0]
        reasons.append({"item": item, "score": score, "rows": rows, "error": error})
    return reasons, found.verified


def impact(project: Project, ref: str) -> JsonObject:
    """What this touched: models, releases and how many predictions, and for a subject its rows. Raises NotFound.

    ``ref`` is ``file:PATH`` or ``file:DIGEST`` (or the beginning of one),
    ``dataset:NAME@VERSION``, ``model:NAME@VERSION``, ``run:ID``, ``artifact:DIGEST`` or ``subject:ID``.
    """
    kind, _, name = ref.partition(":")
    if kind not in KINDS or not name:
        raise NotFound(f"{ref!r} is not a reference", hint=f"kind:name; {did_you_mean(kind, KINDS)}")
    if kind == "subject":
        return _subject_impact(project, name)
    ref = _known_ref(project, kind, name)
    found = downstream(project.store, ref)
    if not found.edges and not upstream(project.store, ref).edges and kind == "artifact":
        raise NotFound(f"nothing is known of {ref}", hint="tidemill runs show --json names the artifacts of a run")
    first = _first_versions([ref, *found.refs])
    models = sorted({ref, *found.refs} & {m.ref for m in project.store.models.list()} | _trained_on(project, first))
    counts = project.live.predictions.by_model()
    return {
        "ref": ref,
        "datasets": [f"dataset:{name}@{least} and later" for name, least in sorted(first.items())],
        "models": models,
        "releases": [r.id for r in project.store.releases.list() if r.model in models],
        "predictions": sum(counts.get(model, 0) for model in models),
        "predictions_by_model": {model: counts.get(model, 0) for model in models},
        "cut": found.cut,
    }


def _known_ref(project: Project, kind: str, name: str) -> str:
    """The reference in full: a file by its path, its digest or the beginning of it, a model by any name it has. Raises NotFound."""
    from tidemill.model.registry import resolve

    store = project.store
    if kind == "file":
        return f"file:{_file(project, name)}"
    if kind == "model":
        return resolve(project, name).ref
    if kind == "dataset":
        dataset, _, version = name.rpartition("@")
        if not dataset or not version.isdecimal():
            raise NotFound(
                f"dataset:{name} names no version", hint=f"write dataset:{dataset or name}@1: tidemill data ls"
            )
        store.datasets.get(dataset, int(version))
    elif kind == "release":
        store.releases.get(name)
    elif kind == "run":
        store.runs.get(name)
    return f"{kind}:{name}"


def _file(project: Project, name: str) -> str:
    """The digest of the one ingested file that this path, digest or beginning of a digest means. Raises NotFound."""
    store = project.store
    files = [
        file for dataset in {v.dataset for v in store.datasets.list()} for file in store.files.list(dataset=dataset)
    ]
    start = name.removeprefix("sha256:").removesuffix("…")
    found = {f.digest for f in files if name in (f.name, f.digest)}
    if not found and len(start) >= SHORTEST:
        found = {f.digest for f in files if f.digest.removeprefix("sha256:").startswith(start)}
    if len(found) == 1:
        return found.pop()
    if found:
        names = ", ".join(sorted(f.name for f in files if f.digest in found)[:5])
        raise NotFound(f"{name!r} is the name of {len(found)} files: {names}", hint="give more of the digest")
    known = {f.name for f in files}
    near = get_close_matches(name, known, n=1)
    listed = "tidemill data show DATASET lists them"
    hint = (
        f"did you mean {near[0]!r}? {listed}" if near else listed if known else "nothing was taken in yet: tidemill run"
    )
    raise NotFound(f"no file {name!r} was taken in", hint=hint)


def _first_versions(refs: Sequence[str]) -> dict[str, int]:
    """Of each dataset named the earliest version: every later one holds its rows too."""
    first: dict[str, int] = {}
    for ref in refs:
        kind, _, name = ref.partition(":")
        dataset, _, version = name.rpartition("@")
        if kind == "dataset":
            first[dataset] = min(int(version), first.get(dataset, int(version)))
    return first


def _trained_on(project: Project, first: dict[str, int]) -> set[str]:
    """The models that learned from one of these versions, or from a later one."""

    def holds(data: str) -> bool:
        name, version = Ref.versioned("dataset", data)
        return name in first and version >= first[name]

    return {model.ref for model in project.store.models.list() if any(map(holds, model.data))}


def _subject_impact(project: Project, subject: str) -> JsonObject:
    """A person's rows, where they stand, the models that learned from them, and the answers they were given."""
    events = project.live.online.list(subject=subject)
    predictions = project.live.predictions.page(subject=subject, limit=1_000)
    if not events and not predictions:
        raise NotFound(
            f"no rows and no predictions of the subject {subject!r}",
            hint="subjects are named as in the dataset's rows",
        )
    files = sorted({event.file for event in events if event.file})
    models = sorted({model for file in files for model in impact(project, f"file:{file}")["models"]})
    return {
        "ref": f"subject:{subject}",
        "rows": len(events),
        "files": files,
        "models": models,
        "predictions": len(predictions),
        "served_by": sorted({p.model for p in predictions}),
    }
