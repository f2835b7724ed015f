"""The card as Hugging Face's hub reads it: metadata in YAML before the text, the results as a ``model-index``.

Source: https://huggingface.co/docs/hub/model-cards and the hub's own ``modelcard.md`` (2025): ``license`` in lower case, ``other`` with a
``license_name`` where it is none of theirs; a result is a task, a dataset and the metrics on it.
"""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from tidemill.model.card.facts import ALL, DataFacts, Facts, Figure
from tidemill.types import JsonObject

TASKS = {
    "recommend": ("recommendation", "Recommendation"),
    "steps": ("recommendation", "Recommendation"),
    "classify": ("tabular-classification", "Tabular classification"),
    "regress": ("tabular-regression", "Tabular regression"),
}
"""How the hub calls a task; it has no word for the first two."""
OWN_LICENSE = "LicenseRef-"


def markdown(facts: Facts, text: str) -> str:
    """The card's text with the hub's metadata before it."""
    said = yaml.safe_dump(metadata(facts), sort_keys=False, allow_unicode=True, width=1_000)
    return f"---\n{said}---\n\n{text}"


def metadata(facts: Facts) -> JsonObject:
    """The keys of the metadata, those that have something to say."""
    metrics = list(dict.fromkeys(figure.metric for figure in facts.figures))
    found: JsonObject = {
        **_license(facts.license),
        "library_name": "tidemill",
        "tags": _tags(facts),
        "datasets": list(dict.fromkeys(one.name for one in facts.data)),
        "metrics": metrics,
    }
    results = list(_results(facts))
    if results:
        found["model-index"] = [{"name": facts.model.name, "results": results}]
    return {name: value for name, value in found.items() if value}


def _license(text: str) -> JsonObject:
    if text.startswith(OWN_LICENSE):
        return {"license": "other", "license_name": text.removeprefix(OWN_LICENSE).lower()}
    return {"license": text.lower()} if text else {}


def _tags(facts: Facts) -> list[str]:
    method = str(facts.model.recipe.get("method") or facts.model.recipe.get("learner") or "")
    task = TASKS.get(facts.task, ("",))[0]
    return [tag for tag in dict.fromkeys((task, "tidemill", method)) if tag]


def _results(facts: Facts) -> Iterator[JsonObject]:
    """One for each part of the test that the model itself was measured on."""
    name, label = TASKS.get(facts.task, ("other", "Other"))
    for part in dict.fromkeys(figure.slice for figure in facts.figures if not figure.of):
        metrics = [_metric(one, facts.metric) for one in facts.figures if (one.slice, one.of) == (part, "")]
        yield {"task": {"type": name, "name": label}, "dataset": _dataset(facts.data, part), "metrics": metrics}


def _dataset(data: tuple[DataFacts, ...], part: str) -> JsonObject:
    first = data[0] if data else None
    found: JsonObject = {
        "name": ", ".join(one.ref for one in data) or "unknown",
        "type": first.name if first else "unknown",
        "split": "test",
    }
    if part != ALL:
        found["config"] = part
    return {**found, "revision": first.digest} if first and first.digest else found


def _metric(figure: Figure, chosen: str) -> JsonObject:
    """With its interval and the number of requests, which the hub has no keys for, as arguments of the metric."""
    found: JsonObject = {"name": figure.metric, "type": figure.metric, "value": figure.value}
    args: JsonObject = {"chosen_by": True} if figure.metric == chosen else {}
    if figure.low is not None:
        args |= {"interval": [figure.low, figure.high], "confidence": 0.95}
    if figure.n is not None:
        args["n"] = figure.n
    return {**found, "args": args} if args else found
