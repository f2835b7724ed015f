"""`tidemill models ls | show | card | bom | provenance | compare | features | represents`."""

from __future__ import annotations

import json
from typing import Any, get_args

import click

from tidemill.access.callers import local
from tidemill.backtest.course import Aged
from tidemill.backtest.course import interval as gained
from tidemill.cli.comment import under
from tidemill.cli.output import Answer, Column, Part, Table, command, listed, paged, wants_json
from tidemill.cli.release import gate_table
from tidemill.cli.run import steps_shown
from tidemill.evaluation.robustness.falls import share_of
from tidemill.evaluation.slices import slices
from tidemill.learning.measures import measure
from tidemill.ops import comparisons, evidence
from tidemill.ops import features as feature_verbs
from tidemill.ops import models as verbs
from tidemill.ops import represents as represent_verbs
from tidemill.ops.backtests import Backtest
from tidemill.ops.comparisons import Comparison
from tidemill.ops.page import Page
from tidemill.ops.searched import Curve, Searched, brief
from tidemill.ops.text import interval, label, text
from tidemill.scope.project import Project
from tidemill.types import JsonObject, to_iso

TRIED = 10
"""Recipes of a search that a terminal is shown; ``--json`` and the page have all."""


@click.group()
def models() -> None:
    """Model versions."""


@command(models)
@paged(100)
def ls(project: Project, limit: int, before: str | None) -> Answer:
    """The leaderboard: the latest versions with their metrics and intervals, best first."""
    page = verbs.ls(project, limit, before)
    standings = {one.model.ref: one for one in verbs.leaderboard(project, page.items)}
    metrics = dict.fromkeys(one.metric for one in standings.values() if one.metric)
    columns: dict[str, Column] = {
        "model": "ref",
        "alias": lambda model: standings[model.ref].aliases,
        "kind": "kind",
        "method": lambda model: standings[model.ref].method,
        ", ".join(metrics) or "metric": lambda model: _figure(model.metrics.get(standings[model.ref].metric)),
        "trained through": "trained_through",
        "author": "author",
    }
    return listed(Page([one.model for one in standings.values()], page.next), columns)


@command(models)
@click.argument("model")
def show(project: Project, model: str) -> Answer:
    """One version: recipe, metrics, data, what the gates said last, how good it is; `models card` has all that was looked at."""
    shown = verbs.show(project, model)
    found, last = shown.model, shown.release
    card = evidence.card_text(project, found)
    facts = {
        "model": found.ref,
        "kind": found.kind,
        "bundle": found.bundle,
        "recipe": brief(found.recipe),
        "data": found.data,
        "release": f"{last.id}, {last.status}" if last else "never tried",
        "built again": f"{shown.rebuild.verdict}, {to_iso(shown.rebuild.created)}" if shown.rebuild else "never",
    }
    gates: list[Part] = ["", gate_table(shown.verdicts)] if shown.verdicts else []
    value = {"model": found, "card": card, "release": last, "verdicts": shown.verdicts}
    value |= {"search": shown.search, "curve": shown.curve, "examined": shown.examined, "rebuild": shown.rebuild}
    value |= {"features": shown.features, "represents": shown.represents, "staleness": _aged(shown.walk)}
    return Answer(
        value,
        [
            facts,
            *gates,
            *_search(shown.search),
            *_curve(shown.curve),
            *_slices(shown.examined),
            *_asked_last(shown),
            *_first(card, found.ref),
            *under(project, found.ref),
        ],
    )


def _first(card: str, ref: str) -> list[Part]:
    """The card up to its second heading: what it is, and how good."""
    if not card:
        return []
    head, *parts = card.split("\n## ")
    rest = [f"\n{len(parts) - 1} more sections: tidemill models card {ref}"]
    return [f"\n{head}", *(f"\n## {one}" for one in parts[:1]), *(rest if len(parts) > 1 else [])]


def _aged(walk: Backtest | None) -> list[Aged]:
    return walk.report.staleness if walk and walk.report else []


def _asked_last(shown: verbs.ModelShown) -> list[Part]:
    """What was found when it was asked last: whether its rows represent what is asked, which features may go, what age costs."""
    told: list[Part] = []
    if shown.represents:
        told += ["", *shown.represents.said]
    if shown.features:
        told += ["", *(f"{one.name}: {one.said}" for one in shown.features.report.features[:TRIED])]
    if (aged := _aged(shown.walk)) and shown.walk:
        told += ["", *(f"{one.age} × {shown.walk.every} old: {gained(one.gain)}" for one in aged)]
    return told


def _search(found: Searched | None) -> list[Part]:
    """What was tried, the best first."""
    if found is None:
        return []
    columns: dict[str, Column] = {
        "recipe": lambda one: f"{one.method} {'*' if one.chosen else ''}".strip(),
        found.metric: lambda one: _figure(list(one.reached)) if one.reached else "",
        "settings": lambda one: text(one.settings) if one.settings else "",
        "why": "why",
    }
    return ["", f"{found.said} (*)", Table(columns, found.tried[:TRIED])]


def _slices(examined: JsonObject) -> list[Part]:
    """For whom it errs: the worst slice found, and those that are shown."""
    found = slices.read(examined.get("slices", {}))
    if found is None:
        return []
    columns: dict[str, Column] = {
        "slice": "name",
        "requests": lambda one: f"{one.n:,}",
        found.metric: lambda one: _figure(list(one.reached[slices.CANDIDATE] or ())),
        "beside all": lambda one: slices.worse(one.gap, "") if one.gap else "insufficient data",
    }
    return ["", found.said[0], Table(columns, found.slices)]


