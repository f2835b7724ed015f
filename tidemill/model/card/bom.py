"""A version as a CycloneDX 1.7 bill of materials for machine learning (ML-BOM), as JSON. The same records give the same bytes.

Source: https://cyclonedx.org/docs/1.7/json/ ; valid by its own schema (the tests ask it). The model is the component that the bill is
of: its ``modelCard`` has the figures and what to consider; datasets are data components with who answers for them; libraries are those
that the steps ran, by purl; ``formulation`` is the run.
"""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tidemill.model.card.considered import by_group, considerations, some
from tidemill.model.card.facts import DataFacts, Facts, Figure
from tidemill.store.records import Step
from tidemill.types import JsonObject, Micros, to_iso

_EXPRESSION = re.compile(r"[\w.+()-]+(?: (?:AND|OR|WITH) [\w.+()-]+)*", re.ASCII)
SCHEMA = "http://cyclonedx.org/schema/bom-1.7.schema.json"
OWNERS, STEWARDS = ("owner",), ("steward",)
KINDS = {"evaluate": "test", "register": "deliver"}
"""What a step is, where it is no build."""


def bom(facts: Facts) -> JsonObject:
    """The whole bill. Its serial number is named by project, version and bundle."""
    model = facts.model
    named = f"tidemill:{facts.project_id}:{model.ref}:{model.bundle}"
    libraries = [_library(name, version, name in facts.used) for name, version in facts.libraries.items()]
    data = [_dataset(one) for one in facts.data]
    return {
        "$schema": SCHEMA,
        "bomFormat": "CycloneDX",
        "specVersion": "1.7",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, named)}",
        "version": 1,
        "metadata": {
            "timestamp": to_iso(model.created),
            "tools": {"components": [{"type": "application", "name": "tidemill", "version": version("tidemill")}]},
            "component": _model(facts),
        },
        "components": [*data, *libraries],
        "dependencies": [
            {"ref": model.ref, "dependsOn": [one["bom-ref"] for one in (*data, *libraries)]},
            *({"ref": one["bom-ref"]} for one in (*data, *libraries)),
        ],
        **({"formulation": [_formula(facts)]} if facts.run else {}),
    }


def _model(facts: Facts) -> JsonObject:
    model = facts.model
    return some(
        {
            "type": "machine-learning-model",
            "bom-ref": model.ref,
            "name": model.name,
            "version": str(model.version),
            "description": facts.purpose,
            "hashes": [_hash(model.bundle)],
            "licenses": _licenses(facts.license),
            "pedigree": _pedigree(facts),
            "modelCard": _card(facts),
            "properties": [
                *_property("kind", model.kind),
                *_property("author", model.author),
                *_property("trained_through", to_iso(model.trained_through)),
                *_property("evaluation_bundle", model.evaluation_bundle),
                *_property("card", model.card),
            ],
        }
    )


def _card(facts: Facts) -> JsonObject:
    recipe = facts.model.recipe
    method = str(recipe.get("method") or recipe.get("learner") or "")
    parameters = some(
        {
            "approach": {"type": "supervised"},
            "task": facts.task,
            "architectureFamily": method,
            "datasets": [{"ref": one.ref} for one in facts.data],
        }
    )
    return some(
        {
            "modelParameters": parameters,
            "quantitativeAnalysis": some(
                {"performanceMetrics": [_figure(one) for one in (*facts.figures, *by_group(facts.examined))]}
            ),
            "considerations": some(considerations(facts)),
            "properties": [one for name, value in sorted(recipe.items()) for one in _property(f"recipe:{name}", value)],
        }
    )


def _figure(figure: Figure) -> JsonObject:
    """The part of the test as its slice; who answered, where it was a simple model."""
    part = f"{figure.slice}, baseline {figure.of}" if figure.of else figure.slice
    found: JsonObject = {"type": figure.metric, "value": repr(figure.value), "slice": part}
    if figure.low is not None and figure.high is not None:
        found["confidenceInterval"] = {"lowerBound": repr(figure.low), "upperBound": repr(figure.high)}
    return found


