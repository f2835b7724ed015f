"""From a served prediction back to its rows, and from rows forward to what they touched.

A trace has three layers. *History*: the subject's own rows as the server knew them at that moment, each with the file and row it
stands in. *Training*: the model version, its run, its dataset versions and their files. *Reasons*: for every returned item the rows
that weigh on its score, each with what it adds to it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tidemill.data.check.readings import normal
from tidemill.errors import NotFound, StoreError, TidemillError
from tidemill.feedback.called import called, known_of_items, named_in
from tidemill.feedback.explained import USUAL, explained, known_then
from tidemill.feedback.explained import opened as open_model
from tidemill.feedback.ruled import ruled_again
from tidemill.process.child import Child
from tidemill.process.supervised import log_file
from tidemill.ref import Ref
from tidemill.release.variants import UNASKED, kept_with
from tidemill.rules.kept import mark_of
from tidemill.store.lineage import downstream, upstream
from tidemill.tasks.port import Explained, Task
from tidemill.types import JsonObject, did_you_mean, to_iso

if TYPE_CHECKING:
    from tidemill.scope.project import Project
    from tidemill.store.records import ModelVersion, OnlineEvent, Prediction

SHORTEST = 6  # So many hex digits of a digest at least name a file
_TABLES = "tidemill.data.tables.holder"  # looks at the tables in a process of its own: the server loads no tables
_SECONDS = 20.0
KINDS = ("file", "dataset", "model", "subject", "release", "run", "artifact")


def trace(project: Project, prediction_id: str) -> JsonObject:
    """The whole trace as JSON: ``prediction``, ``history``, ``names`` of items, ``items`` as they were known, ``training``, ``reasons``,
    ``explained``, ``verified``. Raises NotFound, Damaged."""
    prediction = project.live.predictions.get(prediction_id)
    answer = json.loads(prediction.output)
    history = known_then(project, prediction)
    model = project.store.models.get(kept_with(prediction.model))
    rows = placed(project, history)
    try:
        opened: tuple[Task, Any] | str = USUAL if prediction.arm in UNASKED else open_model(project, model)
    except TidemillError as exc:
        opened = exc.message
    found = _again(opened, prediction, answer, history)
    answered = named_in(answer, json.loads(prediction.inputs or b"{}"))
    if mark_of(answer) and not isinstance(opened, str):
        found = found._replace(verified=ruled_again(project, *opened, prediction, history))
    return {
        "prediction": _facts(prediction, answer),
        "history": rows,
        "names": called(project, {*answered, *(row["item"] for row in rows)}, [model.ref], prediction.watermark),
        "items": known_of_items(project, prediction, answer.get("items", ())),
        "training": _training(project, model),
        "reasons": _reasons(found, history, rows),
        "explained": explained(project, prediction, history, opened),
        "verified": found.verified,
    }


_FACTS = ("id", "endpoint", "subject", "model", "release", "arm", "cold")


def _facts(prediction: Prediction, answer: JsonObject) -> JsonObject:
    inputs = json.loads(prediction.inputs) if prediction.inputs else None
    facts = {name: getattr(prediction, name) for name in _FACTS}
    return facts | {"at": to_iso(prediction.at), "inputs": inputs, "answer": answer}


def placed(project: Project, history: Sequence[OnlineEvent]) -> list[JsonObject]:
    """The rows of the history; ``file`` (its digest), ``path`` and ``row`` are there once the dataset holds the row too."""
    digests = dict.fromkeys(event.file for event in history if event.file)
    sources = dict.fromkeys(event.dataset for event in history if event.file)
    paths = {f.digest: f.name for name in sources for f in project.store.files.among(name, digests)}
    return [
        {name: getattr(event, name) for name in ("key", "item", "value", "file", "row", "ingest")}
        | {"at": to_iso(event.at), "path": paths.get(event.file or "")}
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


def _again(
    opened: tuple[Task, Any] | str, prediction: Prediction, answer: JsonObject, history: Sequence[OnlineEvent]
) -> Explained:
    """Which rows weigh, and whether the stored bytes give the same answer again: None where there are none any more."""
    if isinstance(opened, str):
        return Explained((), {"same_items": None, "why": opened})
    task, scorer = opened
    try:
        return task.explain(scorer, prediction, answer, history)
    except TidemillError as exc:  # a process that does not start, a column that is gone: all else of the trace stands
        return Explained((), {"same_items": None, "why": exc.message})


def _reasons(found: Explained, history: Sequence[OnlineEvent], shown: Sequence[JsonObject]) -> list[JsonObject]:
    """For each item the rows that weigh on it, heaviest first, as they are ``shown``."""
    error = found.verified.get("largest_difference", 0.0)
    reasons: list[JsonObject] = []
    for item, score, weights in found.reasons:
        order = sorted(range(len(history)), key=lambda i: (-abs(weights[i]), history[i].key))
        rows = [{**shown[i], "weight": float(weights[i])} for i in order if weights[i] != 0.0]
        reasons.append({"item": item, "score": score, "rows": rows, "error": error})
    return reasons


def impact(project: Project, text: str) -> JsonObject:
    """What this touched: models, releases and how many predictions, and for a subject its rows. Raises NotFound.

    ``text`` is ``file:PATH`` or ``file:DIGEST`` (or the beginning of one),
    ``dataset:NAME@VERSION``, ``model:NAME@VERSION``, ``run:ID``, ``artifact:DIGEST`` or ``subject:ID``.
    """
    kind = Ref.parse(text).kind
    if kind not in KINDS:
        raise NotFound(f"{text!r} is not a reference", hint=f"kind:name; {did_you_mean(kind, KINDS)}")
    if kind == "subject":
        return _subject_impact(project, text.removeprefix("subject:"))
    ref = _known_ref(project, kind, text)
    found = downstream(project.store, ref)
    if not found.edges and not upstream(project.store, ref).edges and kind == "artifact":
        raise NotFound(f"nothing is known of {ref}", hint="tidemill runs show --json names the artifacts of a run")
    first = _first_versions([ref, *found.refs])
    models = sorted({ref, *found.refs} & {m.ref for m in project.store.models.list()} | _trained_on(project, first))
    counts = project.live.predictions.by_model()
    return {
        "ref": ref,
        "datasets": [f"{Ref('dataset', name, least)} and later" for name, least in sorted(first.items())],
        "models": models,
        "releases": [r.id for r in project.store.releases.list() if r.model in models],
        "predictions": sum(counts.get(model, 0) for model in models),
        "predictions_by_model": {model: counts.get(model, 0) for model in models},
        "cut": found.cut,
    }


def _known_ref(project: Project, kind: str, text: str) -> str:
    """The reference in full: a file by its path, its digest or the beginning of it, a model by any name it has. Raises NotFound."""
    from tidemill.model.registry import resolve

    store, name = project.store, text.removeprefix(f"{kind}:")
    if kind == "file":
        return str(Ref("file", _file(project, name)))
    if kind == "model":
        return resolve(project, name).ref
    if kind == "dataset":
        store.datasets.get(*Ref.versioned("dataset", text))
    elif kind == "release":
        return f"release:{store.releases.named(name).id}"
    elif kind == "run":
        return f"run:{store.runs.named(name).id}"
    return text


def _file(project: Project, name: str) -> str:
    """The digest of the one ingested file that this path, digest or beginning of a digest means. Raises NotFound."""
    store = project.store
    files = store.files.list()
    start = name.removeprefix("sha256:").removesuffix("…")
    found = {f.digest for f in files if name in (f.name, f.digest)}
    if not found and len(start) >= SHORTEST:
        found = {f.digest for f in files if f.digest.removeprefix("sha256:").startswith(start)}
    if len(found) > 1:
        places = sorted(f"{f.name} in {f.dataset} ({f.digest[:19]})" for f in files if f.digest in found)
        message = f"{name!r} is the name of {len(found)} files: {', '.join(places[:5])}"
        raise NotFound(message, hint="name it by its digest, or the beginning of that: file:sha256:…")
    if not found:
        near = did_you_mean(name, {f.name for f in files}) if files else "nothing was taken in yet: tidemill run"
        raise NotFound(f"no file {name!r} was taken in", hint=f"{near}; tidemill data show DATASET lists them")
    return found.pop()


def _first_versions(refs: Sequence[str]) -> dict[str, int]:
    """Of each dataset named the earliest version: every later one holds its rows too."""
    first: dict[str, int] = {}
    for ref in map(Ref.parse, refs):
        if ref.kind == "dataset" and ref.version is not None:
            first[ref.name] = min(ref.version, first.get(ref.name, ref.version))
    return first


def _trained_on(project: Project, first: dict[str, int]) -> set[str]:
    """The models that learned from one of these versions, or from a later one."""

    def holds(data: str) -> bool:
        name, version = Ref.versioned("dataset", data)
        return name in first and version >= first[name]

    return {model.ref for model in project.store.models.list() if any(map(holds, model.data))}


def _subject_impact(project: Project, said: str) -> JsonObject:
    """A person's rows, where they stand, the models that learned from them, and the answers they were given."""
    for subject in dict.fromkeys((said, normal(said))):  # as it is said; else as rows and requests are read
        events = project.live.online.list(subject=subject)
        predictions = project.live.predictions.page(subject=subject, limit=1_000)
        stored: JsonObject = {"rows": len(events), "files": []} if events else _stored(project, subject)
        if stored["rows"] or predictions:
            break
    else:
        hint = "subjects are named as in the dataset's rows"
        raise NotFound(f"no rows and no predictions of the subject {said!r}", hint=hint)
    files = sorted({event.file for event in events if event.file} | set(stored["files"]))
    return {
        "ref": f"subject:{subject}",
        "rows": stored["rows"],
        "files": files,
        "models": sorted({model for file in files for model in impact(project, f"file:{file}")["models"]}),
        "predictions": len(predictions),
        "served_by": sorted({p.model for p in predictions}),
    }


def _stored(project: Project, subject: str) -> JsonObject:
    """The rows in the tables of a subject that has no events: such as those with a value of 0. Raises StoreError."""
    with log_file(project.logs, "subjects") as log, Child(_TABLES, [str(project.root)], log=log) as child:
        try:
            found = child.ask({"subject": subject}, _SECONDS) or {"error": "the process that reads them died"}
        except TimeoutError:
            found = {"error": f"they were not read within {_SECONDS:g} s"}
    if "error" in found:
        raise StoreError(f"the tables cannot be looked at: {found['error']}", hint="see .tidemill/logs/subjects.log")
    return found
