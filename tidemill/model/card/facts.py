"""All that the records know of a version, gathered once: what the card as JSON, the hub's metadata and the bill of materials are made of.

Nothing is measured here, and nothing of today is read but the project's own words (licence, owner) and the contracts' (who answers for
the data): the same records give the same facts.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import packages_distributions
from typing import TYPE_CHECKING, Any

import yaml

from tidemill.data.contract.odcs import parse_document, read_text
from tidemill.errors import NotFound, TidemillError
from tidemill.model.recorded import recorded
from tidemill.model.registry import examined_kept
from tidemill.ref import Ref
from tidemill.store.artifacts.codecs import load
from tidemill.store.records import ModelVersion, Run, Step
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    from tidemill.scope.project import Project

ALL = "all"
"""The slice that is the whole test."""
PERSONAL = ("personal", "sensitive", "confidential", "restricted", "pii")
"""Classifications of a column by which its values are called sensitive."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric on one part of the test: its mean with a 95 % interval. ``of``: who answered, where it was not the model."""

    metric: str
    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None
    slice: str = ALL
    of: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Who answers for a dataset, by the contract's ``team``."""

    name: str
    role: str = ""


@dataclass(frozen=True, slots=True)
class DataFacts:
    """One version of a dataset that the model learned from. ``begins``, ``ends``: of its rows' time."""

    ref: str
    name: str
    version: int
    digest: str
    rows: int
    begins: Micros | None
    ends: Micros | None
    purpose: str = ""
    limits: str = ""
    license: str = ""
    sensitive: tuple[str, ...] = ()
    team: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """A version as its records have it. ``examined``: what examinations of its test found, by name."""

    project: str
    project_id: str
    model: ModelVersion
    purpose: str
    goal: str
    owner: str
    license: str
    task: str
    metric: str
    figures: tuple[Figure, ...]
    data: tuple[DataFacts, ...]
    examined: JsonObject
    run: Run | None
    steps: tuple[Step, ...]
    libraries: Mapping[str, str]
    """By the name of the distribution the version of each that was installed when the version was made."""
    used: frozenset[str]
    """Of these what a step ran, or the bundle was made with."""


def facts(project: Project, model: ModelVersion) -> Facts:
    """What is known of this version. Raises what the store raises."""
    from tidemill.tasks.table import metric_of

    run = project.store.runs.look_up(model.run) if model.run else None
    steps = tuple(project.store.steps.list(run=run.id)) if run else ()
    configured = project.models.get(model.name)
    said = run.params if run else {}
    return Facts(
        project.name,
        project.id,
        model,
        str(said.get("purpose", project.purpose)),
        str(said.get("goal", project.goal.words)),
        project.goal.owner,
        project.license,
        configured.task.partition(":")[0] if configured else "",
        metric_of(configured) if configured else "",
        tuple(figures(model.metrics)),
        tuple(_data(project, ref) for ref in model.data),
        _examined(project, model),
        run,
        steps,
        *_libraries(project, model, steps),
    )


def figures(metrics: JsonObject) -> Iterator[Figure]:
    """Those of the whole test, of its parts, and of the baselines.

    >>> [(f.metric, f.value, f.slice, f.of) for f in figures({"mae": [1.0, 0.9, 1.2], "n": 5, "baselines": {"mean": {"mae": [2, 1, 3]}}})]
    [('mae', 1.0, 'all', ''), ('mae', 2.0, 'all', 'mean')]
    """
    yield from _figures(metrics, ALL, "")
    for part in ("warm", "cold"):
        yield from _figures(_of(metrics, part), part, "")
    for name, of in _of(metrics, "baselines").items():
        yield from _figures(of, ALL, name)


def _of(metrics: JsonObject, name: str) -> JsonObject:
    found = metrics.get(name)
    return found if isinstance(found, dict) else {}


