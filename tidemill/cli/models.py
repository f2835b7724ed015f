"""`tidemill models ls | show | compare`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import click

from tidemill.cli.output import Answer, Column, Part, Table, command, interval, listed, paged
from tidemill.cli.release import gate_table
from tidemill.ops import models as verbs
from tidemill.ops.page import Page
from tidemill.ops.text import text
from tidemill.scope.project import Project
from tidemill.store.records import ModelVersion
from tidemill.tasks.table import metric_of


@click.group()
def models() -> None:
    """Model versions."""


@command(models)
@paged(100)
def ls(project: Project, limit: int, before: str | None) -> Answer:
    """The leaderboard: the latest versions with their metrics and intervals, best first."""
    metrics = {name: metric_of(model) for name, model in project.models.items()}
    page = verbs.ls(project, limit, before)

    def reached(model: ModelVersion) -> Any:
        return model.metrics.get(metrics.get(model.name, ""))

    def mean(model: ModelVersion) -> float:
        value = reached(model)
        return float(value[0]) if isinstance(value, list | tuple) and value else float("-inf")

    named = {name: verbs.aliases(project, name) for name in {model.name for model in page.items}}
    columns: dict[str, Column] = {
        "model": "ref",
        "alias": lambda model: named[model.name].get(model.version),
        "kind": "kind",
        "method": lambda model: model.recipe.get("method"),
        ", ".join(dict.fromkeys(metrics.values())): lambda model: interval(reached(model)),
        "trained through": "trained_through",
        "author": "author",
    }
    return listed(Page(sorted(page.items, key=mean, reverse=True), page.next), columns)


@command(models)
@click.argument("model")
def show(project: Project, model: str) -> Answer:
    """One version: recipe, metrics, data, what the gates said last, card."""
    shown = verbs.show(project, model)
    found, last = shown.model, shown.release
    card = verbs.card_text(project, found)
    facts = {
        "model": found.ref,
        "kind": found.kind,
        "bundle": found.bundle,
        "recipe": found.recipe,
        "data": found.data,
        "release": f"{last.id}, {last.status}" if last else "never tried",
    }
    gates: list[Part] = ["", gate_table(shown.verdicts)] if shown.verdicts else []
    value = {"model": found, "card": card, "release": last, "verdicts": shown.verdicts}
    return Answer(value, [facts, *gates, f"\n{card}"])


@command(models)
@click.argument("one")
@click.argument("other")
def compare(project: Project, one: str, other: str) -> Answer:
    """Two versions side by side."""
    found = verbs.compare(project, one, other)
    measured = {name: pair for name, pair in found["metrics"].items() if _measured(pair)}
    rows = [_row(name.replace("_", " "), found[name], partial(text, name=name)) for name in DESCRIBED]
    rows += [_row(name, pair, lambda value: interval(value) or text(value)) for name, pair in found["recipe"].items()]
    rows += [_row(name, pair, interval) for name, pair in measured.items()]
    return Answer(found, [Table(dict(zip(("", *found["models"]), ("name", "one", "other"))), rows)])


DESCRIBED = ("kind", "trained_through", "data")


def _row(name: str, pair: list[Any], show: Callable[[Any], str]) -> dict[str, str]:
    return {"name": name, "one": show(pair[0]), "other": show(pair[1])}


def _measured(pair: list[object]) -> bool:
    """Whether both are metrics with intervals, or plain numbers; the tables within metrics are for --json."""
    return all(value is None or isinstance(value, int | float | list) for value in pair)