def _dataset(data: DataFacts) -> JsonObject:
    rows = [*_property("rows", data.rows), *_property("begins", _iso(data.begins)), *_property("ends", _iso(data.ends))]
    inside = some(
        {
            "type": "dataset",
            "name": data.name,
            "contents": {"properties": rows},
            "sensitiveData": list(data.sensitive),
            "description": " ".join(filter(None, (data.purpose, data.limits))),
            "governance": _governance(data),
        }
    )
    return some(
        {
            "type": "data",
            "bom-ref": data.ref,
            "name": data.name,
            "version": str(data.version),
            "hashes": [_hash(data.digest)] if data.digest else [],
            "licenses": _licenses(data.license),
            "data": [inside],
        }
    )


def _governance(data: DataFacts) -> JsonObject:
    """Owners and stewards by their role in the contract's team; all others are custodians."""
    found: dict[str, list[JsonObject]] = {"owners": [], "stewards": [], "custodians": []}
    for one in data.team:
        role = one.role.lower()
        kind = "owners" if any(word in role for word in OWNERS) else "custodians"
        kind = "stewards" if any(word in role for word in STEWARDS) else kind
        found[kind].append({"contact": {"name": one.name}})
    return some(found)


def _licenses(text: str) -> list[JsonObject]:
    """An SPDX expression as one, other words as a licence's name.

    >>> _licenses("MIT OR Apache-2.0"), _licenses("Open data, see our page")
    ([{'expression': 'MIT OR Apache-2.0'}], [{'license': {'name': 'Open data, see our page'}}])
    """
    if not text:
        return []
    return [{"expression": text} if _EXPRESSION.fullmatch(text) else {"license": {"name": text}}]


def _library(name: str, version: str, used: bool) -> JsonObject:
    """``used``: whether a step ran it; the others were installed then."""
    purl = f"pkg:pypi/{name}@{version}"
    scope = "required" if used else "optional"
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "scope": scope, "purl": purl}


def _pedigree(facts: Facts) -> JsonObject:
    """What it was begun from, and the commit of the project's code."""
    start = facts.model.recipe.get("start") or {}
    ancestors = [{"type": "machine-learning-model", "name": str(start["of"])}] if start.get("of") else []
    code = facts.run.code if facts.run else {}
    commits = [{"uid": str(code["commit"])}] if code.get("commit") else []
    notes = "The folder had changes beside this commit." if commits and code.get("dirty") else ""
    return some({"ancestors": ancestors, "commits": commits, "notes": notes})


def _formula(facts: Facts) -> JsonObject:
    run = facts.run
    assert run is not None
    ran: JsonObject = {
        "bom-ref": f"run:{run.id}",
        "uid": run.id,
        "name": run.pipeline,
        "taskTypes": ["build"],
        "timeStart": to_iso(run.started),
        "tasks": [_task(one) for one in facts.steps],
        "inputs": [{"resource": {"ref": one.ref}} for one in facts.data],
        "outputs": [{"type": "artifact", "resource": {"ref": facts.model.ref}}],
        "properties": [*_property("seed", run.seed), *_property("host", run.environment.get("host"))],
    }
    if run.ended:
        ran["timeEnd"] = to_iso(run.ended)
    return {"bom-ref": f"formula:{run.id}", "workflows": [some(ran)]}


def _task(step: Step) -> JsonObject:
    found: JsonObject = {
        "bom-ref": f"step:{step.run}/{step.name}",
        "uid": step.name,
        "name": step.name,
        "taskTypes": [KINDS.get(step.name, "build")],
        "properties": [*_property("status", step.status), *_property("fingerprint", step.fingerprint)],
    }
    for name, at in (("timeStart", step.started), ("timeEnd", step.ended)):
        if at:
            found[name] = to_iso(at)
    return some(found)


def _property(name: str, value: Any) -> list[JsonObject]:
    """A property of our own, where there is something to say."""
    text = "" if value is None else str(value)
    return [{"name": f"tidemill:{name}", "value": text}] if text else []


def _hash(digest: str) -> JsonObject:
    return {"alg": "SHA-256", "content": digest.removeprefix("sha256:")}


def _iso(at: Micros | None) -> str:
    return to_iso(at) if at else ""