def _curve(found: Curve | None) -> list[Part]:
    if found is None:
        return []
    columns: dict[str, Column] = {
        "rows learned from": lambda one: f"{one.rows:,}",
        found.metric: lambda one: _figure(list(one.reached)),
    }
    return ["", Table(columns, found.points), found.said]


@command(models)
@click.argument("model")
@click.option(
    "--format",
    type=click.Choice(get_args(evidence.Format)),
    default="md",
    show_default=True,
    help="What it is written in.",
)
def card(project: Project, model: str, format: evidence.Format) -> Answer:
    """The model card: Markdown with the hub's metadata, JSON, or a page to be printed."""
    found = evidence.card(project, model, format)
    return Answer(found, [found.card.rstrip()])


@command(models)
@click.argument("model")
def bom(project: Project, model: str) -> Answer:
    """The bill of materials: CycloneDX 1.7 for machine learning."""
    found = evidence.bom(project, model)
    return Answer(found, [json.dumps(found, indent=2, ensure_ascii=False)])


@command(models)
@click.argument("model")
def provenance(project: Project, model: str) -> Answer:
    """Where it comes from, as it was signed with its release: in-toto with SLSA's predicate; --json has the envelope, too."""
    found = evidence.provenance(project, model)
    return Answer(found, [_signed(found), json.dumps(found.statement, indent=2, ensure_ascii=False)])


def _signed(found: evidence.Provenance) -> str:
    return "signed by the key that is trusted here" if found.signed else "not signed: no release of it was tried"


@command(models)
@click.argument("one")
@click.argument("other")
@click.option("--explain", is_flag=True, help="Measure what each kind of difference adds: at most four rebuilds.")
def compare(project: Project, one: str, other: str, explain: bool) -> Answer:
    """Two versions side by side; with --explain which difference explains their metrics."""
    if explain:
        with steps_shown(wants_json()) as on_event:
            return _explained(comparisons.explain(project, local(project), one, other, on_event))
    found = verbs.compare(project, one, other)
    pairs = {name: found[name] for name in ("kind", "trained_through", "data")} | found["recipe"] | found["metrics"]
    rows = [
        {"name": label(name), "one": _figure(one, name), "other": _figure(other, name)}
        for name, (one, other) in pairs.items()
        if not isinstance(one or other, dict)  # tables within metrics are for --json
    ]
    columns = dict(zip(("", *found["models"]), ("name", "one", "other")))
    return Answer(found, [Table(columns, rows), "", _differences(found["differences"])])


def _explained(found: Comparison) -> Answer:
    return Answer(found, [{"comparison": found.run}, "", _differences(found.report.differences), "", *found.said])


def _differences(found: list[JsonObject]) -> Table:
    """What the records say that the versions were made from otherwise."""
    columns: dict[str, Column] = {
        "made from": "kind",
        "what": "what",
        "one": lambda one: _short(one["one"]),
        "other": lambda one: _short(one["other"]),
    }
    return Table(columns, found, "no record says that they were made from anything else")


def _short(value: Any) -> str:
    return "" if value is None else text(value)[:60]


@command(models)
@click.argument("model")
@click.option(
    "--budget", default=feature_verbs.BUDGET, show_default=True, help="CPU time of all refits, as far as it is known."
)
def features(project: Project, model: str, budget: str) -> Answer:
    """What each feature of MODEL is worth and costs: its recipe fitted without it. Killed, the same command goes on."""
    with steps_shown(wants_json()) as on_event:
        found = feature_verbs.make(project, local(project), model, budget, on_event)
    report = found.report
    columns: dict[str, Column] = {
        "left out": "name",
        f"{report.metric} worse by": lambda one: share_of(one.fall, one.low, one.high),
        "what to do": "said",
        "read µs": lambda one: f"{one.read_us:.1f}",
        "request bytes": lambda one: f"{one.request_bytes:.0f}",
        "answer µs": lambda one: f"{one.cost.whole_us:.0f} → {one.cost.answer_us:.0f}" if one.cost.answer_us else "",
        "bundle bytes": lambda one: f"{one.cost.bundle_bytes:+,}" if one.cost.answer_us else "",
    }
    reached = f"{report.metric} {measure(report.metric).text(report.figure)}"
    head = f"{found.model}: {reached} on {report.rows:,} rows of the test, {report.units:,} {report.unit}"
    return Answer(found, [head, Table(columns, report.features)])


@command(models)
@click.argument("model")
@click.option("--since", default=represent_verbs.SINCE, show_default=True, help="The requests of so long.")
@click.option("--endpoint", help="Whose requests, where several endpoints serve the model.")
def represents(project: Project, model: str, since: str, endpoint: str | None) -> Answer:
    """Whether the rows that MODEL learned from represent what it is asked."""
    with steps_shown(wants_json()) as on_event:
        found = represent_verbs.make(project, local(project), model, since, endpoint, on_event)
    columns: dict[str, Column] = {
        "column": "name",
        "apart": lambda one: f"{one.apart:.2f}",
        "requests outside": lambda one: f"{one.outside:.1%}",
    }
    return Answer(found, [*found.said, "", Table(columns, found.report.columns)])


def _figure(value: Any, name: str = "") -> str:
    """``.3100 (.3010 to .3190)`` of a metric, and anything else as people read it."""
    if isinstance(value, list) and (found := interval(value)):
        return "{:.4f} ({:.4f} to {:.4f})".format(*found)
    return "" if value is None else text(value, name)
