"""`tidemill trace` and `tidemill impact`: back to the rows, and forward from them."""

from __future__ import annotations

from pathlib import Path

import click

from tidemill.cli.output import emit, facts, json_option, opened, project_option, table
from tidemill.types import JsonObject

LAST = 20
"""Rows of the history that are shown without ``--json``."""


@click.command()
@click.argument("prediction")
@click.option("--top", default=5, show_default=True, type=click.IntRange(1, 1000), help="Rows shown for each item.")
@project_option
@json_option
def trace(folder: Path, prediction: str, top: int, as_json: bool) -> None:
    """From a prediction to the customer's rows known then, the training versions, and the rows that weigh most."""
    from tidemill.ops import predictions

    with opened(folder) as project:
        found = predictions.trace(project, prediction)

    def show() -> None:
        facts(found["prediction"])
        _history(found["history"])
        click.echo("\ntrained by:")
        facts({k: v for k, v in found["training"].items() if k not in ("files", "data")})
        table(
            ("dataset", "rows", "digest"),
            [(d["dataset"], d["rows"], d["digest"][:19]) for d in found["training"]["data"]],
        )
        click.echo("\nwhat weighs most, by how much the score falls without the row:")
        for reason in found["reasons"]:
            _reason(reason, top)
        click.echo(f"\nrecomputed: {'the same items' if found['verified']['same_items'] else 'NOT the same items'}")

    emit(found, as_json, show)


def _history(rows: list[JsonObject]) -> None:
    left_out = f", the last {LAST} of {len(rows)} rows (--json has all of them)" if len(rows) > LAST else ""
    click.echo(f"\nknown of the subject at that time{left_out}:")
    shown = [(r["at"], r["item"], r["value"], _file(r), r["row"]) for r in rows[-LAST:]]
    table(("at", "item", "value", "file", "row"), shown, empty="  nothing: the answer is what is popular")


def _reason(reason: JsonObject, top: int) -> None:
    """An item and the rows that weigh on it, each with the place it stands in."""
    rows = reason["rows"]
    left_out = f", the first {top} of {len(rows)} rows (--top shows more)" if len(rows) > top else ""
    none = "" if rows else ": no row of the subject, it is what is popular"
    click.echo(f"  {reason['item']:<12} {reason['score']:.5f}{left_out}{none}")
    for r in rows[:top]:
        place = f"{_file(r)} row {r['row']}" if r["file"] else _file(r)
        click.echo(f"    {r['weight']:+.3g}  {r['item']:<12} {r['at'][:10]}  {place}")


def _file(row: JsonObject) -> str:
    """Where a row stands: the path of its file; one that is not named any more by its digest."""
    return str(row["path"] or (row["file"] or "")[:19] or "live, not in a file yet")


@click.command()
@click.argument("ref")
@project_option
@json_option
def impact(folder: Path, ref: str, as_json: bool) -> None:
    """What REF touched: file:PATH (or its digest, or the beginning of that), dataset:sales@3, model:shop@2, release:ID or subject:ID."""
    from tidemill.feedback.trace import KINDS
    from tidemill.ops import predictions

    kind, colon, name = ref.partition(":")
    if kind not in KINDS or not name:
        near = f"{', '.join(KINDS)} are the kinds" if colon else f"write it as kind:name, as file:{ref}"
        raise click.UsageError(f"{ref!r} is not a reference: {near}")
    with opened(folder) as project:
        found = predictions.impact(project, ref)
    emit(found, as_json, lambda: facts(found))