def _figures(metrics: JsonObject, part: str, of: str) -> Iterator[Figure]:
    for name, value in metrics.items():
        if isinstance(value, list) and len(value) == 3 and all(isinstance(one, int | float) for one in value):
            mean, low, high = map(float, value)
            yield Figure(name, mean, low, high, metrics.get("n"), part, of)


def _examined(project: Project, model: ModelVersion) -> JsonObject:
    digest = examined_kept(project, model)
    return _read(project, digest) if digest else {}


def _read(project: Project, digest: str) -> JsonObject:
    """JSON that is kept; nothing where its bytes are gone. Raises Damaged."""
    try:
        found: JsonObject = load(project.artifacts, digest, "json")
    except NotFound:
        return {}
    return found


def _libraries(project: Project, model: ModelVersion, steps: Sequence[Step]) -> tuple[dict[str, str], frozenset[str]]:
    """All that was written down of its environment, and what of it was used. Raises Damaged."""
    ran = {name: str(said) for step in steps for name, said in (step.fingerprint_inputs.get("libraries") or {}).items()}
    made = {name: said for name, said in _read(project, model.bundle).get("versions", {}).items() if name != "python"}
    pins = _pins(project, model)
    used = {distribution(name, pins): str(said) for name, said in {**ran, **made}.items()}
    return dict(sorted({**pins, **used}.items())), frozenset(used)


def _pins(project: Project, model: ModelVersion) -> dict[str, str]:
    try:
        return recorded(project, model).pins
    except NotFound:
        return {}


def distribution(name: str, known: Container[str]) -> str:
    """The name under which a library is distributed, as a purl has it: of ``known`` ones, else what is installed here says.

    >>> distribution("scikit_learn", {"scikit-learn"}), distribution("sklearn", ()), distribution("gone", ())
    ('scikit-learn', 'scikit-learn', 'gone')
    """
    plain = re.sub(r"[-_.]+", "-", name).lower()
    if plain in known:
        return plain
    owners = _installed().get(name)
    return re.sub(r"[-_.]+", "-", owners[0]).lower() if owners else plain


_installed = cache(packages_distributions)
"""Reads every package that is installed, which takes a tenth of a second: once in a process."""


def _data(project: Project, ref: str) -> DataFacts:
    name, version = Ref.versioned("dataset", ref)
    try:
        record = project.store.datasets.get(name, version)
    except NotFound:  # of a model that was brought along
        return DataFacts(ref, name, version, "", 0, None, None)
    known = record.digest, record.rows, record.time_min, record.time_max
    try:
        text = read_text(project.dataset(name).contract_path)
        parse_document(text, name)
    except TidemillError:  # the configuration may name it no more, or it is none any more
        return DataFacts(ref, name, version, *known)
    return DataFacts(ref, name, version, *known, **_said(yaml.safe_load(text)))


def _said(contract: Any) -> JsonObject:
    """What a contract says to people, of a document that has been read as one before."""
    about = contract.get("description") or {}
    about = about if isinstance(about, dict) else {"purpose": about}
    columns = [one for schema in contract.get("schema") or () for one in schema.get("properties") or ()]
    marked = [(one["name"], str(one.get("classification") or "")) for one in columns]
    custom = {one["property"]: one["value"] for one in contract.get("customProperties") or ()}
    return {
        "purpose": _text(about.get("purpose")),
        "limits": _text(about.get("limitations")),
        "license": _text(custom.get("license")),
        "sensitive": tuple(f"{name}: {level}" for name, level in marked if level.lower() in PERSONAL),
        "team": tuple(_team(contract.get("team") or ())),
    }


def _team(team: Any) -> Iterator[Person]:
    """A list of people, or since version 3.1 of the standard a team with members."""
    members: Sequence[Any] = team.get("members") or () if isinstance(team, dict) else team
    for one in members:
        if isinstance(one, dict) and (name := one.get("name") or one.get("username")):
            yield Person(str(name), str(one.get("role") or ""))


def _text(value: Any) -> str:
    return " ".join(str(value or "").split())
