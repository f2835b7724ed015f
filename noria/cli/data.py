"""`noria data ls | show | diff | check | infer`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from noria.cli.output import emit, facts, json_option, opened, project_option, table
from noria.types import JsonObject, to_iso

if TYPE_CHECKING:
    from noria.project import Project


@click.group()
def data() -> None:
    """Datasets and their versions."""


@data.command("ls")
@click.argument("dataset", required=False)
@project_option
@json_option
def ls(folder: Path, dataset: str | None, as_json: bool) -> None:
    """Versions, newest last."""
    with opened(folder) as project:
        found = project.store.datasets.list(dataset)
    rows = [
        (
            f"{d.dataset}@{d.version}",
            f"{d.rows:,}",
            f"{d.quarantined:,}",
            d.time_max and to_iso(d.time_max),
            to_iso(d.created),
            d.ingest,
        )
        for d in found
    ]
    emit(found, as_json, lambda: table(("version", "rows", "quarantined", "through", "made", "ingest"), rows))


def _profile(project: Project, dataset: str, version: int | None) -> JsonObject:
    record = project.store.datasets.get(dataset, version)
    found: JsonObject = json.loads(project.artifacts.get(record.profile)) if record.profile else {"columns": {}}
    for column in found["columns"].values():
        column.pop("sketches", None)
    return found


@data.command()
@click.argument("dataset")
@click.option("--version", type=int, help="The newest by default.")
@project_option
@json_option
def show(folder: Path, dataset: str, version: int | None, as_json: bool) -> None:
    """One version: its files, its profile, what is in quarantine and why."""
    from noria.data.quarantine import quarantine

    with opened(folder) as project:
        record = project.store.datasets.get(dataset, version)
        profile = _profile(project, dataset, version)
        files = [f for f in project.store.datasets.files(dataset) if f.version <= record.version]
        reasons = (
            quarantine(project, dataset).explode("_reasons")["_reasons"].value_counts(sort=True).rows() if files else []
        )

    def show_version() -> None:
        facts(
            {
                "dataset": f"{record.dataset}@{record.version}",
                "digest": record.digest,
                "rows": record.rows,
                "files": len(files),
            }
        )
        columns = [
            (name, *(_cell(c, key) for key in ("count", "nulls", "min", "max", "distinct")))
            for name, c in profile["columns"].items()
        ]
        table(("column", "rows", "nulls", "min", "max", "distinct"), columns)
        table(("in quarantine because", "rows"), reasons, empty="nothing in quarantine")

    told = {
        "version": record,
        "profile": profile,
        "files": files,
        "quarantine": [{"reason": r, "rows": n} for r, n in reasons],
    }
    emit(told, as_json, show_version)


def _cell(column: JsonObject, key: str) -> Any:
    """A figure of a column's profile; a moment as people write it."""
    value = column.get(key)
    return to_iso(value) if column.get("kind") == "time" and key in ("min", "max") and isinstance(value, int) else value


@data.command()
@click.argument("dataset")
@click.argument("one", type=int)
@click.argument("other", type=int)
@project_option
@json_option
def diff(folder: Path, dataset: str, one: int, other: int, as_json: bool) -> None:
    """What changed between two versions: rows, files, and each column's profile."""
    with opened(folder) as project:
        versions = [project.store.datasets.get(dataset, v) for v in (one, other)]
        profiles = [_profile(project, dataset, v)["columns"] for v in (one, other)]
        low, high = sorted((one, other))
        files = [f.name for f in project.store.datasets.files(dataset) if low < f.version <= high]
    names = list(dict.fromkeys([*profiles[0], *profiles[1]]))
    keys = ("count", "nulls", "min", "max", "distinct")
    changed: list[JsonObject] = [
        {"column": name, "what": key, "one": _cell(a, key), "other": _cell(b, key)}
        for name in names
        for a, b in [(profiles[0].get(name, {}), profiles[1].get(name, {}))]
        for key in keys
        if a.get(key) != b.get(key)
    ]
    told: Any = {
        "rows": [v.rows for v in versions],
        "digest": [v.digest for v in versions],
        "files": files,
        "columns": changed,
    }

    def show_diff() -> None:
        click.echo(f"files between them: {', '.join(files) or 'none'}")
        table(
            ("column", "", f"@{one}", f"@{other}"),
            [tuple(c.values()) for c in changed],
            empty="the profiles are the same",
        )

    emit(told, as_json, show_diff)


@data.command()
@click.argument("dataset", required=False)
@project_option
@json_option
def check(folder: Path, dataset: str | None, as_json: bool) -> None:
    """Check the source's files against the contract; nothing is taken in."""
    from noria.data.ingest import check_file, dataset_config, load_contract
    from noria.data.sources import find

    with opened(folder) as project:
        name = dataset or project.config.dataset.name
        contract = load_contract(project, name)
        found: list[dict[str, Any]] = []
        for file in find(project.root, dataset_config(project, name).source):
            checked = check_file(contract, file, project.clock.now())
            bad = checked.bad.height
            found.append({"file": file.name, "rows": checked.rows, "bad": bad, "reasons": checked.counts})
    shown = [(f["file"], f["rows"], f["bad"], ", ".join(f"{r} ({n})" for r, n in f["reasons"].items())) for f in found]
    emit(found, as_json, lambda: table(("file", "rows", "bad", "because"), shown, empty="the source has no files"))
    if any(f["bad"] for f in found):
        raise click.exceptions.Exit(3)


@data.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--name", help="The dataset's name; the file's by default.")
@json_option
def infer(file: Path, name: str | None, as_json: bool) -> None:
    """Write the first draft of a contract from a file's rows, to standard output."""
    from noria.data.infer import infer as infer_contract
    from noria.data.sources import hash_file, read

    folder = file.resolve().parent
    text = infer_contract(read(hash_file(folder, file.name)).frame, name or file.stem)
    emit({"contract": text}, as_json, lambda: click.echo(text))
