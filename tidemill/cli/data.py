"""`tidemill data ls | show | diff | check | retry | quarantine | infer`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tidemill.access.callers import local
from tidemill.cli.output import Answer, Column, Part, Table, command, listed, paged
from tidemill.ops import data as verbs
from tidemill.ops import quarantine as kept
from tidemill.ops.data import Checked
from tidemill.ops.page import Page
from tidemill.scope.project import Project
from tidemill.types import JsonObject, to_iso

SHOWN, SHORT = 40, 19  # files, and characters of a digest, which tidemill impact takes
VERSIONS: dict[str, Column] = {
    "version": lambda d: f"{d.dataset}@{d.version}",
    "rows": "rows:,",
    "quarantined": "quarantined:,",
    "through": "time_max",
    "made": "created",
    "ingest": "ingest",
}
FILES: dict[str, Column] = {"file": "name", "digest": lambda f: f.digest[:SHORT], "rows": "rows"}


@click.group()
def data() -> None:
    """Datasets and their versions."""


@command(data)
@click.argument("dataset", required=False)
@paged(100)
def ls(project: Project, dataset: str | None, limit: int, before: str | None) -> Answer:
    """Versions, newest last."""
    names = [dataset] if dataset else sorted(project.datasets, reverse=True)
    pages = [verbs.versions(project, name, limit, before if dataset else None) for name in names]
    found = [version for page in pages for version in page.items]
    return listed(Page(found, pages[0].next if len(pages) == 1 else None), VERSIONS, newest_last=True)


@command(data)
@click.argument("dataset")
@click.option("--version", type=int, help="The newest by default.")
def show(project: Project, dataset: str, version: int | None) -> Answer:
    """One version: its files, its profile, what is in quarantine and why."""
    found = verbs.version(project, dataset, version)
    record, files = found.version, found.files
    left_out = [f"the last {SHOWN} of {len(files):,}: --json shows all of them"] if len(files) > SHOWN else []
    name = f"{record.dataset}@{record.version}"
    through = record.time_max
    parts: list[Part] = [
        {"dataset": name, "digest": record.digest, "rows": record.rows, "files": len(files)},
        {"complete through": None if through is None else to_iso(through)},
        *([{"known of items": f"{found.items:,}: tidemill items"}] if found.items is not None else []),
        "",
        Table(FILES, files[-SHOWN:], "no files"),
        *left_out,
        "",
        Table(PROFILE, [{"column": name, **column} for name, column in found.profile["columns"].items()]),
        *found.changed,
        "",
        Table({"in quarantine because": "reason", "rows": "rows"}, found.quarantine, "nothing in quarantine"),
    ]
    return Answer(found, parts)


def _exact(value: Any) -> str | None:
    """A figure with all its digits: a measure may be rounded, what stands in the data not."""
    return None if value is None else f"{value:,}" if type(value) in (int, float) else str(value)


def _figure(key: str) -> Column:
    """A figure of a column's profile; a moment as people write it."""

    def figure(column: JsonObject) -> Any:
        value = column.get(key)
        is_time = column.get("kind") == "time" and key in ("min", "max")
        return to_iso(value) if is_time and isinstance(value, int) else _exact(value)

    return figure


def _distinct(column: JsonObject) -> str:
    """How many different values: an estimate, and said as one; never more than there are values."""
    if "distinct" not in column:
        return ""
    return f"≈{min(column['distinct'], column['count'] - column['nulls']):,}"


PROFILE: dict[str, Column] = {
    "column": "column",
    "rows": _figure("count"),
    **{key: _figure(key) for key in ("nulls", "min", "max")},
    "distinct": _distinct,
}


