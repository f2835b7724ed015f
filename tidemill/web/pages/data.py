"""Datasets: their versions, contracts, profiles and quarantine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import yaml
from markupsafe import Markup

from tidemill.data.contract.items import column_of, item_tables
from tidemill.errors import NotFound, TidemillError
from tidemill.feedback.called import called
from tidemill.ops import items, quarantine
from tidemill.ops.data import files, show, summary, versions
from tidemill.ops.snapshot import new_rows
from tidemill.scope.project import Dataset, Project
from tidemill.store.records import DatasetVersion
from tidemill.types import JsonObject
from tidemill.web import format as words
from tidemill.web.charts import bars
from tidemill.web.site import Ask, Page, Shown, Slice, by_key

SMALL = 320.0  # Width of a column's picture: three stand side by side
CHART = 60  # Versions in the chart
QUANTILES = ("0.01", "0.25", "0.5", "0.75", "0.99")


def data(ask: Ask) -> Shown:
    found = [_dataset(ask, dataset) for dataset in ask.project.datasets.values()]
    return Shown("Data", {"datasets": found, "views": list(ask.project.features.values())})


def _dataset(ask: Ask, config: Dataset) -> dict[str, Any]:
    every, found = ask.project.store.datasets.list(dataset=config.name), show(ask.project, config.name)
    whole = found.rows + found.quarantined
    names = [f"v{v.version}" for v in every]
    return {
        "found": found,
        "bad_share": found.quarantined / whole if whole else 0.0,
        "chart": _chart(f"New rows of {config.name} by version", names, new_rows(every)),
        "bad_chart": _chart(
            f"Rows of {config.name} in quarantine by version", names, [v.quarantined for v in every], "s2"
        ),
        "contract": contract(config),
        "part": _versions(ask, config.name),
    }


def _versions(ask: Ask, dataset: str) -> Slice:
    """Its versions; several datasets stand on one page, each walked by itself."""
    found = partial(versions, dataset=dataset)
    return by_key(ask, "/data", found, export=f"versions/{dataset}", size=12, name=f"{dataset}_before")


def _chart(title: str, names: Sequence[str], counts: Sequence[int], tone: str = "s1") -> Markup:
    pairs = [(name, float(n)) for name, n in zip(names, counts)]
    return bars.bars(title, pairs[-CHART:], show=words.brief, tone=tone, x="version", y="rows")


def contract(config: Dataset) -> dict[str, Any]:
    """The contract's columns and rules as the page lists them; a contract that cannot be read says so."""
    try:
        raw = yaml.safe_load(config.contract_path.read_text("utf-8"))
        columns = [_column(column) for column in raw["schema"][0]["properties"]]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, LookupError, TypeError, AttributeError) as exc:
        return {"path": config.contract, "columns": [], "error": f"{type(exc).__name__}: {exc}"}
    return {"path": config.contract, "columns": columns, "error": None}


def _column(raw: Mapping[str, Any]) -> dict[str, Any]:
    custom = {p.get("property"): p.get("value") for p in raw.get("customProperties", ())}
    rules = [name for name in ("required", "unique", "primaryKey") if raw.get(name)]
    for check in (*raw.get("quality", ()), raw.get("logicalTypeOptions") or {}):
        said = {k: v for k, v in check.items() if k not in ("dimension", "type", "severity", "name")}
        rules += [words.text(said)] if said else []
    return {
        "name": str(raw.get("name", "?")),
        "type": str(raw.get("logicalType", "")),
        "role": str(custom.get("tidemill.role", "")),
        "rules": rules,
    }


def version(ask: Ask) -> Shown:
    name, text = ask.params["dataset"], ask.params["version"]
    ask.project.dataset(name)
    if not text.isdigit() or len(text) > 9:
        raise NotFound(f"no version {text!r} of {name}", hint="versions are numbers")
    found = ask.project.store.datasets.get(name, int(text))
    taken = partial(files, dataset=name, version=found.version)
    values = {
        "v": found,
        "files": by_key(ask, f"/data/{name}/{text}", taken, export=None),
        "profile": profile(ask.project, found),
        "items": _items(ask, name, f"/data/{name}/{text}"),
        "bad": quarantine.of(ask.project, found) if ask.may("rows.read") else _untold(found),
    }
    return Shown(f"{name} v{found.version}", values)


def _untold(found: DatasetVersion) -> quarantine.Bad:
    """Of rows that whoever asks may not read: how many they are."""
    return quarantine.Bad(found.quarantined, error="no role of yours has rows.read")


def _items(ask: Ask, name: str, path: str) -> Slice | None:
    """Of a table of items what is known now, whatever version is looked at; None of another dataset."""
    if name not in item_tables(ask.project):
        return None
    return by_key(ask, path, partial(items.ls, dataset=name), export=None, name="items")


def profile(project: Project, found: DatasetVersion) -> list[dict[str, Any]]:
    """The columns of a version's profile, each with a picture of its values."""
    try:
        columns = summary(project, found.dataset, found.version)["columns"]
    except TidemillError as exc:
        return [{"name": "profile", "facts": {"cannot be read": str(exc)}, "picture": None}]
    item = column_of(project.datasets[found.dataset], "item") if found.dataset in project.datasets else ""
    if item in columns and (top := columns[item].get("top")):
        champions = [one.model for scope in project.endpoints.values() if (one := scope.champion()) is not None]
        said = called(project, [str(value) for value, _ in top], champions)
        columns[item] = {**columns[item], "top": [(said.get(str(value), value), n) for value, n in top]}
    return [{"name": name, "facts": _facts(c), "picture": _picture(name, c)} for name, c in columns.items()]


def _facts(column: JsonObject) -> JsonObject:
    facts = {k: v for k, v in column.items() if not isinstance(v, dict | list) and v is not None}
    times = [k for k in ("min", "max") if k in facts and column["kind"] == "time"]
    return facts | {k: words.when(facts[k]) for k in times}


def _picture(name: str, column: JsonObject) -> Markup | None:
    """Quantiles of a number as a box, the most frequent values of a text as bars."""
    if quantiles := column.get("quantiles"):
        title = f"Values of {name}, the outer 1 % left out"
        return bars.box(title, [quantiles[q] for q in QUANTILES], width=SMALL, x=name)
    if top := column.get("top"):
        pairs = [(str(value), float(n)) for value, n in top[:15]]
        title = f"Most frequent values of {name}"
        return bars.bars(title, pairs, height=170, width=SMALL, show=words.brief, x=name, y="rows")
    return None


PAGES = (
    Page("/data", "data.html", "data", data, "project.read"),
    Page("/data/{dataset}/{version}", "dataset_version.html", "data", version, "project.read"),
)
