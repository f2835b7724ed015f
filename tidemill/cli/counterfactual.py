"""`tidemill counterfactual`: what would have had to change for another answer."""

from __future__ import annotations

import click

from tidemill.cli.output import Answer, Part, Table, command
from tidemill.ops import predictions
from tidemill.scope.project import Project


@command()
@click.argument("prediction")
@click.option("--want", help="The label that is wanted; of two the other one, where none is said.")
@click.option("--at-least", type=float, help="The value that is wanted, or more.")
@click.option("--at-most", type=float, help="The value that is wanted, or less.")
def counterfactual(
    project: Project, prediction: str, want: str | None, at_least: float | None, at_most: float | None
) -> Answer:
    """What would have had to change for another answer to PREDICTION: the fewest and smallest changes of actionable inputs."""
    found = predictions.counterfactual(project, prediction, want, at_least, at_most)
    parts: list[Part] = [found["sentence"]]
    for place, way in enumerate(found["ways"]):
        head = "" if len(found["ways"]) == 1 else f"\n{place + 1}. {way['answer']['value']}"
        parts += [head, Table({"input": "input", "from": "from", "to": "to"}, way["changes"])]
    parts.append(f"\nthe model was asked {found['asked']:,} times; it answered {found['answer']['value']}")
    return Answer(found, parts)
