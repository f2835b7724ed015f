"""`tidemill experiment plan | start | ls | show | stop`, and what the loop is worth by its holdout."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from tidemill.access.callers import local
from tidemill.cli.output import Answer, Column, Listing, Part, command, endpoint_option, fields, listed, paged
from tidemill.cli.release import follow
from tidemill.experiment.verdict import WORDS
from tidemill.ops import experiments as ops
from tidemill.ops.text import minute
from tidemill.scope.project import Project
from tidemill.store.records import Experiment

EXPERIMENTS: dict[str, Column] = {
    "experiment": "id",
    "a": lambda e: e.models[0],
    "b": lambda e: e.models[1],
    **fields("status"),
    "verdict": lambda e: WORDS[e.settled or e.verdict] if e.verdict else "",
    "share": lambda e: f"{e.share:.0%}",
    **fields("started", "ended"),
}
_terms = (
    click.option("--share", default="100 %", show_default=True, help="Of all subjects, both arms together."),
    click.option("--effect", default="", help="What it shall find, a share; nothing said: [goal] least_useful."),
    click.option("--metric", default="", help="By what they are compared; nothing said: what is watched."),
    click.option("--for", "span", default="", help="How long it may take; nothing said: twice what the plan says."),
    endpoint_option,
)


def _with_terms(function: Any) -> Any:
    for option in reversed(_terms):
        function = option(function)
    return function


@click.group(cls=Listing)
def experiment() -> None:
    """A/B tests: one at a time, looked at whenever one likes. And what the loop is worth, by its holdout."""


@command(experiment)
@_with_terms
def plan(project: Project, **terms: Any) -> Answer:
    """How long an A/B would take at your traffic."""
    found = ops.plan(project, **terms)
    seen: list[Part] = [ops.said(found)]
    if found.visible is not None:
        seen.append(f"in {terms['span']} it finds an effect of {found.visible * 100:.1f} %")
    return Answer(asdict(found) | {"said": ops.said(found)}, seen)


@command(experiment)
@click.argument("model_a")
@click.argument("model_b")
@_with_terms
@click.option(
    "--then",
    type=click.Choice(["tell", "release"]),
    default="tell",
    show_default=True,
    help="What to do where B is better.",
)
@click.option("--anyway", is_flag=True, help="Begin it though the plan says that it is not decided in its time.")
def start(project: Project, model_a: str, model_b: str, **terms: Any) -> Answer:
    """Begin an A/B: MODEL_B beside MODEL_A (champion, latest, 3, model:shop@3), a half of the share each."""
    found = ops.start(project, local(project), model_a, model_b, **terms)
    follow(project)
    return _shown(found)


@command(experiment)
@paged(20)
@endpoint_option
def ls(project: Project, endpoint: str | None, limit: int, before: str | None) -> Answer:
    """A/B tests, newest last; and what the loop was worth by the holdout."""
    found = listed(ops.ls(project, limit, before, endpoint), EXPERIMENTS, newest_last=True, empty="no A/B yet")
    worth = ops.worth(project, endpoint)
    value = {"experiments": found.value, "worth": worth}
    return Answer(value, [*found.parts, *(f"\n{ops.said_of_worth(one)}" for one in worth)])


@command(experiment)
@click.argument("experiment")
def show(project: Project, experiment: str) -> Answer:
    """One A/B, and how it stands."""
    return _shown(ops.show(project, experiment))


@command(experiment)
@click.argument("experiment", required=False)
@click.option("--reason", default="by hand", show_default=True)
@endpoint_option
def stop(project: Project, experiment: str | None, reason: str, endpoint: str | None) -> Answer:
    """End the A/B that runs; the champion answers its subjects again."""
    found = ops.stop(project, local(project), experiment or ops.the_one(project, endpoint).id, reason)
    follow(project)
    return _shown(found)


def _shown(found: ops.Shown) -> Answer:
    one: Experiment = found.experiment
    facts: dict[str, Any] = {
        "experiment": one.id,
        "a": one.models[0],
        "b": one.models[1],
        "share": f"{one.share:.0%} of the subjects, a half each",
        "metric": one.metric,
        "margin": f"{one.margin:.1%}",
        "started": minute(one.started),
        "until": minute(one.until),
        "stands": found.said,
        "figures": found.sentence,
    }
    if found.standing["requests"]:
        facts |= {f"arm {name}": _arm(found, n, name) for n, name in enumerate("ab")}
    if one.reason:
        facts["reason"] = one.reason
    if found.next:
        facts["next"] = found.next
    return Answer(asdict(found), [facts])


def _arm(found: ops.Shown, n: int, name: str) -> str:
    """What one arm had to do, and did."""
    requests, itself = found.standing["requests"][name], found.standing["itself"][name]
    took = found.standing["latency_us"][name]
    own = f", {itself:.1%} answered itself" if itself is not None else ""
    return f"{requests:,} requests{own}, {found.failed[n]:,} failed" + (
        f", {took / 1000:.1f} ms" if took is not None else ""
    )
