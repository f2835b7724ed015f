"""`noria trace` and `noria impact`: back to the rows, and forward from them."""

from __future__ import annotations

from pathlib import Path

import click

from noria.cli.output import emit, facts, json_option, opened, project_option, table


@click.command()
@click.argument("prediction")
@click.option("--top", default=5, show_default=True, type=click.IntRange(1, 1000), help="Rows shown for each item.")
@project_option
@json_option
def trace(folder: Path, prediction: str, top: int, as_json: bool) -> None:
    """From a prediction to the customer's rows known then, the training versions, and the rows that weigh most."""
    from noria.feedback.trace import trace as trace_prediction

    with opened(folder) as project:
        found = trace_prediction(project, prediction)

    def show() -> None:
        facts(found["prediction"])
        click.echo("\nknown of the subject at that time:")
        table(
            ("at", "item", "value", "file", "row"),
            [(r["at"], r["item"], r["value"], (r["file"] or "-")[:19], r["row"]) for r in found["history"][-20:]],
        )
        click.echo("\ntrained by:")
        facts({k: v for k, v in found["training"].items() if k not in ("files", "data")})
        table(
            ("dataset", "rows", "digest"),
            [(d["dataset"], d["rows"], d["digest"][:19]) for d in found["training"]["data"]],
        )
        click.echo("\nwhat weighs most:")
        for reason in found["reasons"]:
            rows = ", ".join(f"{r['item']} {r['at'][:10]} ({r['weight']:+.4f})" for r in reason["rows"][:top])
            click.echo(
                f"  {reason['item']:<12} {reason['score']:.5f}  {rows or 'no row of the subject: what is popular'}"
            )
        click.echo(f"\nrecomputed: {'the same items' if found['verified']['same_items'] else 'NOT the same items'}")

    emit(found, as_json, show)


@click.command()
@click.argument("ref")
@project_option
@json_option
def impact(folder: Path, ref: str, as_json: bool) -> None:
    """What REF touched: file:DIGEST, dataset:sales@3, model:shop@2, release:ID or subject:ID."""
    from noria.feedback.trace import impact as impact_of

    with opened(folder) as project:
        found = impact_of(project, ref)
    emit(
        found,
        as_json,
        lambda: facts({k: ", ".join(map(str, v)) if isinstance(v, list) else v for k, v in found.items()}),
    )