@command(data)
@click.argument("dataset")
@click.argument("one", type=int)
@click.argument("other", type=int)
def diff(project: Project, dataset: str, one: int, other: int) -> Answer:
    """What changed between two versions: rows, files, and each column's profile."""
    found = verbs.diff(project, dataset, one, other)
    both: dict[str, Column] = {f"@{one}": lambda c: _exact(c.one), f"@{other}": lambda c: _exact(c.other)}
    between = f"files between them: {', '.join(found.files) or 'none'}"
    columns: dict[str, Column] = {"column": "column", "": "what", **both}
    return Answer(found, [between, Table(columns, found.columns, "the profiles are the same")])


@command(data)
@click.argument("dataset", required=False)
@click.option("--bad", "most", type=click.IntRange(0), default=20, show_default=True, help="Show so many bad rows.")
def check(project: Project, dataset: str | None, most: int) -> Answer:
    """Check the source's files by the contract, and show bad rows; nothing is ingested.

    Exit code 3 when a file cannot be read or would be refused; bad rows that the contract lets pass go to quarantine.
    """
    found, errors = verbs.check(project, dataset, most)
    parts: list[Part] = [Table(CHECKED, found, "the source has no files")]
    parts += [f"{file.file}: {note}" for file in found if not file.taken for note in file.notes]
    rows = [row for file in found for row in file.bad_rows]
    parts += ["", Table(BAD_ROWS, rows)] if rows else []
    bad = sum(file.bad for file in found)
    parts += [f"… and {bad - len(rows):,} more bad rows: --bad N shows N of them"] if bad > len(rows) else []
    return Answer(found, parts, error=next(iter(errors), None))


def _verdict(checked: Checked) -> str:
    """What an ingest does with the file."""
    if not checked.covered:
        return "not read: the source does not name it"
    if checked.taken:
        return "ingested already"
    if checked.blocked:
        return "would be refused" if checked.rows else "cannot be read"
    parts = [f"{checked.bad:,} would go to quarantine"] * bool(checked.bad)
    parts += [f"{checked.known:,} are ingested already"] * bool(checked.known)
    parts += [f"{checked.completed:,} complete rows that are in"] * bool(checked.completed)
    return ", ".join(parts) or "good"


CHECKED: dict[str, Column] = {
    "file": "file",
    "rows": "rows",
    "bad": "bad",
    "verdict": _verdict,
    "because": lambda f: ", ".join(f"{reason} ({n})" for reason, n in f.reasons.items()),
}


def _where(row: JsonObject) -> str:
    return f"{row['file']}:{row['line']}" if row["line"] is not None else f"{row['file']} row {row['row']}"


def _values(row: JsonObject) -> str:
    values = row["values"]
    text = ", ".join(f"{k}={v}" for k, v in values.items()) if isinstance(values, dict) else str(values)
    return text if len(text) <= 200 else text[:199] + "…"


BAD_ROWS: dict[str, Column] = {"where": _where, "because": "reasons", "as it came": _values}


@command(data)
@click.argument("dataset", required=False)
def retry(project: Project, dataset: str | None) -> Answer:
    """Let the next ingest read again the files that could not be read; one that stays as it is is read once."""
    found = verbs.retry(project, local(project), project.dataset(dataset).name)
    return Answer(
        found,
        [*found.files, "the next ingest reads them again: tidemill run"] if found.files else ["no file is left unread"],
    )


@command(data)
@click.argument("dataset", required=False)
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Show so many rows.")
def quarantine(project: Project, dataset: str | None, limit: int) -> Answer:
    """The rows in quarantine, the latest last: where they stood, why they are there, and their values."""
    found = kept.latest(project, dataset, limit)
    shown = found.shown
    more = [f"the last {len(shown):,} of {found.rows:,}: --limit N shows N of them"] if found.rows > len(shown) else []
    return Answer(found, [Table(BAD_ROWS, shown, "nothing in quarantine"), *more])


@command(data, project=False)
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@click.option("--name", help="The dataset's name; the file's by default.")
def infer(file: Path, name: str | None) -> Answer:
    """Write the first draft of a contract from a file's rows, to standard output."""
    contract = verbs.infer(str(file), name)
    return Answer({"contract": contract}, [contract])
