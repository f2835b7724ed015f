"""`tidemill models ls | show | compare`."""

from __future__ import annotations

from pathlib import Path

import click

from tidemill.cli.output import emit, facts, interval, json_option, more, opened, paged, project_option, said, table
from tidemill.tasks.table import metric_of
from tidemill.types import to_iso


@click.group()
def models() -> None:
    """Model versions."""


@models.command("ls")
@paged(100)
@project_option
@json_option
def ls(folder: Path, limit: int, before: str | None, as_json: bool) -> None:
    """The leaderboard: the latest versions with their metrics and intervals, best first."""
    from tidemill.ops import models as verbs

    with opened(folder) as project:
        metrics = {name: metric_of(model) for name, model in project.models.items()}
        page = verbs.ls(project, limit, before)
        found = sorted(page.items, key=lambda m: _mean(m.metrics.get(metrics.get(m.name, ""))), reverse=True)
        aliases = {
            name: {version: alias for alias, version in project.store.models.aliases(name).items()}
            for name in {m.name for m in found}
        }
    metric = ", ".join(dict.fromkeys(metrics.values()))
    rows = [
        (
            m.ref,
            aliases[m.name].get(m.version),
            m.kind,
            m.recipe.get("method"),
            interval(m.metrics.get(metrics.get(m.name, ""))),
            to_iso(m.trained_through),
            m.author,
        )
        for m in found
    ]

    def show() -> None:
        table(("model", "alias", "kind", "method", metric, "trained through", "author"), rows)
        more(page)

    emit(found, as_json, show)


@models.command()
@click.argument("model")
@project_option
@json_option
def show(folder: Path, model: str, as_json: bool) -> None:
    """One version: recipe, metrics, data, what the gates said last, card."""
    from tidemill.cli.release import gate_table
    from tidemill.ops import models as verbs

    with opened(folder) as project:
        shown = verbs.show(project, model)
        found, last, verdicts = shown.model, shown.release, shown.verdicts
        card = project.artifacts.get(found.card).decode() if found.card else ""

    def show_model() -> None:
        facts(
            {
                "model": found.ref,
                "kind": found.kind,
                "bundle": found.bundle,
                "recipe": found.recipe,
                "data": ", ".join(found.data),
                "release": f"{last.id}, {last.status}" if last else "never tried",
            }
        )
        if verdicts:
            click.echo()
            gate_table(verdicts)
        click.echo(f"\n{card}")

    emit({"model": found, "card": card, "release": last, "verdicts": verdicts}, as_json, show_model)


@click.command()
@click.argument("one")
@click.argument("other")
@project_option
@json_option
def compare(folder: Path, one: str, other: str, as_json: bool) -> None:
    """Two versions side by side."""
    from tidemill.ops import models as verbs

    with opened(folder) as project:
        found = verbs.compare(project, one, other)
    rows: list[tuple[str, ...]] = [
        ("kind", *found["kind"]),
        ("trained through", *(to_iso(at) for at in found["trained_through"])),
        ("data", *(", ".join(refs) for refs in found["data"])),
    ]
    rows += [(name, *(_cell(value) for value in pair)) for name, pair in found["recipe"].items()]
    rows += [(name, *(_cell(value) for value in pair)) for name, pair in found["metrics"].items() if _measured(pair)]
    emit(found, as_json, lambda: table(("", *found["models"]), rows))


models.add_command(compare)


def _mean(value: object) -> float:
    return float(value[0]) if isinstance(value, list | tuple) and value else float("-inf")


def _measured(pair: list[object]) -> bool:
    """Whether both are metrics with intervals, or plain numbers; the tables within metrics are for --json."""
    return all(value is None or isinstance(value, int | float | list) for value in pair)


def _cell(value: object) -> str:
    return interval(value) or ("" if value is None else said(value))
