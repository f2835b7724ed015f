"""Explained recommendations over HTTP: because you bought, kept as it was told and the same when it is computed again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.serve.asking import NOON, alive, make_app, opened
from tests.tasks.ranking.made import shop as made_up
from tidemill.access import tokens as auth
from tidemill.feedback.explained import explained, known_then
from tidemill.scope.project import Project
from tidemill.tasks.port import EXPLAINED
from tidemill.tasks.ranking import learners
from tidemill.tasks.ranking.serving import RECOMMEND, scorer_of
from tidemill.testing.records import online
from tidemill.types import DAY, JsonObject

HALF = 60 * DAY


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Project]:
    with opened(tmp_path / "shop") as project:
        rows = [("i001", 50), ("i004", 20), ("i001", 10), ("a-new", 5)]
        events = [
            online(key=f"e{seq}", subject="7", item=item, at=NOON - days * DAY, value=1.0, file=None)
            for seq, (item, days) in enumerate(rows, 1)
        ]
        project.live.append((), (), events)
        project.live.flush()
        yield project


def heard(project: Project, scorer: Any, body: JsonObject) -> JsonObject:
    async def run() -> JsonObject:
        async with alive(make_app(project, scorer), auth.issue(project.store, "test", ("predict",))) as ask:
            told = await ask("POST", "/predict/shop", body)
            assert told.status == 200, told.body
            return told.json

    return asyncio.run(run())


@pytest.mark.parametrize("method", ["blend", "sessions", "ranker"])
def test_because_you_bought(shop: Project, method: str) -> None:
    scorer = scorer_of(learners.fit(learners.recipe_of(method, HALF), made_up(users=120)), HALF)
    told = heard(shop, scorer, {"subject": "7", "k": 25, "recent": ["i004"], "explain": True})
    said = told["explained"]
    assert said["method"] == ("tree_shap" if method == "ranker" else "exact") and said["unit"] == "score"
    assert [one["answer"] for one in said["answers"]] == told["items"][:EXPLAINED]
    for one, score in zip(said["answers"], told["scores"]):
        total = one["base"] + sum(part["value"] for part in one["because"]) + one.get("rest", 0.0)
        assert one["score"] == score and abs(total - score) <= 1e-9 and one["sentence"].startswith("You see")
    because = [part for one in said["answers"] for part in one["because"] if part["kind"] == "history"]
    assert {part["what"] for part in because} <= {"i001", "i004", "a-new"} and all(part["at"] for part in because)
    assert any("just now" in one["sentence"] for one in said["answers"]), "what the request named"
    kept = shop.live.predictions.get(told["prediction_id"])
    again = explained(shop, kept, known_then(shop, kept), (RECOMMEND, scorer))
    assert again["kept"] and again["verified"] == {"same": True, "largest_difference": 0.0}


def test_a_stranger_is_told_that_it_is_popular(shop: Project) -> None:
    scorer = scorer_of(learners.fit(learners.recipe_of("blend", HALF), made_up(users=120)), HALF)
    told = heard(shop, scorer, {"subject": "nobody", "k": 2, "explain": True})
    assert told["cold"] and [one["sentence"] for one in told["explained"]["answers"]] == [
        f"You see “{item}” because it is popular." for item in told["items"]
    ]
