"""Datasets: their versions, contracts, profiles and quarantine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import yaml
from markupsafe import Markup

from tidemill.errors import NotFound, TidemillError
from tidemill.ops import quarantine
from tidemill.ops.data import number
from tidemill.ops.snapshot import new_rows
from tidemill.scope.project import Dataset, Project
from tidemill.store.records import DatasetVersion
from tidemill.types import did_you_mean
from tidemill.web import format as words
from tidemill.web import shapes
from tidemill.web.charts import bars
from tidemill.web.documents import document
from tidemill.web.site import Ask, Page, Shown, Slice, by_key

SMALL = 320.0
"""Width of a column's picture: three stand side by side."""
CHART = 60
"""Versions in the chart."""


def data(ask: Ask) -> Shown:
    found = [_dataset(ask, dataset) for dataset in ask.project.datasets.values()]
    return Shown("Data", {"datasets": found, "views": list(ask.project.features.values())})


def _dataset(ask: Ask, config: Dataset) -> dict[str, Any]:
    versions = list(ask.project.store.datasets.list(dataset=config.name))
    rows, bad = versions[-1].rows if versions else 0, sum(v.quarantined for v in versions)
    return {
        "name": config.name,
        "config": config,
        "last": versions[-1] if versions else None,
        "rows": rows,
        "bad": bad,
        "bad_share": bad / (rows + bad) if rows + bad else 0.0,
        "chart": _chart(config.name, versions),
        "bad_chart": _bad_chart(config.name, versions[-CHART:]),
        "contract": contract(ask.project, config),
        "part": _versions(ask, config.name),
    }


def _versions(ask: Ask, dataset: str) -> Slice:
    """Its versions; several datasets stand on one page, each walked by itself."""

    def page(before: str | None, limit: int) -> Sequence[DatasetVersion]:
        last = None if before is None else number(before)
        return ask.project.store.datasets.page(dataset=dataset, before=last, limit=limit)

    name = f"{dataset}_before"
    return by_key(ask, "/data", page, export=f"versions/{dataset}", size=12, key=lambda v: v.version, name=name)


def _chart(name: str, versions: Sequence[DatasetVersion]) -> Markup:
    pairs = [(f"v{v.version}", float(n)) for v, n in zip(versions, new_rows(versions))]
    return bars.bars(f"New rows of {name} by version", pairs[-CHART:], show=words.brief)


def _bad_chart(name: str, versions: Sequence[DatasetVersion]) -> Markup:
    pairs = [(f"v{v.version}", float(v.quarantined)) for v in versions]
    return bars.bars(f"Rows of {name} in quarantine by version", pairs, show=words.brief, tone="s2")


def contract(project: Project, config: Dataset) -> dict[str, Any]:
    """The contract's columns and rules as the page lists them; a contract that cannot be read says so."""
    path = project.root / config.contract
    try:
        raw = yaml.safe_load(path.read_text("utf-8"))
        table = raw["schema"][0]
        columns = [_column(c) for c in table["properties"]]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, LookupError, TypeError, AttributeError) as exc:
        return {"path": config.contract, "columns": [], "error": f"{type(exc).__name__}: {exc}"}
    return {"path": config.contract, "columns": columns, "error": None, "version": str(raw.get("version", ""))}


def _column(raw: Mapping[str, Any]) -> dict[str, Any]:
    custom = {p.get("property"): p.get("value") for p in raw.get("customProperties", ())}
    rules = [name for name in ("required", "unique", "primaryKey") if raw.get(name)]
    for check in raw.get("quality", ()):
        rules.append(words.said({k: v for k, v in check.items() if k not in ("dimension", "type", "severity", "name")}))
    options = raw.get("logicalTypeOptions")
    if options:
        rules.append(words.said(options))
    return {
        "name": str(raw.get("name", "?")),
        "type": str(raw.get("logicalType", "")),
        "role": str(custom.get("tidemill.role", "")),
        "about": str(raw.get("description", "")),
        "rules": rules,
    }


def version(ask: Ask) -> Shown:
    name, number = ask.params["dataset"], ask.params["version"]
    if name not in ask.project.datasets:
        raise NotFound(f"no dataset {name!r}", hint=did_you_mean(name, ask.project.datasets))
    if not number.isdigit() or len(number) > 9:
        raise NotFound(f"no version {number!r} of {name}", hint="versions are numbers")
    found = ask.project.store.datasets.get(name, int(number))
    files = partial(ask.project.store.files.page, dataset=name, version=found.version)
    values = {
        "v": found,
        "files": by_key(ask, f"/data/{name}/{number}", files, export=None, key=lambda f: f.digest),
        "profile": profile(ask.project, found),
        "bad": quarantine.of(ask.project, found),
        "edges": ask.project.store.edges.list(source=f"dataset:{name}@{found.version}"),
    }
    return Shown(f"{name} v{found.version}", values)


def profile(project: Project, found: DatasetVersion) -> list[dict[str, Any]]:
    """The columns of a version's profile, each with a picture of its values."""
    try:
        return [_profile(name, column) for name, column in profiled(project, found)]
    except TidemillError as exc:
        return [{"name": "profile", "facts": {"cannot be read": str(exc)}, "picture": None}]


def profiled(project: Project, found: DatasetVersion) -> list[tuple[str, dict[str, Any]]]:
    """What the profile says of each column; nothing where none was made. Raises NotFound, Damaged."""
    if found.profile is None:
        return []
    said = document(project, found.profile)
    columns = said.get("columns", {}) if isinstance(said, dict) else {}
    pairs = columns.items() if isinstance(columns, dict) else ((c.get("name", "?"), c) for c in columns)
    return [(str(name), c) for name, c in pairs if isinstance(c, dict)]


def _profile(name: str, column: Mapping[str, Any]) -> dict[str, Any]:
    facts = {k: v for k, v in column.items() if not isinstance(v, dict | list) and k != "name" and v is not None}
    if column.get("kind") == "time":
        facts |= {k: words.when(int(facts[k])) for k in ("min", "max") if shapes.figure(facts.get(k)) is not None}
    return {"name": name, "facts": facts, "picture": _values(name, column)}


def _values(name: str, column: Mapping[str, Any]) -> Markup | None:
    """Quantiles of a number as a box, the most frequent values of a text as bars."""
    quantiles = column.get("quantiles")
    if isinstance(quantiles, dict) and quantiles:
        found = [shapes.figure(quantiles.get(q)) for q in ("0.01", "0.25", "0.5", "0.75", "0.99")]
        return bars.box(f"Values of {name}, the outer 1 % left out", [v for v in found if v is not None], width=SMALL)
    top = column.get("top")
    if isinstance(top, list) and top:
        pairs = [_top(entry) for entry in top[:15]]
        return bars.bars(f"Most frequent values of {name}", pairs, height=110, width=SMALL, show=words.brief)
    return None


def _top(entry: Any) -> tuple[str, float]:
    if isinstance(entry, dict):
        return str(entry.get("value")), shapes.figure(entry.get("count", entry.get("n"))) or 0.0
    return str(entry[0]), shapes.figure(entry[1]) or 0.0


PAGES = (
    Page("/data", "data.html", "data", data),
    Page("/data/{dataset}/{version}", "dataset_version.html", "data", version),
)
