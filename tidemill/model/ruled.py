"""What the rules of today would have made of the test: the same model, asked the same, with and without them. For the card alone.

Gates and promises go by the model's own list ([why](docs/decisions/0068-business-rules.md)). What is known of items now is not what was
known at the moments of the test, and no request says where it was asked: so this is what the rules take or bring now, no more.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec

from tidemill.engine import Context, step
from tidemill.errors import TidemillError
from tidemill.features.items import ItemTable, item_table
from tidemill.features.online import History
from tidemill.learning.evaluate import summary
from tidemill.learning.rows import evenly
from tidemill.learning.split import Cut
from tidemill.model.apart import opened
from tidemill.rules.kept import rules_of
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.table import load, task_of
from tidemill.types import JsonObject, to_iso

if TYPE_CHECKING:
    import polars as pl

    from tidemill.learning.trainer import Happened, Trainer
    from tidemill.scope.project import Endpoint, Project

MOST = 500
"""Requests of the test that are asked, evenly over it."""
SECONDS = 20.0
"""So long a model is asked: a slow one is asked less."""


@step(impure="reads the rules, and what is known of items, as they are now")
def under_rules(
    rows: pl.DataFrame, name: str, cut: JsonObject, settings: JsonObject, evaluation_bundle: Bundle, ctx: Context
) -> list[JsonObject]:
    """By endpoint that serves it by rules: the metric with them and without, or why it is not known."""
    project: Project = ctx.resource("project")
    trainer, where = opened(rows, settings), Cut.read(cut)
    ruled = [scope for scope in project.endpoints.values() if scope.model.name == name and scope.list_rules]
    return [_of(scope, trainer, where, evaluation_bundle, ctx.seed) for scope in ruled]


def _of(scope: Endpoint, trainer: Trainer, where: Cut, bundle: Bundle, seed: int) -> JsonObject:
    found: JsonObject = {"endpoint": scope.name, "at": scope.clock.now()}
    try:
        happened = [*trainer.happened(where.test_start, where.end)]
        asked = [happened[place] for place in evenly(len(happened), MOST)]
        plain, ruled, short = _answers(scope, bundle, asked)
        both = [trainer.judge(lists, where.test_start, where.end) for lists in (ruled, plain)]
        metric = trainer.settings.metric
        with_rules, without = (summary(report.scored, seed)[metric] for report in both)
        return found | {"metric": metric, "with": with_rules, "without": without, "n": len(ruled), "short": short}
    except TidemillError as exc:
        return found | {"error": str(exc)}


def _answers(
    scope: Endpoint, bundle: Bundle, asked: list[Happened]
) -> tuple[dict[str, list[str]], dict[str, list[str]], int]:
    """By request the model's list, and what the rules make of it; of how many they leave fewer than were asked for."""
    rules, live, task, scorer = rules_of(scope), scope.live, task_of(scope.model.task), load(bundle)
    assert rules is not None and task.ranked is not None, "the endpoint has rules"
    items: ItemTable = item_table(scope.project)
    history, plain, ruled, short = History(), dict[str, list[str]](), dict[str, list[str]](), 0
    rows = live.online.rows_of(str(one.body["subject"]) for one in asked)
    history.load(row for row in rows if row[5] == scope.model.dataset.name)
    until = time.monotonic() + SECONDS
    for one in asked:
        if plain and time.monotonic() > until:
            break
        request: Any = msgspec.convert(one.body, task.request)
        position = items.position
        said = task.answer(scorer, request, history, one.at, position)
        offered = task.ranked(scorer, request, history, one.at, position)
        kept = rules.answer(offered, history, request.subject, one.at, position, items, one.key)
        plain[one.key], ruled[one.key] = said.output["items"], kept.output["items"]
        short += bool(kept.output["reasons"].get("short"))
    return plain, ruled, short


def told(found: list[JsonObject]) -> str:
    """For the card, a sentence an endpoint.

    >>> one = {"endpoint": "home", "at": 0, "metric": "ndcg@10", "with": [0.2, 0.18, 0.22], "without": [0.3, 0.28, 0.32], "n": 500}
    >>> told([{**one, "short": 3}, {"endpoint": "mail", "at": 0, "error": "no request in the window"}]).splitlines()[1]
    'Under the rules of mail as they are now: not known, no request in the window.'
    """
    return "\n".join(map(_sentence, found))


def _sentence(one: JsonObject) -> str:
    said = f"Under the rules of {one['endpoint']} as they are now"
    if "error" in one:
        return f"{said}: not known, {one['error']}."
    figure, low, high = (f"{value:.3f}" for value in one["with"])
    short = f"; {one['short']:,} lists had fewer items than were asked for" if one["short"] else ""
    asked = f"on {one['n']:,} requests of the test, asked without a context, with what is known of items on {to_iso(one['at'])[:10]}"
    return f"{said}: {one['metric']} {figure} ({low} to {high}) beside {one['without'][0]:.3f} without them, {asked}{short}. No gate reads it."
