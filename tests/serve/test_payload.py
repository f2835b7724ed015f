"""The stored payload of an answer is an open object: what a later version says more of an answer leaves old rows readable."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from tests.serve.asking import Asker
from tidemill.learning.labelled import answer_of
from tidemill.tasks.table import task_of


class Items(msgspec.Struct, forbid_unknown_fields=True):
    """A list of items as it is stored today."""

    items: list[str]
    scores: list[float]


class Grown(Items, forbid_unknown_fields=False):
    """The same in a later version: with the request's context, how likely each item was shown, and why."""

    context: dict[str, str] = {}
    exposure: list[float] | None = None
    reasons: list[str] = []


def test_a_row_of_today_is_read_by_a_type_that_has_grown(run: Any, project: Any) -> None:
    async def work(ask: Asker) -> Any:
        return await ask("POST", "/predict/shop", {"subject": "7"})

    said = run(work).json
    stored = project.live.predictions.get(said["prediction_id"]).output
    today = msgspec.json.decode(stored, type=Items)
    assert today.items == said["items"] and today.scores == said["scores"]
    later = msgspec.json.decode(stored, type=Grown)
    assert (later.items, later.context, later.exposure, later.reasons) == (today.items, {}, None, [])


def test_a_row_that_has_grown_is_read_beside_those_of_today(run: Any, project: Any) -> None:
    """Kept by the store as it is, and judged and told by readers that know nothing of the new fields."""

    async def work(ask: Asker) -> Any:
        return await ask("POST", "/predict/shop", {"subject": "7", "key": "k"})

    old = project.live.predictions.get(run(work).json["prediction_id"])
    grown = Grown(["popular"], [0.0], {"device": "phone"}, [0.5], ["often bought"])
    new = replace(old, id="pred_grown", key=None, output=msgspec.json.encode(grown))
    project.live.append([new], [], [])
    project.live.flush()
    kept = project.live.predictions.get("pred_grown")
    assert msgspec.json.decode(kept.output, type=Grown) == grown
    assert answer_of(kept)["items"] == answer_of(old)["items"]
    scorer = task_of("recommend").outcome_scorer("", None)
    assert scorer.judge(kept, []).told == scorer.judge(old, []).told
