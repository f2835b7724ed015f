"""What two versions were made from otherwise, out of their records: files, parameters, code, libraries, and the test window.

Each kind is a list of parts that can be taken back one by one: what a bisect halves, and what a comparison swaps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tidemill.data.contract.contract import load_contract
from tidemill.data.tables.tables import open_tables
from tidemill.model.recorded import Recorded
from tidemill.rebuild.pins import reached
from tidemill.ref import Ref
from tidemill.store.artifacts.codecs import load
from tidemill.types import JsonObject, Micros, canonical

if TYPE_CHECKING:
    from tidemill.scope.project import Project
    from tidemill.store.records import IngestedFile

Kind = Literal["data", "parameters", "code", "environment", "window"]
KINDS: tuple[Kind, ...] = ("window", "data", "parameters", "code", "environment")
"""In the order in which a comparison swaps them."""
APART = ("budget", "trials")
"""Settings that decide how long is searched, and not what comes of a recipe."""


@dataclass(frozen=True)
class Difference:
    """One thing that is otherwise. ``one`` and ``other``: what it is in the two versions; None where it is not there."""

    kind: Kind
    what: str
    one: Any
    other: Any


def between(project: Project, one: Recorded, other: Recorded) -> list[Difference]:
    """All of them, kind by kind; from records alone."""
    return [
        *_of_window(one, other),
        *_of_data(project, one, other),
        *_differing("parameters", parameters_of(one), parameters_of(other)),
        *_of_code(one, other),
        *_differing("environment", _machine(one), _machine(other)),
    ]


def cut_of(record: Recorded) -> JsonObject:
    """How its rows were cut. Raises NotFound where that is not kept any more."""
    (output,) = record.steps["split"].outputs.values()
    found: JsonObject = load(record.artifacts, output["digest"], "json")
    return found


def parameters_of(record: Recorded) -> JsonObject:
    """What it was fitted with, one value a name: the settings, what the task alone knows of them, and the recipe."""
    settings = record.params["settings"]
    flat = {f"settings.{name}": value for name, value in settings.items() if name not in (*APART, "details")}
    flat |= {f"details.{name}": value for name, value in settings["details"].items() if name != "artifacts"}
    recipe = record.model.recipe
    return flat | {f"recipe.{name}": value for name, value in recipe.items()}


def files_between(project: Project, one: Recorded, other: Recorded, until: Micros) -> list[IngestedFile]:
    """The source files that the other version's data has and the one's has not, in the order in which they came.

    Of those whose rows have a time only what is from before ``until``: from later rows nothing was learned.
    """
    before = dict(Ref.versioned("dataset", ref) for ref in one.model.data)
    found = []
    for ref in other.model.data:
        dataset, version = Ref.versioned("dataset", ref)
        came = project.store.files.list(dataset=dataset)
        late = _later(project, dataset, version, until)
        found += [file for file in came if before.get(dataset, 0) < file.version <= version and file.digest not in late]
    return sorted(found, key=lambda file: (file.at, file.version, file.name))


def _later(project: Project, dataset: str, version: int, until: Micros) -> set[str]:
    """The files of which every row is from this moment on."""
    import polars as pl

    time = load_contract(project, dataset).time
    if time is None:
        return set()
    at = pl.col(time).cast(pl.Datetime("us")).dt.epoch("us")
    rows = open_tables(project).read(dataset, version).group_by("_file").agg(at.min().alias("first"))
    return set(rows.filter(pl.col("first") >= until).collect()["_file"].to_list())


def _of_window(one: Recorded, other: Recorded) -> list[Difference]:
    cuts = [cut_of(record) for record in (one, other)]
    spans = [[cut["test_start"], cut["end"]] for cut in cuts]
    return [] if spans[0] == spans[1] else [Difference("window", "test", *spans)]


def _of_data(project: Project, one: Recorded, other: Recorded) -> list[Difference]:
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
