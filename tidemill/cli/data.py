"""`tidemill data ls | show | diff | check | quarantine | infer`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tidemill.cli.output import emit, facts, json_option, more, opened, paged, project_option, table
from tidemill.types import JsonObject, to_iso

if TYPE_CHECKING:
    from tidemill.ops.data import Checked

SHOWN, SHORT = 40, 19  # files, and characters of a digest, which tidemill impact takes


@click.group()
def data() -> None:
    """Datasets and their versions."""


@data.command("ls")
@click.argument("dataset", required=False)
@paged(100)
@project_option
@json_option
def ls(folder: Path, dataset: str | None, limit: int, before: str | None, as_json: bool) -> None:
    """Versions, newest last."""
    from tidemill.ops import data as verbs

    with opened(folder) as project:
        names = [dataset] if dataset else list(project.datasets)
        pages = [verbs.versions(project, name, limit, before if dataset else None) for name in names]
    found = [d for page in pages for d in page.items[::-1]]
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

    def show() -> None:
        for page in pages:
            more(page)
        table(("version", "rows", "quarantined", "through", "made", "ingest"), rows)

    emit(found, as_json, show)


@data.command()
@click.argument("dataset")
@click.option("--version", type=int, help="The newest by default.")
@project_option
@json_option
def show(folder: Path, dataset: str, version: int | None, as_json: bool) -> None:
    """One version: its files, its profile, what is in quarantine and why."""
    from tidemill.data.ingest.quarantine import quarantine
    from tidemill.ops.data import summary

    with opened(folder) as project:
        record = project.store.datasets.get(dataset, version)
        profile = summary(project, dataset, version)
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
        click.echo()
        table(
            ("file", "digest", "rows"), [(f.name, f.digest[:SHORT], f.rows) for f in files[-SHOWN:]], empty="no files"
        )
        if len(files) > SHOWN:
            click.echo(f"the last {SHOWN} of {len(files):,}: --json shows all of them")
        click.echo()
        columns = [
            (name, *(_cell(c, key) for key in ("count", "nulls", "min", "max")), _about(c))
            for name, c in profile["columns"].items()
        ]
        table(("column", "rows", "nulls", "min", "max", "distinct"), columns)
        click.echo()
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


def _about(column: JsonObject) -> str:
    """How many different values: an estimate, and said as one; never more than there are values."""
    if "distinct" not in column:
        return ""
    return f"≈{min(column['distinct'], column['count'] - column['nulls']):,}"


@data.command()
@click.argument("dataset")
@click.argument("one", type=int)
@click.argument("other", type=int)
@project_option
@json_option
def diff(folder: Path, dataset: str, one: int, other: int, as_json: bool) -> None:
    """What changed between two versions: rows, files, and each column's profile."""
    from tidemill.ops import data as verbs

    with opened(folder) as project:
        found = verbs.diff(project, dataset, one, other)

    def show_diff() -> None:
        click.echo(f"files between them: {', '.join(found.files) or 'none'}")
        table(
            ("column", "", f"@{one}", f"@{other}"),
            [(c.column, c.what, c.one, c.other) for c in found.columns],
            empty="the profiles are the same",
        )

    emit(found, as_json, show_diff)


@data.command()
@click.argument("dataset", required=False)
@click.option("--bad", "most", type=click.IntRange(0), default=20, show_default=True, help="Show so many bad rows.")
@project_option
@json_option
def check(folder: Path, dataset: str | None, most: int, as_json: bool) -> None:
    """Check the source's files by the contract, and show bad rows; nothing is ingested.

    Exit code 3 when a file cannot be read or would be refused; bad rows that the contract lets pass go to quarantine.
    """
    from tidemill.ops import data as verbs

    with opened(folder) as project:
        found, errors = verbs.check(project, dataset, most)
    emit(found, as_json, lambda: _show_check(found))
    if errors:
        raise errors[0]


def _show_check(found: list[Checked]) -> None:
    shown = [(f.file, f.rows, f.bad, _verdict(f), ", ".join(f"{r} ({n})" for r, n in f.reasons.items())) for f in found]
    table(("file", "rows", "bad", "verdict", "because"), shown, empty="the source has no files")
    rows = [row for f in found for row in f.bad_rows]
    if rows:
        click.echo()
        _show_bad(rows)
    bad = sum(f.bad for f in found)
    if bad > len(rows):
        click.echo(f"… and {bad - len(rows):,} more bad rows: --bad N shows N of them")


def _verdict(checked: Checked) -> str:
    """What an ingest does with the file."""
    if checked.taken:
        return "ingested already"
    if checked.blocked:
        return "would be refused" if checked.rows else "cannot be read"
    parts = [f"{checked.bad:,} would go to quarantine"] * bool(checked.bad)
    parts += [f"{checked.known:,} are ingested already"] * bool(checked.known)
    return ", ".join(parts) or "good"


def _show_bad(rows: list[JsonObject]) -> None:
    table(
        ("where", "because", "as it came"),
        [(_where(row), ", ".join(row["reasons"]), _values(row["values"])) for row in rows],
        empty="nothing in quarantine",
    )


def _where(row: JsonObject) -> str:
    return f"{row['file']}:{row['line']}" if row["line"] is not None else f"{row['file']} row {row['row']}"


def _values(values: Any) -> str:
    text = ", ".join(f"{k}={v}" for k, v in values.items()) if isinstance(values, dict) else str(values)
    return text if len(text) <= 200 else text[:199] + "…"


@data.command()
@click.argument("dataset", required=False)
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Show so many rows.")
@project_option
@json_option
def quarantine(folder: Path, dataset: str | None, limit: int, as_json: bool) -> None:
    """The rows in quarantine, the latest last: where they stood, why they are there, and their values."""
    from tidemill.data.ingest.preview import bad_rows
    from tidemill.data.ingest.quarantine import quarantine as kept
    from tidemill.ops.data import known

    with opened(folder) as project:
        rows = kept(project, known(project, dataset))
    shown = bad_rows(rows.tail(limit))

    def show_kept() -> None:
        _show_bad(shown)
        if rows.height > len(shown):
            click.echo(f"the last {len(shown):,} of {rows.height:,}: --limit N shows N of them")

    emit({"rows": rows.height, "shown": shown}, as_json, show_kept)


@data.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--name", help="The dataset's name; the file's by default.")
@json_option
def infer(file: Path, name: str | None, as_json: bool) -> None:
    """Write the first draft of a contract from a file's rows, to standard output."""
    from tidemill.ops import data as verbs

    text = verbs.infer(str(file), name)
    emit({"contract": text}, as_json, lambda: click.echo(text))
