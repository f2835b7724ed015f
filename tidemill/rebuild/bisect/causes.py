"""What two versions were made from otherwise, out of their records: files, parameters, code, libraries, and the test window.

Each kind is a list of parts that can be taken back one by one: what a bisect halves, and what a comparison swaps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from tidemill.learning.split import PLACES
from tidemill.model.recorded import Recorded
from tidemill.rebuild.pins import reached
from tidemill.ref import Ref
from tidemill.store.artifacts.codecs import load
from tidemill.types import JsonObject, Micros, canonical, to_iso

Kind = Literal["data", "parameters", "code", "environment", "window"]
KINDS: tuple[Kind, ...] = ("window", "data", "parameters", "code", "environment")
"""In the order in which a comparison swaps them."""
APART = ("budget", "trials", "only")
"""Settings that decide what is searched and how long, and not what comes of a recipe."""


@dataclass(frozen=True)
class Difference:
    """One thing that is otherwise. ``one`` and ``other``: what it is in the two versions; None where it is not there."""

    kind: Kind
    what: str
    one: Any
    other: Any


def between(one: Recorded, other: Recorded) -> list[Difference]:
    """All of them, kind by kind; from records alone."""
    return [
        *_of_window(one, other),
        *_of_data(one, other),
        *_differing("parameters", parameters_of(one), parameters_of(other)),
        *_of_code(one, other),
        *_differing("environment", _machine(one), _machine(other)),
    ]


def window_of(record: Recorded) -> tuple[Micros, Micros]:
    """Its test: from where its evaluation model knows nothing, to where its released fit does. Raises NotFound, Damaged."""
    model = record.model
    start, end = (
        load(record.artifacts, digest, "json")["trained_through"] for digest in (model.evaluation_bundle, model.bundle)
    )
    return int(start), int(end)


def parameters_of(record: Recorded) -> JsonObject:
    """What it was fitted with, one value a name: the settings, what the task alone knows of them, and the recipe."""
    settings = record.params["settings"]
    flat = {f"settings.{name}": value for name, value in settings.items() if name not in (*APART, "details")}
    flat |= {f"details.{name}": value for name, value in settings["details"].items() if name != "artifacts"}
    recipe = record.model.recipe
    return flat | {f"recipe.{name}": value for name, value in recipe.items()}


def _of_window(one: Recorded, other: Recorded) -> list[Difference]:
    spans = [window_of(record) for record in (one, other)]
    return [] if spans[0] == spans[1] else [Difference("window", "test", *(_told(span) for span in spans))]


def _told(span: tuple[Micros, Micros]) -> list[str]:
    """A window as people read it: moments, or the places of hashed keys."""
    return [to_iso(at)[:16] if span[1] > PLACES else str(at) for at in span]


def _of_data(one: Recorded, other: Recorded) -> list[Difference]:
    mine, theirs = (dict(Ref.versioned("dataset", ref) for ref in record.model.data) for record in (one, other))
    return _differing("data", mine, theirs)


def _of_code(one: Recorded, other: Recorded) -> list[Difference]:
    code = [
        {name: record.code.get(name) for name in ("commit", "diff") if record.code.get(name)} for record in (one, other)
    ]
    sources = [{f"source of {name}": digest for name, digest in record.sources.items()} for record in (one, other)]
    return [*_differing("code", *code), *_differing("code", *sources)]


def _machine(record: Recorded) -> JsonObject:
    """Libraries that a training can reach, Python, and the machine."""
    pins = record.pins
    needed = reached(record.libraries, pins.keys())
    libraries = {name: version for name, version in pins.items() if name in needed} or dict(record.libraries)
    seen = {name: record.run.environment.get(name) for name in ("python", "system", "cores", "threads")}
    return libraries | {name: value for name, value in seen.items() if value}


def _differing(kind: Kind, one: JsonObject, other: JsonObject) -> list[Difference]:
    return [
        Difference(kind, name, one.get(name), other.get(name))
        for name in sorted({*one, *other})
        if canonical(one.get(name)) != canonical(other.get(name))
    ]
